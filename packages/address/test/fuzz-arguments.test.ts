import { SeededRandom } from "@p2pd/testnet";
import { expect, it } from "vitest";
import * as api from "../src/index.js";
import { Address, AddressError, AddressIndexError, IPRange, IpAddress } from "../src/index.js";

/*
 * Every public entry point with wrong types and values: it returns, or it fails with an error of this package. All
 * 100,000 calls run with P2PD_LONG=1, and a fortieth of them otherwise. No value here is a name that a resolver would
 * send anywhere, and the sockets cannot be opened.
 */
const { P2PD_LONG } = process.env;
const CALLS = P2PD_LONG === "1" ? 100_000 : 2500;

const random = new SeededRandom(20_261_125);
const pick = <T>(list: readonly T[]): T => list[random.int(0, list.length - 1)] as T;

const never = (): Promise<never> =>
	Promise.reject(new AddressError("ERR_TEST", "", "no socket may be opened here"));
class Sockets {
	readonly af = 4;
	readonly localIp = "10.0.0.1";
	udp = never;
	connect = never;
}
const nic = { name: "eth9", index: 9, isDefault: () => false };
const safe = {
	systemLookup: never,
	nicServers: async () => [],
	hostsFile: async () => "",
	serverSockets: () => new Sockets(),
};

const values: readonly unknown[] = [
	...[undefined, null, true, false, 0, -0, 1, 4, 6, 80, -1, 1.5, 65_536, 2 ** 31, 2 ** 53, 1e308],
	...[Number.NaN, Number.POSITIVE_INFINITY, 0n, 1n, -1n, 1n << 32n, 1n << 200n, Symbol("s"), Symbol.iterator],
	...[
		"",
		" ",
		"localhost",
		"1.2.3.4",
		"010.0.0.1",
		"1.2.3",
		"1.2.3.4/8",
		"10.0.0.0/33",
		"::1",
		"fe80::1%eth0",
	],
	...["64:ff9b::/96", "[::1]:80", "http://1.2.3.4:x/", "a..b", "-x", "\0", "\ud800", "4", "/24", "__proto__"],
	...["x.".repeat(200), "1:".repeat(500), "%".repeat(300), "127.0.0.1:1"],
	...[
		{},
		[],
		[[]],
		[null],
		[300, 1, 1, 1],
		["1.2.3.4", 80],
		["1.2.3.4"],
		{ length: 4 },
		new Map(),
		new Date(0),
	],
	...[() => 1, class {}, /x/, new Error("x"), Promise.resolve("x"), Object.create(null), new Proxy({}, {})],
	...[new Uint8Array(0), new Uint8Array(4), new Uint8Array(16), Buffer.alloc(5), new Float64Array(4)],
	...[
		{ ip: "1.2.3.4", port: 80 },
		{ host: 5 },
		{ host: "1.2.3.4", port: "80" },
		{ ip: "::1", cidr: 64, af: 10 },
	],
	...[{ ip: "1.2.3.4", cidr: "24", af: 2 }, { ip: null, cidr: 1, af: 4 }, { toString: null }, { valueOf: 1 }],
	...[
		{ timeout: -1 },
		{ timeout: 1 },
		{ signal: 5 },
		{ signal: AbortSignal.abort(new AddressError("X", "", "a")) },
	],
	...[
		{ servers: [] },
		{ servers: ["127.0.0.1:1"], timeout: 1 },
		{ servers: [1] },
		{ nat64: "x" },
		{ time_out: 1 },
	],
	...[
		{ af: 4 },
		{ af: "4" },
		{ af: 4, udp: 1 },
		new Sockets(),
		{ af: 4, udp: never, nic },
		{ af: 6, udp: never, nic: {} },
	],
	...[
		safe,
		{ ...safe, sockets: null },
		{ ...safe, sockets: new Sockets() },
		{ ...safe, clock: {} },
		{ sockets: 4 },
	],
	...[
		IpAddress.parse("1.2.3.4"),
		IpAddress.parse("fe80::1%eth0"),
		IPRange.parse("10.0.0.0/8"),
		IPRange.parse("::/0"),
	],
];

const ip = IpAddress.parse("fe80::1%eth0");
const range = IPRange.parse("10.0.0.0/8");
const literal = new Address("1.2.3.4", 80, {}, safe);
const named = new Address("localhost", 80, { timeout: 1 }, safe);

/** Each takes any arguments at all. */
type Call = (...args: never[]) => unknown;
const calls: readonly (readonly [string, Call])[] = [
	...Object.entries(api).flatMap(([name, value]): (readonly [string, Call])[] => {
		if (typeof value !== "function" || value.prototype instanceof Error) return [];
		const isClass = /^class\b/.test(Function.prototype.toString.call(value));
		if (!isClass) return [[name, value as Call]];
		const statics = Object.getOwnPropertyNames(value).filter(
			(each) => typeof Reflect.get(value, each) === "function",
		);
		return [
			// IpAddress has no public constructor.
			...(name === "IpAddress"
				? []
				: [[`new ${name}`, (...args: never[]) => Reflect.construct(value, args)] as const]),
			...statics
				.filter((each) => each !== "prototype")
				.map(
					(each) =>
						[`${name}.${each}`, (...args: never[]) => Reflect.get(value, each).apply(value, args)] as const,
				),
		];
	}),
	...[ip, range, literal, named].flatMap((object) =>
		Object.getOwnPropertyNames(Object.getPrototypeOf(object)).flatMap((name): (readonly [string, Call])[] => {
			const method = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(object), name)?.value;
			if (name === "constructor" || typeof method !== "function") return [];
			return [[`${object.constructor.name}#${name}`, (...args) => method.apply(object, args)]];
		}),
	),
];

it(`takes ${CALLS} calls with wrong arguments, and answers with typed errors only`, {
	timeout: 600_000,
}, async () => {
	const { stackTraceLimit } = Error;
	// Most of the time would go into stack traces that no one reads.
	Error.stackTraceLimit = 0;
	const [returned, failed] = [new Set<string>(), new Set<string>()];
	for (let i = 0; i < CALLS; i++) {
		const [name, call] = pick(calls);
		const args = Array.from({ length: random.int(0, 4) }, () => pick(values)) as never[];
		try {
			const result = await call(...args);
			// What is iterated lazily fails, if at all, when it is read.
			if (name.endsWith("slice")) (result as Iterator<unknown>).next();
			returned.add(name);
		} catch (error) {
			if (!(error instanceof AddressError || error instanceof AddressIndexError)) {
				expect.fail(
					`${name}(${args.map((each) => typeof each).join(", ")}), call ${i}: ${(error as Error).stack}`,
				);
			}
			expect((error as AddressError).code).toMatch(/^[A-Z_]+$/);
			failed.add(name);
		}
	}
	Error.stackTraceLimit = stackTraceLimit;
	// Every entry point was called, and most fail for most of these.
	expect(new Set([...returned, ...failed]).size).toBe(new Set(calls.map(([name]) => name)).size);
	expect(failed.size).toBeGreaterThan(30);
});
