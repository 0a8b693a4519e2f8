import { buildNetwork, ManualClock, type MemoryNetwork } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	type ExternalAddress,
	type ObserveExternalAddressOptions,
	observeExternalAddress,
	StunServerMemory,
	type StunServerSpec,
} from "../../src/index.js";
import { createStunResponder } from "../../src/server.js";
import { answering, dead, liar, server, type WorldServer, world } from "../support/world.js";

const ME = "82.1.1.9";

type More = Partial<ObserveExternalAddressOptions> & { readonly memory?: StunServerMemory };

/** One observation by the client of a network, of its first `count` servers. */
const observeIn = (
	net: MemoryNetwork,
	count: number,
	{ memory = new StunServerMemory(), ...options }: More = {},
): Promise<ExternalAddress> =>
	observeExternalAddress(
		{ servers: Array.from({ length: count }, (_, n) => server(n)), ...options },
		{ sockets: net.host("client").sockets(4), clock: net.clock, random: net.random.bytes, memory },
	);

const observe = (servers: readonly WorldServer[], more: More = {}) => {
	const net = world(servers);
	return { net, result: net.clock.runUntil(observeIn(net, servers.length, more)) };
};

/** A memory that makes the servers from `first` on the last to be asked. */
const suspecting = (last: number, first: number): StunServerMemory => {
	const memory = new StunServerMemory();
	for (let n = first; n <= last; n++) memory.record({ host: server(n).ip, port: 3478 }, { kind: "lied" });
	return memory;
};

const refusal = {
	class: "error",
	attributes: [{ name: "ERROR-CODE", value: { status: 500, reason: "broken" } }],
} as const;

const far = (latency: number): WorldServer => ({ link: { latency } });

