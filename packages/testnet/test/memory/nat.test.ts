import type { Socket } from "node:dgram";
import { describe, expect, it } from "vitest";
import {
	ALLOCATIONS,
	buildNetwork,
	DEPENDENCES,
	type HostPort,
	type MemoryNetwork,
	NAT_CELLS,
	type NatSpec,
	oneGateway,
	type PortAllocation,
	type SceneOptions,
} from "../../src/index.js";
import { ask, mirrors } from "./mirror.js";
import { observeCell } from "./observe-cell.js";

const A1 = { ip: "8.40.1.1", port: 3478 };
const A1b = { ip: "8.40.1.1", port: 3479 };
const A2 = { ip: "9.40.2.2", port: 3479 };

/** A network behind a NAT with these settings; the rest is endpoint-independent with equal ports. */
function behind(
	spec: Partial<NatSpec>,
	options: SceneOptions & { readonly seed?: number } = {},
): MemoryNetwork {
	const whole: NatSpec = {
		kind: "nat",
		mapping: "endpoint-independent",
		filtering: "endpoint-independent",
		allocation: { kind: "equal" },
		...spec,
	};
	const { seed = 1, ...scene } = options;
	return buildNetwork(oneGateway(whole, scene), { seed, services: mirrors });
}

const open = (network: MemoryNetwork, port = 0, client = "client"): Promise<Socket> =>
	network.host(client).sockets(4).udp({ port });

/** How the server at `to` sees a fresh socket on that local port. */
async function externalOf(network: MemoryNetwork, port: number, to: HostPort = A1): Promise<number> {
	const seen = await ask(network, await open(network, port), to);
	return seen?.saw.port ?? -1;
}

describe("mapping", () => {
	it.each(DEPENDENCES)("%s", async (mapping) => {
		const network = behind({ mapping, allocation: { kind: "random" } });
		const socket = await open(network);
		const ports = [];
		for (const to of [A1, A1b, A2, A1]) ports.push((await ask(network, socket, to))?.saw.port);
		const [first, otherPort, otherAddress, again] = ports;
		expect(again).toBe(first);
		expect(otherPort === first).toBe(mapping !== "address-and-port-dependent");
		expect(otherAddress === first).toBe(mapping === "endpoint-independent");
	});
});

describe("filtering", () => {
	it.each(DEPENDENCES)("%s", async (filtering) => {
		const network = behind({ filtering });
		const socket = await open(network);
		expect(await ask(network, socket, A1, "=")).not.toBeNull();
		expect((await ask(network, socket, A1, "p")) !== null).toBe(filtering !== "address-and-port-dependent");
		expect((await ask(network, socket, A1, "b")) !== null).toBe(filtering === "endpoint-independent");
		await ask(network, socket, A2);
		expect(await ask(network, socket, A1, "b")).not.toBeNull();
	});

	it("lets nothing in without a mapping", async () => {
		const network = behind({});
		const socket = await open(network, 5000);
		const got: unknown[] = [];
		socket.on("message", (data) => got.push(data));
		network.host("stun0").udp.send(A1, { ip: "82.1.1.1", port: 5000 }, new Uint8Array(1));
		await network.clock.advance(1000);
		expect(got).toEqual([]);
		await ask(network, socket, A1);
		network.host("stun0").udp.send(A2, { ip: "82.1.1.1", port: 5000 }, new Uint8Array(1));
		await network.clock.advance(1000);
		expect(got).toHaveLength(2);
	});

	it("filters a mapping of one destination by that mapping's contacts alone", async () => {
		const network = behind({ mapping: "address-dependent", filtering: "address-dependent" });
		const socket = await open(network);
		await ask(network, socket, A1);
		await ask(network, socket, A2);
		// The second address was spoken to, but through another mapping.
		expect(await ask(network, socket, A1, "b")).toBeNull();
	});
});

