import { readFileSync } from "node:fs";
import { oneGateway } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import * as library from "../src/index.js";
import { fixtureOs } from "./support/fixture-os.js";
import { scene } from "./support/memory.js";
import { netifacesOf, nic, snapshot } from "./support/snapshots.js";

/*
 * Runs every example of the README against a network in memory: a line `expression; // => value` must give that
 * value. The classes and functions are the package's own, with the environment put in.
 */
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/^## (.+)\n[\s\S]*?```ts\n([\s\S]*?)```/gm)].map(
	([, title = "", code = ""]) => [title, code] as const,
);

const nics = [
	nic({ name: "lo", index: 1, kind: "loopback", addresses: ["127.0.0.1/8"] }),
	nic({
		name: "eth0",
		index: 2,
		addresses: ["192.168.1.20/24", "2a02:8070:1:1::20/64", "fe80::20%eth0/64"],
		gateways: { 4: "192.168.1.1", 6: "fe80::1%eth0" },
	}),
	nic({ name: "wg0", index: 3, kind: "tunnel", addresses: ["10.8.0.2/24"] }),
];
const more = nics.map((each) =>
	each.name === "eth0"
		? {
				...each,
				addresses: [...each.addresses, { af: 4, ip: "192.168.1.99", cidr: 24, scope: "global" } as const],
			}
		: each,
);

function environment() {
	const nat = {
		kind: "nat",
		mapping: "endpoint-independent",
		filtering: "address-and-port-dependent",
		allocation: { kind: "equal" },
	} as const;
	const place = scene(oneGateway(nat, { servers: 3 }), nics);
	const stunServers = [...place.servers(4), ...place.servers(6)];
	const env = { P2PD_STUN_SERVERS: stunServers.join(",") };
	const deps = { ...place.deps, env };
	const taken = snapshot(nics);
	class MemoryInterface extends library.Interface {
		constructor(...[selector, options]: ConstructorParameters<typeof library.Interface>) {
			super(selector, options, deps);
		}
		static override list(): string[] {
			return library.Interface.list(
				fixtureOs({
					title: "",
					source: "",
					platform: "sunos",
					interfaces: { lo: [], eth0: [], wg0: [] },
					kernel: { 4: "", 6: "" },
				}),
			);
		}
	}
	let looks = 0;
	const given: typeof library & { enumerateInterfaces: unknown } = {
		...library,
		Interface: MemoryInterface,
		initP2pd: async () => netifacesOf(taken),
		loadInterfaces: (options) => library.loadInterfaces(options, deps),
		enumerateInterfaces: async () => taken,
		watchInterfaces: (options) =>
			library.watchInterfaces(options, {
				enumerate: async () => (looks++ === 0 ? taken : snapshot(more)),
				glance: null,
				clock: place.clock,
				wallNow: () => place.clock.now(),
			}),
	};
	return { given, clock: place.clock };
}

const AsyncFunction = (async () => undefined).constructor as new (
	...args: string[]
) => (...args: unknown[]) => Promise<void>;

describe("the README", () => {
	it("has an example for each part", () => {
		expect(examples.map(([title]) => title)).toEqual([
			"An interface",
			"Its dictionary",
			"All usable NICs",
			"Changes",
			"The operating system alone",
		]);
	});

	it.each(examples)("is right about: %s", async (_, code) => {
		let checked = 0;
		const check = (actual: unknown, wanted: unknown): void => {
			expect(actual).toEqual(wanted);
			checked++;
		};
		const body = code
			.replace(/^import (\{.+\}) from "@p2pd\/netif(?:\/os)?";$/gm, "const $1 = library;")
			.replace(/^(\t*)(.+); \/\/ => (.+)$/gm, "$1check($2, $3);");
		const { given, clock } = environment();
		await clock.runUntil(new AsyncFunction("library", "check", body)(given, check));
		expect(checked).toBe([...code.matchAll(/\/\/ =>/g)].length);
		expect(checked).toBeGreaterThan(2);
	});

	it("names every error code and kind of change", () => {
		const named = new Set(readme.match(/ERR_NETIF_[A-Z_]+/g));
		const errors = readFileSync(new URL("../src/errors.ts", import.meta.url), "utf8");
		expect(named).toEqual(new Set(errors.match(/ERR_NETIF_[A-Z_]+/g)));
		const types = readFileSync(new URL("../src/watch/types.ts", import.meta.url), "utf8");
		for (const [, type = ""] of types.matchAll(/readonly type: "(.+?)"/g))
			expect(readme).toContain(`\`${type}\``);
	});
});
