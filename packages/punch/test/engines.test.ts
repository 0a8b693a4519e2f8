import { describe, expect, it } from "vitest";
import { Packets } from "../src/packet.js";
import { predictPorts } from "../src/ports.js";
import { type Aim, aimAt } from "../src/targets.js";
import { type TcpAction, TcpEngine } from "../src/tcp-engine.js";
import { UdpEngine, type UdpEngineParts } from "../src/udp-engine.js";

const SECRETS = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)] as const;
const leaderPackets = new Packets("leader", ...SECRETS);
const followerPackets = new Packets("follower", ...SECRETS);
const PEER = { ip: "8.8.8.8", port: 1000 };
const ONE_TARGET: Aim = { targets: [{ socket: 0, to: PEER, after: 0, path: "external" }], scan: null };

function udp(role: "leader" | "follower", changes: Partial<UdpEngineParts> = {}): UdpEngine {
	const packets = role === "leader" ? leaderPackets : followerPackets;
	return new UdpEngine({
		role,
		aim: ONE_TARGET,
		at: 0,
		packets,
		probes: 0,
		opening: "normal",
		pick: () => 0,
		...changes,
	});
}

describe("packets", () => {
	it("are read by the peer alone, each as its own kind", () => {
		for (const kind of ["probe", "pick", "picked", "keep"] as const) {
			expect(followerPackets.read(leaderPackets.make(kind))).toBe(kind);
			// An echo of our own packet is not the peer.
			expect(leaderPackets.read(leaderPackets.make(kind))).toBeNull();
			const other = new Packets("follower", SECRETS[1], SECRETS[0]);
			expect(other.read(leaderPackets.make(kind))).toBeNull();
		}
		expect(followerPackets.read(Buffer.from("hello"))).toBeNull();
		expect(followerPackets.read(Buffer.alloc(20))).toBeNull();
	});
});

describe("the UDP engine", () => {
	it("begins at the agreed instant and repeats its probe more and more rarely", () => {
		const engine = udp("leader", {
			at: 100,
			aim: { ...ONE_TARGET, targets: [{ ...ONE_TARGET.targets[0]!, after: 0 }] },
		});
		const times: number[] = [];
		for (let now = 0; now < 1000; ) {
			const { sends, wakeAt } = engine.poll(now);
			if (sends.length > 0) times.push(now);
			now = wakeAt;
		}
		expect(times).toEqual([0 + 100, 125, 175, 275, 475, 675, 875]);
	});

	it("ends on both sides with the same path, after one and a half round trips", () => {
		const [leader, follower] = [udp("leader"), udp("follower")];
		const [first] = follower.poll(0).sends;
		leader.receive(0, first!.data, PEER, 50);
		const answer = leader.poll(50);
		expect(answer.done).toBeNull();
		expect(followerPackets.read(answer.sends[0]!.data)).toBe("pick");
		follower.receive(0, answer.sends[0]!.data, PEER, 100);
		const taken = follower.poll(100);
		expect(taken.done).toMatchObject({ socket: 0, remote: PEER });
		leader.receive(0, taken.sends[0]!.data, PEER, 150);
		expect(leader.poll(150).done).toMatchObject({ socket: 0, remote: PEER });
	});

	it("does not believe a stranger, an echo, or a `picked` for a path that it never picked", () => {
		const leader = udp("leader");
		const [own] = leader.poll(0).sends;
		expect(leader.receive(0, Buffer.from("hello"), PEER, 10)).toBe(false);
		expect(leader.receive(0, own!.data, PEER, 10)).toBe(false);
		expect(leader.heardAt).toBeNull();
		leader.receive(0, followerPackets.make("picked"), PEER, 20);
		expect(leader.poll(20).done).toBeNull();
	});

	it("takes the first pick that reaches the follower, and says so on that path alone", () => {
		const other = { ip: "8.8.8.8", port: 2000 };
		const follower = udp("follower");
		follower.receive(0, leaderPackets.make("pick"), other, 10);
		follower.receive(0, leaderPackets.make("pick"), PEER, 11);
		const { done, sends } = follower.poll(12);
		expect(done?.remote).toEqual(other);
		expect(sends.map(({ to }) => to)).toEqual([other]);
	});

	it("guesses different ports, paced and within the budget, until it hears the peer", () => {
		let seed = 1;
		const pick = (below: number): number => {
			seed = (seed * 48_271) % 2_147_483_647;
			return seed % below;
		};
		const engine = udp("leader", { aim: { targets: [], scan: "8.8.8.8" }, probes: 1100, pick });
		const ports: number[] = [];
		let now = 0;
		for (; now < 10_000; ) {
			const { sends, wakeAt } = engine.poll(now);
			expect(sends.length).toBeLessThanOrEqual(4);
			ports.push(...sends.map(({ to }) => to.port));
			now = wakeAt;
		}
		expect(ports).toHaveLength(1100);
		expect(new Set(ports).size).toBe(1100);
		expect(Math.min(...ports)).toBeGreaterThanOrEqual(1024);
		expect(engine.isSpent).toBe(true);
	});

	it("stops guessing when it hears the peer, and pauses when the system has no buffers", () => {
		const engine = udp("leader", { aim: { targets: [], scan: "8.8.8.8" }, probes: 100 });
		const [lost] = engine.poll(0).sends;
		engine.congested(lost!.to.port, 0);
		expect(engine.poll(10).sends).toEqual([]);
		expect(engine.poll(50).sends[0]?.to).toEqual(lost!.to);
		engine.receive(0, followerPackets.make("probe"), PEER, 60);
		expect(engine.poll(100).sends.map(({ guess }) => guess)).toEqual([false]);
		expect(engine.poll(110).sends).toEqual([]);
	});

	it("follows a bounded number of paths, however many ports a lying peer sends from", () => {
		const engine = udp("follower");
		for (let port = 1; port <= 5000; port++)
			engine.receive(0, leaderPackets.make("probe"), { ...PEER, port }, 1);
		expect(engine.poll(1).sends.length).toBeLessThanOrEqual(65);
	});
});

