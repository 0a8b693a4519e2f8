import type { NatSpec } from "@p2pd/testnet";
import { describe, expect, it, vi } from "vitest";
import { discoverNat, discoverNatSteps, type NatReport } from "../src/index.js";
import {
	dropsChange,
	fakesSilence,
	garbage,
	ignoresChange,
	namesOther,
	refuses,
	singleAddress,
	slow,
	twice,
	wrongId,
	wrongSource,
} from "./scenes/bad-servers.js";
import { buildScene, dead, liar, type Run, runScene, type Scene, serversOf } from "./scenes/scene.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 120_000 });

const HOME: NatSpec = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
	allocation: { kind: "equal" },
};
const SYMMETRIC: NatSpec = {
	kind: "nat",
	mapping: "address-and-port-dependent",
	filtering: "address-and-port-dependent",
};
const CONE: NatSpec = { ...HOME, filtering: "endpoint-independent" };
const ROUTER = { kind: "router" } as const;

const brief = ({ type, mapping, filtering, delta }: NatReport): unknown[] => [
	type,
	mapping,
	filtering,
	delta.type,
	delta.value,
];
const EI = "endpoint-independent";
const APD = "address-and-port-dependent";
const verdict = async (scene: Scene): Promise<unknown[]> => brief((await runScene(scene)).report);
const standings = ({ report }: Run): string[] => report.evidence.servers.map(({ standing }) => standing);

describe("bad servers", () => {
	const lie = { ip: "81.2.69.160", port: 40_404 };

	it("outvotes two that lie together, and names them", async () => {
		const run = await runScene({ gateway: HOME, bad: { 0: liar(lie), 1: liar(lie) } });
		expect(brief(run.report)).toEqual([5, EI, APD, 2, 0]);
		expect(standings(run)).toEqual(["suspect", "suspect", "trusted", "trusted", "trusted"]);
		expect(run.report.agreement).toMatchObject({ asked: 5, agreed: 3, needed: 3, dissent: true });
		expect(run.report.externalIps).toEqual(["82.1.1.1"]);
	});

	it("is not talked into an open network by liars that name the local address", async () => {
		const local = { ip: "192.168.1.20", port: 1 };
		expect(await verdict({ gateway: HOME, bad: { 2: liar(local), 3: liar(local) } })).toEqual([
			5,
			EI,
			APD,
			2,
			0,
		]);
	});

	it("is not talked into a filter by two servers that fake silence and let their controls pass", async () => {
		const bad = { 0: fakesSilence, 1: fakesSilence };
		for (const loss of [0, 0.02]) {
			for (let seed = 1; seed <= 5; seed++) {
				const got = await verdict({ gateway: CONE, bad, seed, loss });
				expect([seed, got[0]]).toEqual([seed, 3]);
				const half = await verdict({ gateway: { ...HOME, filtering: "address-dependent" }, bad, seed, loss });
				expect([seed, half[0]]).toEqual([seed, 4]);
			}
		}
	});

	it("says unknown where liars are as many as honest servers", async () => {
		const run = await runScene({ gateway: HOME, servers: 2, bad: { 0: liar(lie) } });
		expect([run.report.type, run.report.mapping]).toEqual(["unknown", "unknown"]);
		expect(run.report.agreement.dissent).toBe(true);
	});

	it("proves nothing by the silence of servers that drop CHANGE-REQUEST", async () => {
		const all = { 0: dropsChange, 1: dropsChange, 2: dropsChange, 3: dropsChange, 4: dropsChange };
		const run = await runScene({ gateway: CONE, bad: all });
		expect(brief(run.report)).toEqual(["unknown", EI, "unknown", 2, 0]);
		expect(run.report.reason).toContain("positive controls");
	});

	it("finds the two that honour CHANGE-REQUEST among those that do not", async () => {
		const bad = { 0: dropsChange, 1: ignoresChange, 2: dropsChange };
		expect(await verdict({ gateway: HOME, bad })).toEqual([5, EI, APD, 2, 0]);
		expect(await verdict({ gateway: CONE, bad })).toEqual([3, EI, EI, 2, 0]);
	});

	it.each([
		["the same IP", { ip: "8.40.1.1", port: 3479 }, "same IP"],
		["the same port", { ip: "9.9.9.9", port: 3478 }, "same port"],
		["a private address", { ip: "192.168.1.1", port: 3479 }, "private"],
	])("does not use a server whose other address is of %s", async (_name, other, problem) => {
		const run = await runScene({ gateway: HOME, bad: { 0: namesOther(other) } });
		expect(brief(run.report)).toEqual([5, EI, APD, 2, 0]);
		expect(run.report.evidence.servers[0]?.problems.join()).toContain(problem);
		expect(run.report.evidence.probes.some(({ to }) => to.ip === other.ip && to.port === other.port)).toBe(
			false,
		);
	});

	it.each([
		["dead", dead],
		["slow", slow(300)],
		["answering from the wrong source", wrongSource],
		["answering with a wrong id", wrongId],
		["answering garbage", garbage],
		["refusing", refuses],
		["answering twice", twice],
		["having one address", singleAddress],
		["ignoring CHANGE-REQUEST", ignoresChange],
	])("gives the right verdict with two servers %s", async (_name, wrap) => {
		for (const gateway of [HOME, SYMMETRIC, CONE]) {
			const run = await runScene({ gateway, bad: { 0: wrap, 3: wrap } });
			const type = gateway === HOME ? 5 : gateway === CONE ? 3 : 6;
			expect([run.report.type, run.report.reason]).toEqual([type, expect.any(String)]);
			expect(run.took).toBeLessThanOrEqual(5000);
			expect(run.datagrams).toBeLessThanOrEqual(120);
		}
	});

	it("compares servers with one another where none has a second address", async () => {
		const bad = { 0: singleAddress, 1: singleAddress, 2: singleAddress, 3: singleAddress, 4: singleAddress };
		expect(await verdict({ gateway: HOME, bad })).toEqual(["unknown", EI, "not-checked", 2, 0]);
		expect(await verdict({ gateway: SYMMETRIC, bad })).toEqual([6, "varies", "not-checked", 6, 0]);
		expect(await verdict({ gateway: ROUTER, bad })).toEqual(["unknown", "none", "not-checked", 1, 0]);
	});
});

