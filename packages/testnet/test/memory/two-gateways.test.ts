import { describe, expect, it } from "vitest";
import { buildNetwork, keepBusy, type MemoryNetwork, type NatSpec, twoGateways } from "../../src/index.js";

const STRICT: NatSpec = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
	allocation: { kind: "equal" },
};
const COUNTING: NatSpec = {
	...STRICT,
	mapping: "address-and-port-dependent",
	allocation: { kind: "independent", step: 1 },
};
const services = { stun: () => () => [] };

const build = (unsolicitedSyn: "drop" | "reset", ipv4 = STRICT): MemoryNetwork =>
	buildNetwork(twoGateways({ ipv4 }, { ipv4 }, { link: { latency: 25 }, unsolicitedSyn }), { services });

/** A connection from local port 5000 or 6000 to the other peer's, started `after` ms. */
async function attempt(network: MemoryNetwork, who: "alice" | "bob", after: number) {
	const [localPort, port, ip] = who === "alice" ? [5000, 6000, "82.2.1.1"] : [6000, 5000, "82.1.1.1"];
	await new Promise<void>((resolve) => network.clock.setTimeout(resolve, after));
	return network.host(who).sockets(4).connect({ ip, port, localPort, reuse: true });
}

describe("a SYN that a NAT does not let in", () => {
	it.each([
		["drop", "ETIMEDOUT", 127_000],
		["reset", "ECONNREFUSED", 100],
	] as const)("with %s ends the attempt with %s", async (unsolicitedSyn, code, ms) => {
		const network = build(unsolicitedSyn);
		await expect(network.clock.runUntil(attempt(network, "alice", 0))).rejects.toMatchObject({ code });
		expect(network.clock.now()).toBe(ms);
	});

	it("is not reset where the NAT lets it in, nor is an answer to nothing", async () => {
		const network = build("reset");
		const events: string[] = [];
		network.watch(({ what, where, packet }) => {
			if (packet.proto === "tcp" && packet.rst) events.push(`${where} ${what}`);
		});
		await network.clock.runUntil(Promise.all([attempt(network, "alice", 0), attempt(network, "bob", 0)]));
		expect(events).toEqual([]);
	});
});

describe("a simultaneous open through two strict NATs", () => {
	it.each([
		[0, 100],
		[200, 350],
	])("%i ms out of step is done at %i ms", async (late, ms) => {
		const network = build("drop");
		const both = Promise.all([attempt(network, "alice", 0), attempt(network, "bob", late)]);
		const [alice, bob] = await network.clock.runUntil(both);
		expect(network.clock.now()).toBe(ms);
		expect([alice.remotePort, bob.remotePort]).toEqual([6000, 5000]);
		const got = new Promise((resolve) => bob.once("data", (data) => resolve(String(data))));
		alice.write("hello");
		expect(await network.clock.runUntil(got)).toBe("hello");
	});

	it("fails for the early side where NATs reset, until it tries again", async () => {
		const network = build("reset");
		const late = attempt(network, "bob", 200);
		await expect(network.clock.runUntil(attempt(network, "alice", 0))).rejects.toMatchObject({
			code: "ECONNREFUSED",
		});
		const again = attempt(network, "alice", 110);
		await network.clock.runUntil(Promise.all([again, late]));
		// Her second SYN leaves at 210 and his at 200 ms: they cross, and both acknowledgements are there at 310 ms.
		expect(network.clock.now()).toBe(310);
	});
});

describe("a neighbour that keeps a NAT busy", () => {
	it.each(["udp", "tcp"] as const)("takes mappings over %s until it is told to end", async (transport) => {
		const network = build("drop", COUNTING);
		const mappings = (): number => network.nat("gateway-a").mappings().length;
		const stop = keepBusy(network, "alice-neighbour", {
			perSecond: 10,
			transport,
			to: { ip: "8.40.1.1", port: 3478 },
		});
		await network.clock.advance(5000);
		const taken = mappings();
		expect(taken).toBeGreaterThan(25);
		expect(taken).toBeLessThan(100);
		stop();
		await network.clock.advance(5000);
		expect(mappings()).toBe(taken);
	});
});
