import type { Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { SeededRandom, type Topology } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	BirthdayGate,
	type NatKind,
	PunchArgumentError,
	punchTcp,
	punchUdp,
	type TcpPunchResult,
	type UdpPunchResult,
} from "../src/index.js";
import { bothTcp, bothUdp, buildScene, callOf, Inbox, type Scene } from "./scene.js";

const STRICT: NatKind = { type: 5, delta: 2, step: 0 };
const RANDOM: NatKind = { type: 6, delta: 6, step: 0 };
const OPEN: NatKind = { type: 1, delta: 1, step: 0 };

/** Nothing of a punch is left: no timer, no connection, no datagram that is still to come. */
async function expectNothingLeft({ clock, network }: Scene): Promise<void> {
	await clock.advance(130_000);
	expect(clock.pending).toBe(0);
	for (const host of ["alice", "bob"]) expect(network.host(host).tcp.connectionCount).toBe(0);
}

function udpCall(
	scene: Scene,
	who: 0 | 1,
	more: { signal?: AbortSignal; timeout?: number } = {},
): Promise<UdpPunchResult> {
	const { options, deps, observeUdp: observe } = callOf(scene, who);
	return punchUdp({ ...options, ...more }, { ...deps, observe, gate: new BirthdayGate() });
}

function tcpCall(
	scene: Scene,
	who: 0 | 1,
	more: { signal?: AbortSignal; timeout?: number } = {},
): Promise<TcpPunchResult> {
	const { options, deps, observeTcp: observe } = callOf(scene, who);
	return punchTcp({ ...options, ...more }, { ...deps, observe });
}

type AnyCall = (
	scene: Scene,
	who: 0 | 1,
	more?: { signal?: AbortSignal; timeout?: number },
) => Promise<UdpPunchResult | TcpPunchResult>;

/** Moves bob behind alice's gateway. */
function oneGateway(topology: Topology): Topology {
	const hosts = topology.hosts.map((host) =>
		host.name === "bob"
			? {
					...host,
					nics: host.nics.map((nic) => ({ ...nic, gateway: "gateway-a", addresses: ["192.168.1.30/24"] })),
				}
			: host,
	);
	return { ...topology, hosts };
}

describe("two peers behind one NAT", () => {
	it.each(["udp", "tcp"] as const)("use their local addresses over %s", async (transport) => {
		const scene = await buildScene(STRICT, STRICT, { topology: oneGateway });
		const [alice, bob] = transport === "udp" ? await bothUdp(scene) : await bothTcp(scene);
		expect([alice, bob]).toMatchObject([
			{ ok: true, path: "lan", remote: { ip: "192.168.1.30" } },
			{ ok: true, path: "lan", remote: { ip: "192.168.1.20" } },
		]);
	});

	it("use their local addresses although the NAT alone would need a relay, if the reports show that it is one", async () => {
		const scene = await buildScene(RANDOM, RANDOM, { topology: oneGateway });
		const call = (who: 0 | 1): Promise<UdpPunchResult> => {
			const { options, deps, observeUdp: observe } = callOf(scene, who);
			const externalIps = ["82.1.1.1"];
			const nats = {
				our: { ...options.nats.our, externalIps },
				their: { ...options.nats.their, externalIps },
			};
			return punchUdp({ ...options, nats }, { ...deps, observe });
		};
		const both = await scene.clock.runUntil(Promise.all([call(0), call(1)]));
		expect(both).toMatchObject([
			{ ok: true, path: "lan" },
			{ ok: true, path: "lan" },
		]);
	});
});

describe("IPv6 behind stateful firewalls", () => {
	it.each(["udp", "tcp"] as const)("is punched over %s without prediction", async (transport) => {
		const firewall: NatKind = { type: 2, delta: 1, step: 0 };
		const scene = await buildScene(firewall, firewall);
		const [alice, bob] = transport === "udp" ? await bothUdp(scene, 6) : await bothTcp(scene, 6);
		expect([alice, bob]).toMatchObject([
			{ ok: true, remote: { ip: "2a02:8072:1:1::20" } },
			{ ok: true, remote: { ip: "2a02:8071:1:1::20" } },
		]);
	});
});