describe("allocation", () => {
	const LOCALS = [20_000, 20_001, 20_005, 20_003, 30_000, 30_001];
	const run = async (
		allocation: PortAllocation,
		seed = 1,
		ports?: readonly [number, number],
	): Promise<number[]> => {
		const network = behind({ allocation, ...(ports === undefined ? {} : { ports }) }, { seed });
		const out: number[] = [];
		for (const local of LOCALS) out.push(await externalOf(network, local));
		return out;
	};
	const distances = (ports: readonly number[]): number[] =>
		ports.slice(1).map((port, i) => port - (ports[i] ?? 0));

	it("equal: external = local", async () => {
		expect(await run({ kind: "equal" })).toEqual(LOCALS);
	});

	it("preserving: the same distances as inside, and not the same ports", async () => {
		const ports = await run({ kind: "preserving" }, 1, [10_000, 60_000]);
		expect(ports[0]).not.toBe(LOCALS[0]);
		const offsets = new Set(ports.map((port, i) => (port - (LOCALS[i] ?? 0) + 50_001) % 50_001));
		expect(offsets.size).toBe(1);
	});

	it("independent: n more for each new mapping, whatever the local port", async () => {
		expect(distances(await run({ kind: "independent", step: 7 }))).toEqual([7, 7, 7, 7, 7]);
		expect(distances(await run({ kind: "independent", step: -2 }))).toEqual([-2, -2, -2, -2, -2]);
	});

	it("dependent: n more when the local port is the next one, else anything", async () => {
		for (const seed of [1, 2, 3]) {
			const steps = distances(await run({ kind: "dependent", step: 7 }, seed));
			expect([steps[0], steps[4]]).toEqual([7, 7]);
			expect(steps.slice(1, 4).filter((step) => step === 7)).toEqual([]);
		}
	});

	it("random: no rule", async () => {
		const steps = distances(await run({ kind: "random" }));
		expect(new Set(steps).size).toBe(steps.length);
	});

	it("uses up the range and no more", async () => {
		const ports = [40_000, 40_009] as const;
		for (const allocation of ALLOCATIONS) {
			const network = behind({ allocation, ports });
			const seen: number[] = [];
			for (let i = 0; i < 12; i++) seen.push(await externalOf(network, 50_000 + 2 * i));
			expect(seen.slice(0, 10).sort()).toEqual(Array.from({ length: 10 }, (_, i) => 40_000 + i));
			expect(seen.slice(10)).toEqual([-1, -1]);
		}
	});

	it("goes on at the start of the range after its end", async () => {
		const network = behind({ allocation: { kind: "independent", step: 3 }, ports: [40_000, 40_099] });
		const seen: number[] = [];
		for (let i = 0; i < 40; i++) seen.push(await externalOf(network, 50_000 + i));
		const wrapped = distances(seen).filter((step) => step !== 3);
		expect(wrapped).toEqual([-97]);
	});
});

describe("collisions", () => {
	it("next-free: a second mapping of the same local port takes the next port", async () => {
		const network = behind({ mapping: "address-and-port-dependent" });
		const socket = await open(network, 5000);
		const ports = [];
		for (const to of [A1, A1b, A2]) ports.push((await ask(network, socket, to))?.saw.port);
		expect(ports).toEqual([5000, 5001, 5002]);
	});

	it("next-free: so does the same local port of another host", async () => {
		const network = behind({}, { clients: 2 });
		expect((await ask(network, await open(network, 5000), A1))?.saw.port).toBe(5000);
		expect((await ask(network, await open(network, 5000, "client2"), A1))?.saw.port).toBe(5001);
	});

	it("random: takes any free port", async () => {
		const network = behind({ mapping: "address-and-port-dependent", onCollision: "random" });
		const socket = await open(network, 5000);
		const first = (await ask(network, socket, A1))?.saw.port;
		const second = (await ask(network, socket, A2))?.saw.port ?? 0;
		expect(first).toBe(5000);
		expect(Math.abs(second - 5000)).toBeGreaterThan(1);
	});

	it("overload: shares the port while the destinations differ, so it looks endpoint-independent", async () => {
		const network = behind(
			{
				mapping: "address-and-port-dependent",
				filtering: "address-and-port-dependent",
				onCollision: "overload",
			},
			{ clients: 2 },
		);
		const [one, two] = [await open(network, 5000), await open(network, 5000, "client2")];
		expect((await ask(network, one, A1))?.saw.port).toBe(5000);
		expect((await ask(network, one, A2))?.saw.port).toBe(5000);
		expect((await ask(network, two, A1b))?.saw.port).toBe(5000);
		// The very five-tuple is taken, so this one has to give way; and each still gets its own answers.
		expect((await ask(network, two, A1))?.saw.port).toBe(5001);
		expect((await ask(network, one, A1))?.saw.port).toBe(5000);
	});
});