describe("few servers", () => {
	it("marks what a single server says", async () => {
		const { report } = await runScene({ gateway: HOME, servers: 1 });
		expect(brief(report)).toEqual([5, EI, APD, 2, 0]);
		expect(report.singleServer).toBe(true);
		expect(report.reason).toContain("Only one server");
	});

	it("does not know from a single server without a second address", async () => {
		const { report } = await runScene({ gateway: HOME, servers: 1, bad: { 0: singleAddress } });
		expect([report.type, report.mapping]).toEqual(["unknown", "unknown"]);
	});

	it("does not take the silence of a single server for a blocked network", async () => {
		const one = await runScene({ gateway: HOME, servers: 1, scene: { udpBlocked: true } });
		expect(one.report.type).toBe("unknown");
		expect(one.report.reason).toContain("the silence of one server proves nothing");
		const two = await runScene({ gateway: HOME, servers: 2, scene: { udpBlocked: true } });
		expect([two.report.type, two.took <= 3000]).toEqual([7, true]);
	});

	it("does not believe the only one of several that answers", async () => {
		const { report } = await runScene({ gateway: HOME, servers: 3, bad: { 0: dead, 2: dead } });
		expect([report.type, report.mapping]).toEqual(["unknown", "unknown"]);
	});
});

describe("odd NATs", () => {
	it("reports the observed ports of a NAT with a short range, and equal ports within it", async () => {
		const { report } = await runScene({ gateway: { ...HOME, ports: [20_000, 21_999] }, seed: 7 });
		expect(report.delta).toEqual({ type: 2, value: 0 });
		expect(report.observedPorts?.start).toBeGreaterThanOrEqual(20_000);
		expect(report.observedPorts?.end).toBeLessThanOrEqual(21_999);
	});

	it.each([
		["independent", { kind: "independent", step: 5 }, 4, 5],
		["preserving", { kind: "preserving" }, 3, 0],
		["dependent", { kind: "dependent", step: 2 }, 5, 2],
	] as const)("finds %s ports in a range that wraps", async (_name, allocation, type, value) => {
		for (let seed = 1; seed <= 8; seed++) {
			const { report } = await runScene({ gateway: { ...HOME, allocation, ports: [40_000, 40_511] }, seed });
			expect([seed, report.delta]).toEqual([seed, { type, value }]);
		}
	});

	it("sees a NAT that shares a port among destinations as what can be observed", async () => {
		const gateway: NatSpec = { ...SYMMETRIC, allocation: { kind: "equal" }, onCollision: "overload" };
		const { report } = await runScene({ gateway });
		expect([report.mapping, report.delta.type]).toEqual([EI, 2]);
	});

	it("tells one external address from several", async () => {
		const scene = { externalIps: ["82.1.1.1", "82.1.1.2", "82.1.1.3", "82.1.1.4"] };
		const paired = await runScene({ gateway: HOME, scene });
		const arbitrary = await runScene({ gateway: { ...HOME, pooling: "arbitrary" }, scene });
		expect(paired.report.pooling).toBe("paired");
		expect(arbitrary.report.pooling).toBe("arbitrary");
		expect(arbitrary.report.type).toBe(5);
		expect(arbitrary.report.externalIps.length).toBeGreaterThan(1);
	});

	it("sees hairpinning, and its absence", async () => {
		for (const gateway of [HOME, CONE]) {
			const yes = await runScene({ gateway: { ...gateway, hairpinning: true } });
			const no = await runScene({ gateway });
			expect([yes.report.hairpinning, no.report.hairpinning]).toEqual(["yes", "no-answer"]);
		}
	});

	it("gets along with a NAT that makes few mappings at once", async () => {
		const gateway: NatSpec = { ...HOME, bindingRate: { perSecond: 50, burst: 20 } };
		expect(await verdict({ gateway })).toEqual([5, EI, APD, 2, 0]);
	});

	it("bears jitter, duplicates and reordering on the way", async () => {
		const link = { jitter: 30, duplicate: 0.1, reorder: 0.1, reorderBy: 25 };
		for (let seed = 1; seed <= 10; seed++) {
			expect(await verdict({ gateway: HOME, seed, link })).toEqual([5, EI, APD, 2, 0]);
			expect((await verdict({ gateway: SYMMETRIC, seed, link })).slice(0, 2)).toEqual([6, APD]);
		}
	});

	it("sees a one-to-one NAT as a NAT that keeps ports", async () => {
		expect(await verdict({ gateway: { kind: "one-to-one", filtering: EI } })).toEqual([3, EI, EI, 2, 0]);
		expect(await verdict({ gateway: { kind: "one-to-one", filtering: APD } })).toEqual([5, EI, APD, 2, 0]);
	});
});