describe("observeExternalAddress", () => {
	it("takes an address that five servers agree on, after one round trip", async () => {
		const { net, result } = observe([far(10), far(20), far(21), far(10), far(20)]);
		const seen = await result;
		expect(seen).toMatchObject({
			status: "agreed",
			ip: ME,
			nonPublic: false,
			asked: 5,
			dissent: [],
			failures: [],
			reason: "5 of 5 servers agree",
		});
		expect(seen.votes.map(({ rtt }) => rtt)).toEqual([20, 20, 40, 40, 42]);
		expect(net.clock.now()).toBe(42);
	});

	it("asks five of many, and others in place of slow ones before it takes a majority of them", async () => {
		const { result } = observe(Array.from({ length: 9 }, () => far(10)));
		expect(await result).toMatchObject({ status: "agreed", asked: 5 });
		const { net, result: slow } = observe([far(10), far(10), far(10), far(500), { handler: dead }]);
		expect(await slow).toMatchObject({ status: "agreed", asked: 5, reason: "3 of 5 servers agree" });
		// A fifth of the slowest round trip of the majority is 4 ms; the least that is waited is 5.
		expect(net.clock.now()).toBe(25);
	});

	it("asks another server in place of one that refuses", async () => {
		const refusing: WorldServer = {
			handler: answering(() => ({
				class: "error",
				attributes: [{ name: "ERROR-CODE", value: { status: 500, reason: "broken" } }],
			})),
		};
		const { net, result } = observe([refusing, far(10), far(10), far(10), far(10), far(10)]);
		expect(await result).toMatchObject({ status: "agreed" });
		expect(net.clock.now()).toBeLessThanOrEqual(40);
	});

	it("reports dissent, asks all servers, and takes the majority of them", async () => {
		const { result } = observe(
			[{ handler: liar("6.6.6.6"), link: { latency: 5 } }, ...Array.from({ length: 8 }, () => far(10))],
			{ memory: suspecting(8, 1) },
		);
		const seen = await result;
		expect(seen).toMatchObject({
			status: "agreed",
			ip: ME,
			reason: "5 of 9 servers agree against dissent",
		});
		expect(seen.dissent).toEqual([{ server: server(0), ip: "6.6.6.6", port: expect.any(Number), rtt: 10 }]);
	});

	it.each([5, 400, 500, 1000, 2500])(
		"does not believe two colluders of five that are faster by %d ms",
		async (latency) => {
			const lie = { handler: liar("6.6.6.6"), link: { latency: 1 } };
			const slow = { link: { latency: latency / 2 } };
			const { result } = observe([lie, lie, slow, slow, slow]);
			expect(await result).toMatchObject({ status: "agreed", ip: ME, dissent: [{ ip: "6.6.6.6" }, {}] });
		},
	);

	it("is disputed when two collude, one is honest, and two are dead", async () => {
		const lie = { handler: liar("6.6.6.6"), link: { latency: 10 } };
		const { result } = observe([lie, lie, far(10), { handler: dead }, { handler: dead }]);
		const seen = await result;
		expect(seen).toMatchObject({ status: "disputed", ip: null });
		expect(seen.votes).toHaveLength(3);
		expect(seen.dissent).toHaveLength(3);
		expect(seen.failures.map(({ error }) => (error as { code: string }).code)).toEqual([
			"ERR_STUN_TIMEOUT",
			"ERR_STUN_TIMEOUT",
		]);
	});

	it.each([1, 2, 3, 4, 5, 6, 7, 8])(
		"is right with 4 colluders of 12 and 20 ms jitter (seed %d)",
		async (seed) => {
			const jitter = { latency: 25, jitter: 20 };
			const lie = { handler: liar("6.6.6.6"), link: jitter };
			const servers = Array.from({ length: 12 }, (_, n) => (n < 4 ? lie : { link: jitter }));
			const net = world(servers, {}, seed);
			for (let round = 0; round < 25; round++) {
				const start = net.clock.now();
				const seen = await net.clock.runUntil(observeIn(net, 12, { memory: new StunServerMemory() }));
				expect(seen).toMatchObject({ status: "agreed", ip: ME });
				// Three round trips of at most 90 ms and 0.3 s.
				expect(net.clock.now() - start).toBeLessThan(570);
			}
		},
	);

	it.each([1, 2, 3, 4, 5, 6, 7, 8])(
		"is never wrong with 5 colluders and 2 dead of 12 (seed %d)",
		async (seed) => {
			const jitter = { latency: 25, jitter: 20 };
			const lie = { handler: liar("6.6.6.6"), link: jitter };
			const servers = Array.from({ length: 12 }, (_, n) =>
				n < 5 ? lie : n < 7 ? { handler: dead } : { link: jitter },
			);
			const net = world(servers, {}, seed);
			for (let round = 0; round < 25; round++) {
				const seen = await net.clock.runUntil(observeIn(net, 12, { memory: new StunServerMemory() }));
				expect(seen.ip).not.toBe("6.6.6.6");
			}
		},
	);

	it.each([1, 2, 3, 4])("is right with 2 colluders of 12 and 10 %% loss (seed %d)", async (seed) => {
		const lossy = { latency: 25, loss: 0.1 };
		const lie = { handler: liar("6.6.6.6"), link: lossy };
		const servers = Array.from({ length: 12 }, (_, n) => (n < 2 ? lie : { link: lossy }));
		const net = world(servers, {}, seed);
		for (let round = 0; round < 25; round++) {
			const seen = await net.clock.runUntil(observeIn(net, 12, { memory: new StunServerMemory() }));
			expect(seen).toMatchObject({ status: "agreed", ip: ME });
		}
	});

	it("asks servers that were slower than the others last the next time", async () => {
		const memory = new StunServerMemory();
		const servers = Array.from({ length: 8 }, (_, n) => (n < 2 ? { handler: dead } : far(10)));
		const net = world(servers);
		for (let round = 0; round < 10; round++) {
			expect(await net.clock.runUntil(observeIn(net, 8, { memory }))).toMatchObject({
				status: "agreed",
				ip: ME,
			});
		}
		const start = net.clock.now();
		const seen = await net.clock.runUntil(observeIn(net, 8, { memory }));
		expect([seen.asked, net.clock.now() - start]).toEqual([5, 20]);
	});

	it("does not call two servers agreed where three must agree", async () => {
		const { result } = observe([far(10), far(10)], { minAgree: 3 });
		expect(await result).toMatchObject({
			status: "disputed",
			ip: null,
			reason: "2 of 2 servers agree, but 3 must",
		});
	});

	it.each([{ minAgree: Number.NaN }, { minAgree: 0 }, { maxServers: -1 }, { maxServer: 3 } as object])(
		"refuses %j",
		async (more) => {
			const { result } = observe([far(10)], more);
			await expect(result).rejects.toMatchObject({
				code: "ERR_STUN_CONFIG",
				argument: Object.keys(more)[0],
			});
		},
	);

	it("counts public servers of one /24 once, and asks another one instead when the first refuses", async () => {
		const near = [1, 7, 9].map((last) => ({ host: `8.8.0.${last}`, port: 3478 }));
		const memory = new StunServerMemory();
		for (const each of near.slice(1)) memory.record(each, { kind: "lied" });
		const net = world([far(10)]);
		const seen = await net.clock.runUntil(observeIn(net, 0, { servers: near, memory }));
		expect(seen).toMatchObject({ status: "single-server", asked: 1, votes: [{ server: server(0) }] });

		const refusing = world([{ handler: answering(() => refusal) }, far(10)]);
		const before = [server(0), { ip: "8.8.0.200", port: 3478 }, server(1)];
		const again = await refusing.clock.runUntil(
			observeIn(refusing, 0, { servers: before, memory: suspecting(0, 0), timeout: 1000 }),
		);
		expect(again.asked).toBe(2);
	});

	it("marks the answer of a single server", async () => {
		const { result } = observe([far(10)]);
		expect(await result).toMatchObject({ status: "single-server", ip: ME });
	});

	it("says unreachable within its time without an answer", async () => {
		const { net, result } = observe([{ handler: dead }, { handler: dead }], { timeout: 1700 });
		const seen = await result;
		expect(seen).toMatchObject({ status: "unreachable", ip: null, asked: 2 });
		expect(seen.failures).toMatchObject([{ error: { sends: 4 } }, { error: { sends: 4 } }]);
		expect(net.clock.now()).toBe(1700);
	});

	it("does not believe a public server that sees a private address, and remembers the lie", async () => {
		const memory = new StunServerMemory();
		const { result } = observe([{ handler: liar("10.0.0.1") }, far(10)], { memory });
		const seen = await result;
		expect(seen).toMatchObject({ status: "single-server", ip: ME });
		expect(seen.failures).toMatchObject([{ server: server(0), error: { code: "ERR_STUN_ANSWER" } }]);
		expect(memory.facts({ host: "8.8.0.1", port: 3478 }).suspicion).toBe(4);
	});

	it.each([
		["another family", { name: "XOR-MAPPED-ADDRESS", value: { ip: "2a00::1", port: 5 } }],
		["no address", { name: "SOFTWARE", value: "x" }],
	] as const)("does not count an answer with %s", async (_name, attribute) => {
		const { result } = observe([
			{ handler: answering(() => ({ class: "success", attributes: [attribute] })) },
		]);
		expect(await result).toMatchObject({
			status: "unreachable",
			failures: [{ error: { code: "ERR_STUN_ANSWER" } }],
		});
	});

	it("counts an error response as a failure", async () => {
		const error = answering(() => ({
			class: "error",
			attributes: [{ name: "ERROR-CODE", value: { status: 500, reason: "broken" } }],
		}));
		const { result } = observe([{ handler: error }, far(10), far(10)]);
		expect(await result).toMatchObject({
			status: "agreed",
			failures: [{ server: server(0), error: { code: "ERR_STUN_RESPONSE", status: 500 } }],
		});
	});

	it("asks servers that were silent or lied last, and one that behaves is trusted again", async () => {
		const memory = new StunServerMemory();
		memory.record({ host: "8.8.0.1", port: 3478 }, { kind: "lied" });
		memory.record({ host: "8.8.1.1", port: 3478 }, { kind: "silent" }, { via: "0.0.0.0" });
		for (let round = 0; round < 5; round++) {
			const { result } = observe([far(1), far(1), far(1), far(1)], { maxServers: 2, memory });
			expect((await result).votes.map(({ server }) => server.ip).sort()).toEqual(["8.8.2.1", "8.8.3.1"]);
		}
		for (let n = 0; n < 4; n++) memory.record({ host: "8.8.0.1", port: 3478 }, { kind: "agreed" });
		expect(memory.facts({ host: "8.8.0.1", port: 3478 }).suspicion).toBe(0);
	});

	it("remembers who was silent and whom a majority contradicted", async () => {
		const memory = new StunServerMemory();
		const lie = { handler: liar("6.6.6.6"), link: { latency: 5 } };
		const { result } = observe([lie, far(10), far(10), { handler: dead }], { memory, timeout: 1000 });
		expect(await result).toMatchObject({ status: "disputed" });
		const facts = (n: number) => memory.facts({ host: `8.8.${n}.1`, port: 3478 }, { via: "0.0.0.0" });
		expect(facts(3)).toMatchObject({ silences: 1, suspicion: 0 });
		expect(facts(1)).toMatchObject({ silences: 0, suspicion: 0, rtt: 20 });
		const again = observe([lie, far(10), far(10), far(10)], { memory });
		expect(await again.result).toMatchObject({ status: "agreed", ip: ME });
		expect(facts(0)).toMatchObject({ suspicion: 4 });
	});

	it("resolves names; two names of one address and two servers of one operator are one witness", async () => {
		const specs: StunServerSpec[] = [
			{ host: "one.example", port: 3478 },
			{ host: "also-one.example", port: 3478 },
			{ host: "two.example", port: 3478, operator: "acme" },
			{ host: "three.example", port: 3478, operator: "acme" },
			{ host: "none.example", port: 3478 },
			{ host: "only-v6.example", port: 3478, families: [6] },
		];
		const net = world([far(10), far(10), far(10)]);
		const names: Record<string, string[]> = {
			"one.example": ["8.8.0.1"],
			"also-one.example": ["8.8.0.1"],
			"two.example": ["8.8.1.1"],
			"three.example": ["8.8.2.1"],
		};
		const run = observeExternalAddress(
			{ servers: specs },
			{
				sockets: net.host("client").sockets(4),
				clock: net.clock,
				random: net.random.bytes,
				memory: new StunServerMemory(),
				resolver: async (host) => names[host] ?? [],
			},
		);
		const seen = await net.clock.runUntil(run);
		expect(seen).toMatchObject({ status: "agreed", asked: 2 });
		expect(seen.failures).toMatchObject([{ server: specs[4], error: { code: "ERR_STUN_CONFIG" } }]);
	});

	it("does not wait for names longer than its time", async () => {
		const net = world([]);
		const spec = { host: "slow.example", port: 3478 };
		const run = observeExternalAddress(
			{ servers: [spec], timeout: 1000 },
			{
				sockets: net.host("client").sockets(4),
				clock: net.clock,
				memory: new StunServerMemory(),
				resolver: (_host, { signal }) =>
					new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
			},
		);
		expect(await net.clock.runUntil(run)).toMatchObject({
			status: "unreachable",
			asked: 1,
			failures: [{ server: spec, error: { code: "ERR_STUN_TIMEOUT", sends: 0 } }],
		});
		expect(net.clock.now()).toBe(1000);
	});

	it("marks an address that is not public, and believes it from a server that is itself not public", async () => {
		const clock = new ManualClock();
		const places = ["10.0.0.53", "10.0.0.54"].map((ip) => ({ ip, port: 3478 }));
		const net = buildNetwork(
			{
				outside: places.map(({ ip }) => ({ name: ip, ips: [ip], services: [{ kind: "stun", port: 3478 }] })),
				gateways: [],
				hosts: [{ name: "client", nics: [{ name: "eth0", addresses: ["10.0.0.9/24"], gateway: null }] }],
			},
			{ clock, services: { stun: ({ primary }) => createStunResponder({ primary, rate: 0 }, { clock }) } },
		);
		const run = observeExternalAddress(
			{ servers: places },
			{ sockets: net.host("client").sockets(4), clock, memory: new StunServerMemory() },
		);
		expect(await clock.runUntil(run)).toMatchObject({ status: "agreed", ip: "10.0.0.9", nonPublic: true });
	});

	it("works over IPv6", async () => {
		const net = world([far(10), far(10)]);
		const run = observeExternalAddress(
			{
				servers: [
					{ ip: "2a00:1450:1::1", port: 3478 },
					{ ip: "2a00:1450:2::1", port: 3478 },
				],
			},
			{ sockets: net.host("client").sockets(6), clock: net.clock, memory: new StunServerMemory() },
		);
		expect(await net.clock.runUntil(run)).toMatchObject({ status: "agreed", ip: "2a02:8070::9" });
	});

	it("stops when it is aborted", async () => {
		const abort = new AbortController();
		const { net, result } = observe([{ handler: dead }], { signal: abort.signal });
		net.clock.setTimeout(() => abort.abort(new Error("enough")), 100);
		await expect(result).rejects.toThrow("enough");
		expect(net.clock.now()).toBe(100);
	});

	it("refuses an invalid timeout", async () => {
		const { result } = observe([{}], { timeout: Number.NaN });
		await expect(result).rejects.toMatchObject({ code: "ERR_STUN_CONFIG" });
	});

	it("fails with the factory's error when there is no socket", async () => {
		const sockets = { af: 4 as const, udp: () => Promise.reject(new Error("EMFILE")) };
		await expect(observeExternalAddress({ servers: [server(0)] }, { sockets })).rejects.toThrow("EMFILE");
	});
});
