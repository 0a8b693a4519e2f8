import { createSocket } from "node:dgram";
import { AddressError } from "@p2pd/address";
import type { UdpSocket } from "@p2pd/net";
import { ManualClock, SeededRandom } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import * as codec from "../../src/codec.js";
import * as root from "../../src/index.js";
import { StunError } from "../../src/index.js";
import * as server from "../../src/server.js";
import * as transport from "../../src/transport.js";

/** 100,000 calls with P2PD_LONG=1; by default a twentieth of them. */
const CALLS = process.env["P2PD_LONG"] === "1" ? 100_000 : 5_000;

/** Strange values, of which no combination may reach the network. */
const VALUES: readonly unknown[] = [
	undefined,
	null,
	true,
	Number.NaN,
	Number.POSITIVE_INFINITY,
	-1,
	0,
	0.5,
	3,
	2 ** 40,
	5n,
	"",
	"x",
	"127.0.0.1",
	"::1",
	"stun:",
	"a b",
	"__proto__",
	"\u001b]0;x\u0007",
	Symbol("s"),
	() => undefined,
	[],
	[null],
	["a b"],
	[{ ip: "1.2.3.4", port: "5" }],
	{},
	{ ip: null, port: 1 },
	{ ip: "1.2.3.4", port: 70_000 },
	{ host: 5, port: 1 },
	{ aborted: false },
	new Date(0),
	new Map(),
	Buffer.alloc(0),
	Buffer.alloc(12, 1),
	new Uint8Array(16),
	/x/,
	Object.create(null),
	JSON.parse('{"__proto__": 1, "constructor": 2}'),
];

const NAMES = [
	..."server servers sockets transport mode credentials tls attached connected localPort reuse fingerprint".split(
		" ",
	),
	..."timeout maxRedirects minAgree maxServers signal clock random resolver memory af need via".split(" "),
	..."primary alternate software rfc3489 responsePort padding rate burst tcp maxConnections idleTimeout".split(
		" ",
	),
	..."to expectFrom method changeIp attributes understands classic integrity schedule giveUpAfter rtt accept".split(
		" ",
	),
	..."class transactionId name value type host port ip features username password now timeOut unknown".split(
		" ",
	),
];

const isFunction = (value: unknown): value is (...args: unknown[]) => unknown => typeof value === "function";
const isClass = (name: string): boolean => /^[A-Z][a-z]/.test(name);

describe("every public entry point, called with anything", () => {
	it(`gives a typed error or a result in ${CALLS} calls, sends nothing and leaves nothing open`, async () => {
		const random = new SeededRandom("arguments");
		let sent = 0;
		// Whatever is right enough to reach the sockets is counted here, and goes no further.
		const socket = {
			address: () => ({ address: "0.0.0.0", port: 1 }),
			send: () => void sent++,
			close: (callback?: () => void) => callback?.(),
			on: () => undefined,
			off: () => undefined,
		} as unknown as UdpSocket;
		const sockets = { af: 4, udp: async () => socket };
		const value = (depth: number): unknown => {
			const chance = random.float();
			if (depth > 0 && chance < 0.45) {
				const count = Math.floor(random.float() * 5);
				return Object.fromEntries(
					Array.from({ length: count }, () => [
						NAMES[Math.floor(random.float() * NAMES.length)] ?? "x",
						value(depth - 1),
					]),
				);
			}
			if (depth > 0 && chance < 0.5)
				return { sockets, [random.float() < 0.5 ? "timeout" : "clock"]: value(0) };
			return VALUES[Math.floor(random.float() * VALUES.length)];
		};
		const entries = [root, codec, server, transport].flatMap((module) =>
			Object.entries(module).filter((entry): entry is [string, (...args: unknown[]) => unknown] =>
				isFunction(entry[1]),
			),
		);
		const untyped = new Map<string, string>();
		/** Errors of ours, and of address for IPs and names; plain data functions may give a TypeError to no harm. */
		const judge = (name: string, error: unknown): void => {
			if (error instanceof StunError || error instanceof AddressError) return;
			untyped.set(
				`${name}: ${String(error)}`,
				String((error as Error).stack)
					.split("\n")
					.slice(0, 4)
					.join("\n"),
			);
		};
		const open: { close(): unknown }[] = [];
		for (let n = 0; n < CALLS; n++) {
			const [name, entry] = entries[Math.floor(random.float() * entries.length)] ??
				entries[0] ?? ["", () => 0];
			if (EXEMPT.has(name)) continue;
			const args = Array.from({ length: Math.floor(random.float() * 4) }, () => value(3));
			try {
				const made = isClass(name)
					? Reflect.construct(entry as unknown as new () => object, args)
					: entry(...args);
				const result = await (made as unknown);
				if (typeof result === "object" && result !== null && "close" in result && isFunction(result.close)) {
					open.push(result as { close(): unknown });
				}
			} catch (error) {
				judge(name, error);
			}
		}
		for (const each of open) await each.close();
		expect([...untyped.values()].slice(0, 5)).toEqual([]);
		expect(sent).toBe(0);
	}, 120_000);

	it("makes a probe whose sending is counted, so that the test above can fail", async () => {
		let sent = 0;
		const clock = new ManualClock();
		const real = createSocket("udp4");
		real.close();
		const socket = {
			address: () => ({ address: "0.0.0.0", port: 1 }),
			send: () => void sent++,
			close: (callback?: () => void) => callback?.(),
			on: () => undefined,
			off: () => undefined,
		} as unknown as UdpSocket;
		const deps = { sockets: { af: 4 as const, udp: async () => socket }, clock };
		const seen = root.observeExternalAddress({ servers: [{ ip: "127.0.0.1", port: 9 }], timeout: 10 }, deps);
		expect(await clock.runUntil(seen)).toMatchObject({ status: "unreachable" });
		expect(sent).toBe(1);
	});
});

/** Errors are made by this package, and readers of decoded messages are given what `decodeMessage` returned. */
const EXEMPT = new Set([
	...Object.keys(root).filter((name) => name.endsWith("Error")),
	"StunDecodeError",
	"StunEncodeError",
	"AttributeProblem",
	"AttributeKind",
	"attributeValue",
	"getAttribute",
	"mappedAddressOf",
	"otherAddressOf",
	"responseOriginOf",
	"checkIntegrity",
	"bytesValue",
	"textValue",
	"StunTransactions",
	"RtoTable",
	"transactionKey",
	"StunStream",
]);
