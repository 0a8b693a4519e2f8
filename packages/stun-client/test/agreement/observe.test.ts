import { buildNetwork, ManualClock } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	type ObserveOptions,
	observeExternalAddress,
	ServerStanding,
	type StunServerSpec,
} from "../../src/index.js";
import { createStunResponder } from "../../src/server.js";
import { answering, dead, liar, server, type WorldServer, world } from "../support/world.js";

const ME = "82.1.1.9";

const observe = (
	servers: readonly WorldServer[],
	more: Partial<ObserveOptions> & { standing?: ServerStanding } = {},
) => {
	const net = world(servers);
	const run = observeExternalAddress({
		sockets: net.host("client").sockets(4),
		servers: servers.map((_, n) => server(n)),
		clock: net.clock,
		random: net.random.bytes,
		standing: new ServerStanding(),
		...more,
	});
	return { net, result: net.clock.runUntil(run) };
};

const far = (latency: number): WorldServer => ({ link: { latency } });

describe("observeExternalAddress", () => {
	it("takes the first two that agree, after the grace, and cancels the rest", async () => {
		const { net, result } = observe([far(10), far(20), far(500), { handler: dead }]);
		const seen = await result;
		expect(seen).toMatchObject({
			status: "agreed",
			ip: ME,
			nonPublic: false,
			asked: 4,
			dissent: [],
			failures: [],
		});
		expect(seen.votes.map(({ server, rtt }) => [server.ip, rtt])).toEqual([
			["8.8.0.1", 20],
			["8.8.1.1", 40],
		]);
		// The slower round trip is 40 ms, and its fifth 8.
		expect(net.clock.now()).toBe(48);
	});

	it("asks six of many", async () => {
		const { result } = observe(Array.from({ length: 9 }, () => far(10)));
		expect(await result).toMatchObject({ status: "agreed", asked: 6 });
	});

	it("reports dissent, and takes the majority of those asked against it", async () => {
		const { result } = observe([
			{ handler: liar("6.6.6.6"), link: { latency: 5 } },
			far(10),
			far(10),
			far(10),
			far(10),
		]);
		const seen = await result;
		expect(seen).toMatchObject({ status: "agreed", ip: ME });
		expect(seen.dissent).toEqual([{ server: server(0), ip: "6.6.6.6", port: expect.any(Number), rtt: 10 }]);
	});

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

	it("marks the answer of a single server", async () => {
		const { result } = observe([far(10)]);
		expect(await result).toMatchObject({ status: "single-server", ip: ME });
	});

	it("says unreachable within its time when nobody answers", async () => {
		const { net, result } = observe([{ handler: dead }, { handler: dead }], { timeout: 1700 });
		const seen = await result;
		expect(seen).toMatchObject({ status: "unreachable", ip: null, asked: 2 });
		expect(seen.failures).toMatchObject([{ error: { sends: 3 } }, { error: { sends: 3 } }]);
		expect(net.clock.now()).toBe(1700);
	});

	it("does not believe a public server that sees a private address, and remembers the lie", async () => {
		const standing = new ServerStanding();
		const { result } = observe([{ handler: liar("10.0.0.1") }, far(10)], { standing });
		const seen = await result;
		expect(seen).toMatchObject({ status: "single-server", ip: ME });
		expect(seen.failures).toMatchObject([{ server: server(0), error: { code: "ERR_STUN_ANSWER" } }]);
		expect(standing.penalty("8.8.0.1 3478")).toBe(4);
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

	it("asks servers of bad standing last, and one that behaves earns it back", async () => {
		const standing = new ServerStanding();
		standing.record("8.8.0.1 3478", "lied");
		standing.record("8.8.1.1 3478", "dead");
		for (let round = 0; round < 5; round++) {
			const { result } = observe([far(1), far(1), far(1), far(1)], { maxServers: 2, standing });
			expect((await result).votes.map(({ server }) => server.ip).sort()).toEqual(["8.8.2.1", "8.8.3.1"]);
		}
		standing.record("8.8.1.1 3478", "agreed");
		expect(standing.penalty("8.8.1.1 3478")).toBe(0);
	});

	it("lowers the standing of the dead and of those that a majority contradicts", async () => {
		const standing = new ServerStanding();
		const { result } = observe(
			[{ handler: liar("6.6.6.6"), link: { latency: 5 } }, far(10), far(10), { handler: dead }],
			{ standing, timeout: 1000 },
		);
		// Of four asked, three have to agree; only two can.
		expect(await result).toMatchObject({ status: "disputed" });
		expect(standing.penalty("8.8.3.1 3478")).toBe(1);
		expect(standing.penalty("8.8.0.1 3478")).toBe(0);
		const again = observe([{ handler: liar("6.6.6.6"), link: { latency: 5 } }, far(10), far(10), far(10)], {
			standing,
		});
		expect(await again.result).toMatchObject({ status: "agreed", ip: ME });
		expect(standing.penalty("8.8.0.1 3478")).toBe(4);
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
		const run = observeExternalAddress({
			sockets: net.host("client").sockets(4),
			servers: specs,
			clock: net.clock,
			random: net.random.bytes,
			standing: new ServerStanding(),
			lookup: async (host) => names[host] ?? [],
		});
		const seen = await net.clock.runUntil(run);
		expect(seen).toMatchObject({ status: "agreed", asked: 2 });
		expect(seen.failures).toMatchObject([{ server: specs[4], error: { code: "ERR_STUN_CONFIG" } }]);
	});

	it("does not wait for names longer than its time", async () => {
		const net = world([]);
		const spec = { host: "slow.example", port: 3478 };
		const run = observeExternalAddress({
			sockets: net.host("client").sockets(4),
			servers: [spec],
			timeout: 1000,
			clock: net.clock,
			standing: new ServerStanding(),
			lookup: (_host, _af, { signal }) =>
				new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
		});
		expect(await net.clock.runUntil(run)).toMatchObject({
			status: "unreachable",
			asked: 1,
			failures: [{ server: spec, error: { code: "ERR_STUN_TIMEOUT", sends: 0 } }],
		});
		expect(net.clock.now()).toBe(1001);
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
		const run = observeExternalAddress({
			sockets: net.host("client").sockets(4),
			servers: places,
			clock,
			standing: new ServerStanding(),
		});
		expect(await clock.runUntil(run)).toMatchObject({ status: "agreed", ip: "10.0.0.9", nonPublic: true });
	});

	it("works over IPv6", async () => {
		const net = world([far(10), far(10)]);
		const run = observeExternalAddress({
			sockets: net.host("client").sockets(6),
			servers: [
				{ ip: "2a00:1450:1::1", port: 3478 },
				{ ip: "2a00:1450:2::1", port: 3478 },
			],
			clock: net.clock,
			standing: new ServerStanding(),
		});
		expect(await net.clock.runUntil(run)).toMatchObject({ status: "agreed", ip: "2a02:8070::9" });
	});

	it("stops when it is aborted", async () => {
		const abort = new AbortController();
		const { net, result } = observe([{ handler: dead }], { signal: abort.signal });
		net.clock.setTimeout(() => abort.abort(new Error("enough")), 100);
		await expect(result).rejects.toThrow("enough");
		expect(net.clock.now()).toBe(100);
	});

	it("refuses a timeout that is none", async () => {
		const { result } = observe([{}], { timeout: Number.NaN });
		await expect(result).rejects.toMatchObject({ code: "ERR_STUN_CONFIG" });
	});

	it("fails with the factory's error when there is no socket", async () => {
		const sockets = { af: 4 as const, udp: () => Promise.reject(new Error("EMFILE")) };
		await expect(observeExternalAddress({ sockets, servers: [server(0)] })).rejects.toThrow("EMFILE");
	});
});