describe("how a punch ends", () => {
	it.each(["udp", "tcp"] as const)("%s: the signal's reason, and nothing is left", async (transport) => {
		for (const after of [0, 30, 120, 180, 260]) {
			const scene = await buildScene(STRICT, transport === "udp" ? RANDOM : STRICT);
			const ending = new AbortController();
			const call: AnyCall = transport === "udp" ? udpCall : tcpCall;
			const first = call(scene, 0, { signal: ending.signal });
			const second = call(scene, 1, { timeout: 5000 });
			scene.clock.setTimeout(() => ending.abort(new Error("enough")), after);
			await expect(scene.clock.runUntil(first)).rejects.toThrow("enough");
			await scene.clock.runUntil(second);
			expect((await second).ok).toBe(false);
			await expectNothingLeft(scene);
		}
	});

	it("does not begin with a signal that was aborted before", async () => {
		const scene = await buildScene(STRICT, STRICT);
		await expect(udpCall(scene, 0, { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
		expect(scene.clock.pending).toBe(0);
	});

	it.each(["udp", "tcp"] as const)("%s: at the deadline, when the peer never comes", async (transport) => {
		const scene = await buildScene(STRICT, STRICT);
		const call: AnyCall = transport === "udp" ? udpCall : tcpCall;
		const result = await scene.clock.runUntil(call(scene, 0, { timeout: 3000 }));
		expect(result).toMatchObject({ ok: false, reason: "timeout", report: { elapsed: 3000, sent: 0 } });
		expect(scene.channels[0].inbox.returned).toBe(true);
		await expectNothingLeft(scene);
	});

	it("at once, when the channel ends before a round", async () => {
		const scene = await buildScene(STRICT, STRICT);
		scene.channels[1].inbox.end();
		const result = await scene.clock.runUntil(udpCall(scene, 1));
		expect(result).toMatchObject({ ok: false, reason: "peer" });
	});

	it("for the follower too, when the leader has no round left", async () => {
		const nothing = (topology: Topology): Topology => ({
			...topology,
			gateways: topology.gateways.map((gateway) => ({
				...gateway,
				...(gateway.name === "gateway-b" ? { udpBlocked: true } : {}),
			})),
		});
		const scene = await buildScene(STRICT, OPEN, { topology: nothing });
		const call = (who: 0 | 1): Promise<UdpPunchResult> => {
			const { options, deps } = callOf(scene, who);
			const ip = who === 0 ? "82.1.1.1" : "83.2.1.20";
			const observe = async (socket: DatagramSocket) => ({ ip, port: socket.address().port });
			return punchUdp({ ...options, timeout: 20_000 }, { ...deps, observe });
		};
		const both = await scene.clock.runUntil(Promise.all([call(0), call(1)]));
		expect(both).toMatchObject([
			{ ok: false, reason: "no-path", report: { rounds: 3 } },
			{ ok: false, reason: "peer" },
		]);
		await expectNothingLeft(scene);
	});

	it("with the reason, when no STUN server answers", async () => {
		const scene = await buildScene(STRICT, STRICT);
		const { options, deps } = callOf(scene, 0);
		const result = await scene.clock.runUntil(punchUdp(options, { ...deps, observe: async () => null }));
		expect(result).toMatchObject({ ok: false, reason: "no-observation" });
		await expectNothingLeft(scene);
	});

	it("needs no STUN server where the address is known without one", async () => {
		const scene = await buildScene(OPEN, OPEN);
		const call = (who: 0 | 1): Promise<TcpPunchResult> => {
			const { options, deps } = callOf(scene, who);
			return punchTcp(options, { ...deps, observe: async () => null });
		};
		expect(await scene.clock.runUntil(Promise.all([call(0), call(1)]))).toMatchObject([
			{ ok: true },
			{ ok: true },
		]);
	});

	it("with a relay, when the side that must listen cannot, and the peer learns it", async () => {
		const scene = await buildScene(OPEN, RANDOM);
		const { options, deps, observeTcp: observe } = callOf(scene, 0);
		const refuses = { ...deps.sockets, af: 4 as const, localIp: "83.1.1.20" };
		const sockets = {
			...refuses,
			connect: deps.sockets.connect.bind(deps.sockets),
			listen: async () => Promise.reject(Object.assign(new Error("in use"), { code: "EADDRINUSE" })),
		};
		const first = punchTcp(options, { ...deps, sockets, observe });
		const both = await scene.clock.runUntil(Promise.all([first, tcpCall(scene, 1)]));
		expect(both[0]).toMatchObject({
			ok: false,
			reason: "relay",
			rule: "needs-listener",
			report: { failures: { EADDRINUSE: 1 } },
		});
		expect(both[1].ok).toBe(false);
		await expectNothingLeft(scene);
	});
});

describe("sockets that the system refuses", () => {
	it("leave a birthday punch with those that could be opened", async () => {
		const scene = await buildScene(STRICT, RANDOM);
		const { options, deps, observeUdp: observe } = callOf(scene, 1);
		let made = 0;
		const udp: typeof deps.sockets.udp = async (given) => {
			made += 1;
			if (made > 150) throw Object.assign(new Error("too many"), { code: "EMFILE" });
			return deps.sockets.udp(given);
		};
		const sockets = { af: 4 as const, localIp: deps.sockets.localIp, udp };
		const second = punchUdp(options, { ...deps, sockets, observe, gate: new BirthdayGate() });
		const [alice, bob] = await scene.clock.runUntil(Promise.all([udpCall(scene, 0), second]));
		expect([alice.ok, bob.ok]).toEqual([true, true]);
		expect(bob.report.failures["EMFILE"]).toBeGreaterThan(0);
	});

	it("end the punch if there is none at all", async () => {
		const scene = await buildScene(STRICT, STRICT);
		const { options, deps, observeUdp: observe } = callOf(scene, 0);
		const udp = async () => Promise.reject(Object.assign(new Error("too many"), { code: "EMFILE" }));
		const result = await punchUdp(options, {
			...deps,
			sockets: { af: 4, localIp: "192.168.1.20", udp },
			observe,
		});
		expect(result).toMatchObject({ ok: false, reason: "sockets", report: { failures: { EMFILE: 1 } } });
	});

	it("are replaced: a TCP port that is taken is not the last one", async () => {
		const scene = await buildScene(STRICT, STRICT);
		const { options, deps, observeTcp } = callOf(scene, 0);
		let asked = 0;
		const observe: typeof observeTcp = async (port, signal) => {
			asked += 1;
			if (asked < 3) throw Object.assign(new Error("in use"), { code: "EADDRINUSE" });
			return observeTcp(port, signal);
		};
		const both = await scene.clock.runUntil(
			Promise.all([punchTcp(options, { ...deps, observe }), tcpCall(scene, 1)]),
		);
		expect(both).toMatchObject([{ ok: true, report: { failures: { EADDRINUSE: 2 } } }, { ok: true }]);
	});
});

describe("a UDP socket after the punch", () => {
	async function punched(
		lifetime?: number,
	): Promise<{ scene: Scene; ends: Extract<UdpPunchResult, { ok: true }>[] }> {
		const scene = await buildScene(STRICT, STRICT);
		const call = (who: 0 | 1): Promise<UdpPunchResult> => {
			const { options, deps, observeUdp: observe } = callOf(scene, who);
			const our =
				lifetime === undefined ? options.nats.our : { ...options.nats.our, lifetime: { atLeast: lifetime } };
			return punchUdp({ ...options, nats: { ...options.nats, our } }, { ...deps, observe });
		};
		const ends = await scene.clock.runUntil(Promise.all([call(0), call(1)]));
		return { scene, ends: ends.filter((end) => end.ok) };
	}

	it("shows its owner nothing of the punch, however late it comes", async () => {
		const { scene, ends } = await punched();
		const seen: string[] = [];
		for (const { socket } of ends) socket.on("message", (data) => seen.push(String(data)));
		await scene.clock.advance(60_000);
		expect(seen).toEqual([]);
		const [alice, bob] = ends;
		alice!.socket.send("data", alice!.remote.port, alice!.remote.ip);
		await scene.clock.runUntil(once(bob!.socket, "message"));
		expect(seen).toEqual(["data"]);
	});

	it("keeps its mapping alive until it is closed", async () => {
		const { scene, ends } = await punched();
		expect(ends.map(({ keepAlive }) => keepAlive)).toEqual([15_000, 15_000]);
		// A NAT of the scene forgets after 120 s without traffic.
		await scene.clock.advance(600_000);
		const got = once(ends[1]!.socket, "message");
		ends[0]!.socket.send("still there", ends[0]!.remote.port, ends[0]!.remote.ip);
		expect(String((await scene.clock.runUntil(got))[0])).toBe("still there");
		for (const { socket } of ends) socket.close();
		await expectNothingLeft(scene);
	});

	it("keeps it by the lifetime that was measured", async () => {
		const { ends } = await punched(20_000);
		expect(ends.map(({ keepAlive }) => keepAlive)).toEqual([10_000, 10_000]);
	});
});

describe("birthday punches", () => {
	it("go on one at a time in a process", async () => {
		const gate = new BirthdayGate();
		const scene = await buildScene(STRICT, RANDOM);
		const leave = await gate.enter("scan", new AbortController().signal);
		const { options, deps, observeUdp: observe } = callOf(scene, 0);
		const waiting = punchUdp({ ...options, timeout: 2000 }, { ...deps, observe, gate });
		const other = udpCall(scene, 1, { timeout: 2000 });
		const both = await scene.clock.runUntil(Promise.all([waiting, other]));
		expect(both).toMatchObject([{ ok: false, reason: "timeout" }, { ok: false }]);
		leave();
		const next = await gate.enter("scan", new AbortController().signal);
		next();
	});

	it("send no more guesses than they may", async () => {
		const scene = await buildScene(STRICT, RANDOM);
		const { options, deps, observeUdp: observe } = callOf(scene, 0);
		const first = punchUdp({ ...options, probes: 8 }, { ...deps, observe, gate: new BirthdayGate() });
		const [alice, bob] = await scene.clock.runUntil(Promise.all([first, udpCall(scene, 1)]));
		expect([alice, bob]).toMatchObject([
			{ ok: false, reason: "no-path", report: { guesses: 8 } },
			{ ok: false, reason: "peer" },
		]);
		await expectNothingLeft(scene);
	});
});

describe("arguments", () => {
	it.each([
		["options.ourId", { ourId: "" }, {}],
		["options.theirId", { theirId: "alice" }, {}],
		["options.nats.our.type", { nats: { our: { type: 9, delta: { type: 1, value: 0 } }, their: {} } }, {}],
		["options.timout", { timout: 5 }, {}],
		["options.localIps[0]", { localIps: ["here"] }, {}],
		["options.timeout", { timeout: -1 }, {}],
		["deps.sockets", {}, { sockets: {} }],
		["deps.channel", {}, { channel: { send: () => undefined } }],
		["deps.observe", {}, { observe: "stun" }],
	])("refuses a wrong %s", async (argument, options, deps) => {
		const scene = await buildScene(STRICT, STRICT);
		const call = callOf(scene, 0);
		const given = { ...call.options, ...options } as never;
		const environment = { ...call.deps, observe: call.observeUdp, ...deps } as never;
		await expect(punchUdp(given, environment)).rejects.toMatchObject({
			code: "ERR_PUNCH_ARGUMENT",
			argument,
		});
		await expect(punchTcp(given, environment)).rejects.toThrow(PunchArgumentError);
	});
});

describe("a thousand punches", () => {
	it("leave nothing", { timeout: 120_000 }, async () => {
		const random = new SeededRandom("a thousand");
		let left = 0;
		for (let i = 0; i < 1000; i++) {
			const pick = (): NatKind =>
				[OPEN, STRICT, { type: 6, delta: 4, step: 3 } as const][random.int(0, 2)] ?? OPEN;
			const scene = await buildScene(pick(), pick(), { seed: i, rtt: 20, loss: 0.05 });
			const both = i % 2 === 0 ? await bothUdp(scene) : await bothTcp(scene);
			for (const result of both) {
				if (!result.ok) continue;
				if ("destroy" in result.socket) result.socket.destroy();
				else result.socket.close();
			}
			// As long as the kernel of the scene repeats a FIN that nobody acknowledges.
			await scene.clock.advance(3_600_000);
			left += scene.clock.pending;
			for (const host of ["alice", "bob"]) left += scene.network.host(host).tcp.connectionCount;
			for (const inbox of scene.channels.map((channel) => channel.inbox)) left += inbox.returned ? 0 : 1;
		}
		expect(left).toBe(0);
	});
});

describe("a channel that is not read further", () => {
	it("is left by the punch, even if it never yields", async () => {
		const scene = await buildScene(STRICT, STRICT);
		const { options, deps, observeUdp: observe } = callOf(scene, 0);
		const messages = new Inbox();
		const channel = { send: async () => Promise.reject(new Error("offline")), messages };
		const result = await scene.clock.runUntil(
			punchUdp({ ...options, timeout: 500 }, { ...deps, channel, observe }),
		);
		expect(result).toMatchObject({ ok: false, reason: "timeout" });
		expect(messages.returned).toBe(true);
	});
});