/** Drives an engine: what it does at a time. */
const acts = (engine: TcpEngine, now: number): readonly TcpAction[] => engine.poll(now).actions;
const tcp = (role: "leader" | "follower", targets = ONE_TARGET.targets): TcpEngine =>
	new TcpEngine({ role, targets, at: 0, opening: "normal" });

describe("the TCP engine", () => {
	it("connects at the instant and again 10 ms after each refusal", () => {
		const engine = tcp("leader");
		expect(acts(engine, 0)).toMatchObject([{ type: "connect", id: 0, to: PEER, lowTtl: false }]);
		engine.failed(0, "ECONNREFUSED", 30);
		expect(engine.poll(30)).toMatchObject({ actions: [], wakeAt: 40 });
		expect(acts(engine, 40)).toMatchObject([{ type: "connect", id: 1 }]);
		engine.failed(1, "EHOSTUNREACH", 50);
		expect(engine.poll(50).wakeAt).toBe(150);
	});

	it("lets the leader pick its first connection, and end when that one has proved itself", () => {
		const engine = tcp("leader");
		acts(engine, 0);
		engine.connected(0, 100);
		expect(acts(engine, 100)).toEqual([{ type: "write", id: 0, packets: ["probe", "pick"] }]);
		engine.received(0, "probe", 150);
		expect(engine.poll(150).done).toMatchObject({ id: 0, remote: PEER });
	});

	it("lets the follower end with the connection that was picked", () => {
		const two = [PEER, { ip: "8.8.8.8", port: 2000 }].map((to) => ({
			socket: 0,
			to,
			after: 0,
			path: "external" as const,
		}));
		const engine = tcp("follower", two);
		acts(engine, 0);
		engine.connected(0, 100);
		engine.connected(1, 101);
		engine.received(0, "probe", 150);
		engine.received(1, "probe", 150);
		expect(engine.poll(150).done).toBeNull();
		engine.received(1, "pick", 160);
		expect(engine.poll(160).done).toMatchObject({ id: 1, remote: two[1]!.to });
	});

	it("tells a stranger who connects nothing, and closes the connection in the end", () => {
		const engine = tcp("leader", []);
		const id = engine.accepted(0, { ip: "9.9.9.9", port: 5 }, 10);
		expect(acts(engine, 10)).toEqual([]);
		expect(engine.poll(10).wakeAt).toBe(6010);
		expect(acts(engine, 6010)).toEqual([{ type: "close", id }]);
	});

	it("closes a connection whose first bytes are not the peer's", () => {
		const engine = tcp("follower");
		acts(engine, 0);
		engine.connected(0, 10);
		acts(engine, 10);
		engine.received(0, null, 20);
		expect(acts(engine, 20)).toEqual([{ type: "close", id: 0 }]);
		expect(acts(engine, 30)).toMatchObject([{ type: "connect", id: 1 }]);
	});

	it("keeps a bounded number of strangers", () => {
		const engine = tcp("leader", []);
		const ids = Array.from({ length: 100 }, (_, port) =>
			engine.accepted(0, { ip: "9.9.9.9", port: port + 1 }, 0),
		);
		expect(ids.filter((id) => id !== null)).toHaveLength(16);
	});

	it("picks another connection when the picked one ends", () => {
		const two = [PEER, { ip: "8.8.8.8", port: 2000 }].map((to) => ({
			socket: 0,
			to,
			after: 0,
			path: "external" as const,
		}));
		const engine = tcp("leader", two);
		acts(engine, 0);
		engine.connected(0, 100);
		engine.connected(1, 100);
		acts(engine, 100);
		engine.received(1, "probe", 150);
		engine.closed(0, 160);
		expect(acts(engine, 160)).toContainEqual({ type: "write", id: 1, packets: ["pick"] });
		expect(engine.poll(160).done).toMatchObject({ id: 1 });
	});

	it("keeps the picked connection while nothing better has proved itself: the peer may have taken it", () => {
		const engine = tcp("leader");
		acts(engine, 0);
		engine.connected(0, 100);
		acts(engine, 100);
		expect(acts(engine, 60_000)).toEqual([]);
		engine.received(0, "probe", 60_001);
		expect(engine.poll(60_001).done).toMatchObject({ id: 0 });
	});
});