describe("pooling", () => {
	const externalIps = ["82.1.1.1", "82.1.1.2", "82.1.1.3", "82.1.1.4"];
	const addresses = async (
		pooling: "paired" | "arbitrary",
		seed: number,
	): Promise<Set<string | undefined>> => {
		const network = behind({ pooling }, { externalIps, seed });
		const seen = new Set<string | undefined>();
		for (let i = 0; i < 20; i++) seen.add((await ask(network, await open(network), A1))?.saw.ip);
		return seen;
	};

	it("paired: one inside address keeps one outside address", async () => {
		for (const seed of [1, 2, 3, 4]) expect((await addresses("paired", seed)).size).toBe(1);
	});

	it("paired: inside addresses are spread over the pool", async () => {
		const network = behind({}, { externalIps, clients: 20 });
		const seen = new Set<string | undefined>();
		for (let i = 2; i <= 20; i++)
			seen.add((await ask(network, await open(network, 0, `client${i}`), A1))?.saw.ip);
		expect(seen.size).toBe(4);
	});

	it("arbitrary: any address for any mapping", async () => {
		expect(await addresses("arbitrary", 1)).toEqual(new Set(externalIps));
	});

	it("keeps the ports of each address apart", async () => {
		const network = behind(
			{ pooling: "arbitrary", mapping: "address-and-port-dependent" },
			{ externalIps, seed: 3 },
		);
		const socket = await open(network, 5000);
		const seen = [];
		for (const to of [A1, A1b, A2]) seen.push((await ask(network, socket, to))?.saw);
		expect(new Set(seen.map((one) => `${one?.ip}:${one?.port}`)).size).toBe(3);
		expect(seen.some((one, i) => i > 0 && one?.port === 5000)).toBe(true);
	});
});

describe("hairpinning", () => {
	const meet = async (spec: Partial<NatSpec>): Promise<{ heard: HostPort | null; back: boolean }> => {
		const network = behind(spec, { clients: 2 });
		const [one, two] = [await open(network, 5000), await open(network, 6000, "client2")];
		await ask(network, one, A1);
		await ask(network, two, A1);
		let heard: HostPort | null = null;
		let back = false;
		two.on("message", (_, { address, port }) => {
			heard = { ip: address, port };
			two.send("back", port, address);
		});
		one.on("message", () => {
			back = true;
		});
		one.send("hello", 6000, "82.1.1.1");
		await network.clock.advance(1000);
		return { heard, back };
	};

	it("off: the packet ends at the NAT", async () => {
		expect(await meet({ hairpinning: false })).toEqual({ heard: null, back: false });
	});

	it("on: it arrives from the sender's external endpoint, and so does the answer", async () => {
		expect(await meet({ hairpinning: true })).toEqual({ heard: { ip: "82.1.1.1", port: 5000 }, back: true });
	});

	it("on: is filtered like anything from outside", async () => {
		const { heard } = await meet({ hairpinning: true, filtering: "address-and-port-dependent" });
		expect(heard).toBeNull();
	});
});

describe("lifetime", () => {
	const after = async (
		lifetime: NonNullable<NatSpec["lifetime"]>,
		traffic: (network: MemoryNetwork, socket: Socket) => void,
	): Promise<boolean> => {
		const network = behind({ lifetime, allocation: { kind: "random" } });
		const socket = await open(network);
		const first = (await ask(network, socket, A1))?.saw;
		for (let i = 0; i < 3; i++) {
			await network.clock.advance(20_000);
			traffic(network, socket);
		}
		await network.clock.advance(20_000);
		const alive = network.nat("gateway").mappings().length === 1;
		expect((await ask(network, socket, A1))?.saw.port === first?.port).toBe(alive);
		return alive;
	};
	const out = (_: MemoryNetwork, socket: Socket): void => socket.send("keep", 9, "11.11.11.11");
	const inward = (network: MemoryNetwork, socket: Socket): void => {
		const [mapping] = network.nat("gateway").mappings();
		if (mapping !== undefined) network.host("stun0").udp.send(A1, mapping.external, new Uint8Array(1));
		socket.on("message", () => undefined);
	};
	const silence = (): void => undefined;

	it.each([
		["outbound", "nothing", silence, false],
		["outbound", "packets out", out, true],
		["outbound", "packets in", inward, false],
		["inbound", "packets out", out, false],
		["inbound", "packets in", inward, true],
		["both", "packets out", out, true],
		["both", "packets in", inward, true],
	] as const)("refresh %s, kept by %s", async (refresh, _, traffic, expected) => {
		expect(await after({ ms: 30_000, refresh }, traffic)).toBe(expected);
	});

	it("ends when it is said to, to the millisecond", async () => {
		const network = behind({ lifetime: { ms: 30_000, refresh: "outbound" } });
		const socket = await open(network, 5000);
		socket.send("x", A1.port, A1.ip);
		await network.clock.advance(29_999);
		expect(network.nat("gateway").mappings()).toHaveLength(1);
		await network.clock.advance(1);
		expect(network.nat("gateway").mappings()).toHaveLength(0);
	});

	it("ends for each contact on its own", async () => {
		const network = behind({ filtering: "address-dependent", lifetime: { ms: 30_000, refresh: "outbound" } });
		const socket = await open(network);
		await ask(network, socket, A2);
		await network.clock.advance(20_000);
		await ask(network, socket, A1);
		await network.clock.advance(15_000);
		expect(await ask(network, socket, A1, "b")).toBeNull();
	});

	it("frees its port", async () => {
		const network = behind({ lifetime: { ms: 1000, refresh: "outbound" } }, { clients: 2 });
		await ask(network, await open(network, 5000), A1);
		await network.clock.advance(1000);
		expect((await ask(network, await open(network, 5000, "client2"), A1))?.saw.port).toBe(5000);
	});
});

