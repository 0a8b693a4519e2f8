import type { Family } from "@p2pd/net";
import { describe, expect, it } from "vitest";
import {
	DEFAULT_STUN_SERVERS,
	orderStunServers,
	StunServerMemory,
	StunServerQueue,
} from "../../src/index.js";

const A = { host: "8.8.8.8", port: 3478 };
const B = { host: "9.9.9.9", port: 3478 };
const C = { host: "7.7.7.7", port: 3478 };
const capable = { host: "6.6.6.6", port: 3478, features: ["rfc5780"] } as const;

const hosts = (specs: readonly { readonly host: string }[]): string[] => specs.map(({ host }) => host);
/** Equals keep their order. */
const random = (): Uint8Array => new Uint8Array(4);

describe("the default list", () => {
	it.each<Family>([4, 6])("begins, for IPv%d, with two independent operators marked capable", (af) => {
		const usable = DEFAULT_STUN_SERVERS.filter(({ families }) => families?.includes(af) ?? true);
		const first = usable.slice(0, 2);
		expect(first.every(({ features = [] }) => features.length > 0)).toBe(true);
		expect(new Set(first.map(({ operator }) => operator)).size).toBe(2);
	});

	it("has one entry for each operator", () => {
		const operators = DEFAULT_STUN_SERVERS.map(({ operator }) => operator);
		expect(new Set(operators).size).toBe(operators.length);
	});
});

describe("the order of servers", () => {
	it("puts those that were silent or contradicted last", () => {
		const memory = new StunServerMemory();
		memory.record(A, { kind: "lied" });
		memory.record(B, { kind: "silent" });
		expect(hosts(orderStunServers([A, B, C], { af: 4 }, { memory, random }))).toEqual(hosts([C, B, A]));
	});

	it("prefers what was seen to a mark, and a mark to nothing, where a second address is needed", () => {
		const memory = new StunServerMemory();
		memory.record(C, { kind: "tested", features: ["rfc3489"] });
		memory.record(A, { kind: "tested", features: [] });
		const order = orderStunServers([A, B, capable, C], { af: 4, need: "second-address" }, { memory, random });
		expect(hosts(order)).toEqual(hosts([C, capable, B, A]));
	});

	it("leaves out servers of the other family, and those for TLS only", () => {
		const specs = [A, { ...B, families: [6] as const }, { ...C, transport: "tls" as const }];
		expect(hosts(orderStunServers(specs, { af: 4 }, { memory: new StunServerMemory() }))).toEqual([A.host]);
	});
});

describe("the queue of servers", () => {
	const queue = (specs: readonly (typeof A & { operator?: string })[]) =>
		new StunServerQueue(specs, { af: 4 }, { memory: new StunServerMemory(), random });

	it("gives out one server of a public /24, an operator or an address, and another after a release", async () => {
		const near = { host: "8.8.8.200", port: 3479 };
		const acme = { ...B, operator: "acme" };
		const alsoAcme = { ...C, operator: "acme" };
		const it = queue([A, near, acme, alsoAcme]);
		const [first, second] = [await it.next(), await it.next()];
		expect([first?.ip, second?.ip, await it.next(), it.remaining]).toEqual([A.host, B.host, null, 0]);
		if (first !== null) it.release(first);
		expect(it.remaining).toBe(1);
		expect((await it.next())?.ip).toBe(near.host);
		if (second !== null) it.release(second);
		expect((await it.next())?.ip).toBe(C.host);
		expect(await it.next()).toBeNull();
	});

	it("keeps private servers of one network apart", async () => {
		const it = queue([
			{ host: "10.0.0.1", port: 3478 },
			{ host: "10.0.0.2", port: 3478 },
		]);
		expect([(await it.next())?.ip, (await it.next())?.ip]).toEqual(["10.0.0.1", "10.0.0.2"]);
	});
});

describe("the memory of servers", () => {
	it("forgets silence after an hour, and everything after a week", () => {
		let now = 1_000_000_000;
		const memory = new StunServerMemory({ now: () => now });
		memory.record(A, { kind: "silent" });
		memory.record(A, { kind: "tested", features: ["rfc5780"] });
		memory.record(A, { kind: "lied" });
		expect(memory.facts(A)).toMatchObject({ silences: 1, features: ["rfc5780"], suspicion: 4, at: now });
		now += 3_600_001;
		expect(memory.facts(A)).toMatchObject({ silences: 0, features: ["rfc5780"], suspicion: 4 });
		now += 7 * 24 * 3_600_000;
		expect(memory.facts(A)).toMatchObject({ silences: 0, features: null, suspicion: 0 });
	});

	it("keeps round trips and silence by path, and what a server is for all paths", () => {
		const memory = new StunServerMemory();
		memory.record(A, { kind: "answered", rtt: 40 }, { via: "192.168.1.2" });
		memory.record(A, { kind: "silent" }, { via: "10.8.0.2" });
		memory.record(A, { kind: "lied" });
		expect(memory.facts(A, { via: "192.168.1.2" })).toMatchObject({ rtt: 40, silences: 0, suspicion: 4 });
		expect(memory.facts(A, { via: "10.8.0.2" })).toMatchObject({ rtt: null, silences: 1, suspicion: 4 });
	});

	it("survives JSON, and refuses what is not its own", () => {
		let now = 1_000_000_000;
		const memory = new StunServerMemory({ now: () => now });
		memory.record(A, { kind: "answered", rtt: 40 }, { via: "192.168.1.2" });
		memory.record(A, { kind: "tested", features: ["rfc5780"] });
		const text = JSON.stringify(memory);
		const read = StunServerMemory.fromJSON(JSON.parse(text), { now: () => now });
		expect(read.facts(A, { via: "192.168.1.2" })).toEqual(memory.facts(A, { via: "192.168.1.2" }));
		now += 8 * 24 * 3_600_000;
		expect(StunServerMemory.fromJSON(JSON.parse(text), { now: () => now }).toJSON()).toEqual({
			version: 1,
			servers: [],
		});
		for (const wrong of [null, 5, "x", [], {}, { version: 2, servers: [] }, { version: 1, servers: [{}] }]) {
			expect(() => StunServerMemory.fromJSON(wrong)).toThrow(
				expect.objectContaining({ code: "ERR_STUN_CONFIG" }),
			);
		}
	});
});