describe("predicted ports", () => {
	const seen = { local: 40_000, external: 50_000 };
	it.each([
		["equal", { delta: 2, step: 0 }, [41_000, 42_000], [41_000, 42_000]],
		["preserving", { delta: 3, step: 0 }, [40_001, 39_990], [50_001, 49_990]],
		["independent", { delta: 4, step: 3 }, [1, 2], [50_003, 50_006, 50_009]],
		["independent, down", { delta: 4, step: -3 }, [1, 2], [49_997, 49_994, 49_991]],
		["dependent", { delta: 5, step: 2 }, [40_001, 40_002], [50_002, 50_004, 50_006]],
		["random", { delta: 6, step: 0 }, [1], []],
	] as const)("%s", (_, kind, locals, expected) => {
		expect(predictPorts(kind, seen, locals, 3)).toEqual(expected);
	});

	it("go on at the other end of the NAT's range", () => {
		const near = { local: 1, external: 65_534 };
		expect(predictPorts({ delta: 4, step: 1 }, near, [], 3)).toEqual([65_535, 1024, 1025]);
		expect(predictPorts({ delta: 4, step: -1 }, { local: 1, external: 1025 }, [], 3)).toEqual([
			1024, 65_535, 65_534,
		]);
	});
});

describe("targets", () => {
	const kind = { type: 5, delta: 2, step: 0 } as const;
	const offer = (ip: string, ports: number[], lan: { ip: string; port: number }[] = []) => ({
		kind,
		external: { ip, ports },
		lan,
	});
	const side = {
		sockets: 4,
		observe: "predict",
		announce: 4,
		targetsParameter: 2,
		lowTtlFirst: false,
		startsAfter: 0,
		listen: "no",
	} as const;

	it.each([
		[
			"all",
			[
				[0, 1],
				[0, 2],
				[1, 1],
				[1, 2],
				[2, 1],
				[2, 2],
				[3, 1],
				[3, 2],
			],
			[1, 2],
		],
		[
			"first",
			[
				[0, 1],
				[1, 1],
				[2, 1],
				[3, 1],
			],
			[1, 2],
		],
		[
			"paired",
			[
				[0, 1],
				[1, 2],
				[2, 3],
				[3, 4],
			],
			[1, 2, 3, 4, 5],
		],
		[
			"staggered",
			[
				[0, 1],
				[1, 2],
				[2, 4],
				[3, 5],
			],
			[1, 2, 3, 4, 5],
		],
	] as const)("%s", (targets, expected, ports) => {
		const aim = aimAt({ ...side, targets }, offer("1.1.1.1", [9]), offer("8.8.8.8", [...ports]));
		expect(aim.targets.map(({ socket, to }) => [socket, to.port])).toEqual(expected);
	});

	it("are local addresses first behind the same external address, and none of them otherwise", () => {
		const lan = [{ ip: "192.168.1.21", port: 7 }];
		const same = aimAt(
			{ ...side, sockets: 1, targets: "all" },
			offer("8.8.8.8", [9]),
			offer("8.8.8.8", [1], lan),
		);
		expect(same.targets).toEqual([
			{ socket: 0, to: lan[0], after: 0, path: "lan" },
			{ socket: 0, to: { ip: "8.8.8.8", port: 1 }, after: 250, path: "external" },
		]);
		const other = aimAt(
			{ ...side, sockets: 1, targets: "all" },
			offer("1.1.1.1", [9]),
			offer("8.8.8.8", [1], lan),
		);
		expect(other.targets.map(({ path }) => path)).toEqual(["external"]);
	});
});