describe("IPv6", () => {
	it.each([
		["open", { kind: "router" }, [1, "none", EI, 1, 0]],
		["firewall", { kind: "firewall", filtering: APD }, [2, "none", APD, 1, 0]],
		[
			"address-dependent firewall",
			{ kind: "firewall", filtering: "address-dependent" },
			[2, "none", "address-dependent", 1, 0],
		],
	] as const)("%s", async (_name, gateway, expected) => {
		expect(await verdict({ gateway, af: 6 })).toEqual(expected);
	});
});

describe("what else is reported", () => {
	it("hints at a carrier's NAT and at two NATs", async () => {
		const plain = await runScene({ gateway: HOME });
		expect(plain.report.doubleNat).toEqual({ verdict: "no-sign", reasons: [] });
		const told = await runScene({ gateway: HOME, options: { routerAddress: "100.64.7.7" } });
		expect(told.report.doubleNat.verdict).toBe("likely");
		const carrier = await runScene({ gateway: HOME, scene: { externalIps: ["100.64.1.1"] } });
		expect([carrier.report.sharedAddressSpace, carrier.report.doubleNat.verdict]).toEqual([true, "likely"]);
	});

	it("says what changed since an earlier report", async () => {
		const { report: before } = await runScene({ gateway: HOME });
		const same = await runScene({ gateway: HOME, seed: 2, options: { previous: before } });
		expect(same.report.changes).toEqual([]);
		const other = await runScene({ gateway: SYMMETRIC, options: { previous: before } });
		expect(other.report.changes?.map(({ field }) => field)).toEqual(["type", "mapping", "delta"]);
	});

	it("leaves out what is not wanted", async () => {
		const options = { delta: false, hairpinning: false, tcp: false };
		const { report, datagrams } = await runScene({ gateway: HOME, options });
		expect([report.type, report.delta.type, report.hairpinning, report.tcp.mapping]).toEqual([
			5,
			"unknown",
			"not-checked",
			"not-checked",
		]);
		expect(datagrams).toBeLessThanOrEqual(40);
	});

	it("has every datagram in its evidence", async () => {
		const { report, datagrams } = await runScene({ gateway: SYMMETRIC, loss: 0.05, seed: 3 });
		const sends = report.evidence.probes.flatMap((probe) => probe.sends);
		expect([report.datagrams, sends.length]).toEqual([datagrams, datagrams]);
		expect(JSON.parse(JSON.stringify(report))).toEqual(report);
	});
});