describe("binding rate", () => {
	it("drops the packets of new mappings beyond it, and nothing else", async () => {
		const network = behind({ bindingRate: { perSecond: 10, burst: 5 } });
		const dropped: (string | undefined)[] = [];
		network.watch(({ what, why }) => {
			if (what === "dropped") dropped.push(why);
		});
		const sockets = [];
		for (let i = 0; i < 8; i++) sockets.push(await open(network));
		for (const socket of sockets) socket.send("x", A1.port, A1.ip);
		await network.clock.advance(0);
		expect(network.nat("gateway").mappings()).toHaveLength(5);
		expect(dropped).toEqual(["binding-rate", "binding-rate", "binding-rate"]);
		await network.clock.advance(100);
		for (const socket of sockets) socket.send("x", A1.port, A1.ip);
		await network.clock.advance(0);
		expect(network.nat("gateway").mappings()).toHaveLength(6);
		await network.clock.advance(10_000);
		for (let i = 0; i < 8; i++) (await open(network)).send("x", A1.port, A1.ip);
		await network.clock.advance(0);
		expect(network.nat("gateway").mappings()).toHaveLength(11);
	});
});

describe("a NAT", () => {
	it("forgets everything when it is reset", async () => {
		const network = behind({ allocation: { kind: "random" }, filtering: "endpoint-independent" });
		const socket = await open(network);
		const before = (await ask(network, socket, A1))?.saw;
		network.nat("gateway").reset();
		expect(network.nat("gateway").mappings()).toEqual([]);
		expect((await ask(network, socket, A1))?.saw).not.toEqual(before);
	});

	it("takes the refusal of an inside host out, and of an outside host in", async () => {
		const network = behind({});
		const socket = await open(network, 5000);
		await ask(network, socket, A1);
		const errors: unknown[] = [];
		const outside = await network.host("stun0").sockets(4).udp();
		outside.on("error", (error) => errors.push((error as { code?: unknown }).code));
		outside.connect(5000, "82.1.1.1");
		await network.clock.advance(0);
		socket.close();
		outside.send("anybody?");
		await network.clock.advance(1000);
		expect(errors).toEqual(["ECONNREFUSED"]);

		const inside = await open(network);
		inside.on("error", (error) => errors.push((error as { port?: unknown }).port));
		inside.connect(7, A1.ip);
		await network.clock.advance(0);
		inside.send("anybody?");
		await network.clock.advance(1000);
		expect(errors).toEqual(["ECONNREFUSED", 7]);
	});

	it.each([
		[{ ports: [10, 5] as const }, /no range/],
		[{ ports: [0, 70_000] as const }, /no range/],
		[{ allocation: { kind: "independent", step: 0 } as const }, /step/],
		[{ onCollision: "overload" } as const, /share a port/],
		[{ lifetime: { ms: 0, refresh: "both" } as const }, /lifetime/],
		[{ bindingRate: { perSecond: 1, burst: 0 } }, /binding rate/],
	])("refuses settings that make no sense: %o", (spec, message) => {
		expect(() => behind(spec)).toThrow(message);
	});
});

describe("all 45 cells", () => {
	it("behave by mapping, filtering and allocation at once", async () => {
		const seen = [];
		for (const cell of NAT_CELLS) {
			const network = buildNetwork(oneGateway(cell), { services: mirrors, seed: 5 });
			seen.push(await observeCell(network));
		}
		expect(seen).toEqual(
			NAT_CELLS.map(({ mapping, filtering, allocation }) => ({
				mapping,
				filtering,
				allocation: allocation?.kind,
			})),
		);
		expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(45);
	});
});