describe("manners", () => {
	const input = (scene: Scene) => {
		const network = buildScene(scene);
		const sent: { socket: number; ip: string; change: boolean }[] = [];
		network.watch(({ what, where, packet }) => {
			if (what !== "sent" || where !== "client" || packet.proto !== "udp") return;
			const change = Buffer.from(packet.data).includes(Buffer.from([0, 3, 0, 4]), 20);
			sent.push({ socket: packet.srcPort, ip: packet.dst, change });
		});
		return {
			network,
			sent,
			options: { servers: serversOf(5) },
			deps: {
				sockets: network.host("client").sockets(4),
				clock: network.clock,
				random: (size: number) => network.random.bytes(size),
			},
		};
	};

	it("keeps filtering sockets to one server's first address, and CHANGE-REQUEST off the mapping socket", async () => {
		const { network, options, deps } = input({ gateway: HOME });
		const report = await network.clock.runUntil(discoverNat(options, deps));
		const bySocket = new Map<string, Set<string>>();
		for (const { id, to, change } of report.evidence.probes) {
			const role = id.split(":")[0];
			if (role === "map") expect(change).toBe("none");
			if (role === "filter") {
				const socket = id.split(":").slice(0, 2).join(":");
				bySocket.set(socket, (bySocket.get(socket) ?? new Set()).add(`${to.ip} ${to.port}`));
			}
		}
		expect(bySocket.size).toBeGreaterThanOrEqual(2);
		for (const contacted of bySocket.values()) expect(contacted.size).toBe(1);
	});

	it("gives the external address after one round trip and at most 10 datagrams, then better results", async () => {
		const { network, sent, options, deps } = input({ gateway: HOME, rtt: 50 });
		const steps: { at: number; sent: number; report: NatReport }[] = [];
		await network.clock.runUntil(
			(async () => {
				for await (const report of discoverNatSteps(options, deps)) {
					steps.push({ at: network.clock.now(), sent: sent.length, report });
				}
			})(),
		);
		const first = steps[0];
		expect(first?.report.final).toBe(false);
		expect(first?.at).toBeLessThanOrEqual(60);
		const address = steps.find(({ report }) => report.external !== null);
		expect(address?.report.external?.ip).toBe("82.1.1.1");
		const mapping = sent.slice(0, address?.sent).filter(({ change }) => !change);
		expect(mapping.length).toBeLessThanOrEqual(10);
		const last = steps.at(-1)?.report;
		expect([last?.final, last?.type]).toEqual([true, 5]);
		expect(steps.filter(({ report }) => report.final)).toHaveLength(1);
	});

	it("ends when the loop over its steps is left", async () => {
		const { network, options, deps } = input({ gateway: HOME });
		await network.clock.runUntil(
			(async () => {
				for await (const report of discoverNatSteps(options, deps)) {
					expect(report.final).toBe(false);
					break;
				}
			})(),
		);
		expect(network.clock.now()).toBeLessThan(100);
	});

	it("ends at once when it is aborted", async () => {
		const { network, options, deps } = input({ gateway: HOME });
		const stop = new AbortController();
		network.clock.setTimeout(() => stop.abort(new Error("enough")), 70);
		const work = network.clock.runUntil(discoverNat({ ...options, signal: stop.signal }, deps));
		await expect(work).rejects.toThrow("enough");
		expect(network.clock.now()).toBeLessThan(100);
	});

	it("keeps its timeout", async () => {
		const { network, options, deps } = input({ gateway: HOME, rtt: 900 });
		const report = await network.clock.runUntil(discoverNat({ ...options, timeout: 1000 }, deps));
		expect(network.clock.now()).toBeLessThanOrEqual(1001);
		expect(report.final).toBe(true);
		expect(report.type).toBe("unknown");
	});

	it("finds the local address where the kernel chooses it", async () => {
		const { network, options, deps } = input({ gateway: { kind: "router" } });
		const { sockets } = deps;
		expect(sockets.localIp).toBe("0.0.0.0");
		const report = await network.clock.runUntil(discoverNat(options, deps));
		expect([report.type, report.local?.ip]).toEqual([1, "192.168.1.20"]);
	});

	it.each([
		["no servers", { servers: [] }, "servers"],
		["servers of the other family", { servers: [{ ip: "2a00:1450:1::1", port: 3478 }] }, "servers"],
		["a timeout of 0", { timeout: 0 }, "timeout"],
		["no servers to ask", { maxServers: 0 }, "maxServers"],
	])("refuses %s", async (_name, change, argument) => {
		const { options, deps } = input({ gateway: HOME });
		await expect(discoverNat({ ...options, ...change }, deps)).rejects.toEqual(
			expect.objectContaining({ code: "ERR_NAT_ARGUMENT", argument }),
		);
	});

	it("does not call a machine without a network blocked", async () => {
		const { network, options, deps } = input({ gateway: HOME });
		const { sockets } = deps;
		const cut = {
			af: 4 as const,
			localIp: "192.168.1.20",
			udp: async () => {
				const socket = await sockets.udp();
				socket.send = (...all: unknown[]) => {
					const done = all.at(-1);
					if (typeof done === "function") done(new Error("ENETUNREACH"));
				};
				return socket;
			},
		};
		const report = await network.clock.runUntil(discoverNat(options, { ...deps, sockets: cut }));
		expect([report.type, network.clock.now() < 1000]).toEqual(["unknown", true]);
		expect(report.reason).toContain("no server could be asked");
	});

	it("says so when no socket can be made", async () => {
		const { network, options, deps } = input({ gateway: HOME });
		const sockets = {
			...deps.sockets,
			af: 4 as const,
			localIp: "192.168.1.20",
			udp: () => Promise.reject(new Error("EMFILE")),
		};
		const work = network.clock.runUntil(discoverNat(options, { ...deps, sockets }));
		await expect(work).rejects.toEqual(expect.objectContaining({ code: "ERR_NAT_SOCKET" }));
	});
});
