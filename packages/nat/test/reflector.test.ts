import { encodeMessage } from "@p2pd/stun-client/codec";
import type { NatSpec } from "@p2pd/testnet";
import { describe, expect, it, vi } from "vitest";
import { discoverNat, type NatReport } from "../src/index.js";
import { namesOther } from "./scenes/bad-servers.js";
import { buildScene, liar, type Scene, serversOf, type Wrap } from "./scenes/scene.js";
import { withTcp } from "./scenes/tcp-servers.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 120_000 });

const CONE: NatSpec = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "endpoint-independent",
	allocation: { kind: "random" },
};
const VICTIM = { ip: "9.9.9.9", port: 53 };

/** Runs a discovery, and gives what the client sent to each IP, by protocol. */
async function sentBy(scene: Scene): Promise<{ report: NatReport; sent: Map<string, number> }> {
	const network = buildScene(scene);
	scene.prepare?.(network);
	const sent = new Map<string, number>();
	network.watch(({ what, where, packet }) => {
		if (what !== "sent" || !where.startsWith("client")) return;
		const key = `${packet.proto} ${packet.dst}`;
		sent.set(key, (sent.get(key) ?? 0) + 1);
	});
	const report = await network.clock.runUntil(
		discoverNat(
			{ servers: serversOf(scene.servers ?? 5), ...scene.options },
			{
				sockets: network.host("client").sockets(4),
				clock: network.clock,
				random: (size) => network.random.bytes(size),
			},
		),
	);
	return { report, sent };
}

const everyone = (wrap: Wrap): Record<number, Wrap> => ({ 0: wrap, 1: wrap, 2: wrap, 3: wrap, 4: wrap });

describe("a server that names a victim as its other address", () => {
	it.each([
		["alone", { servers: 1, bad: { 0: namesOther(VICTIM) } }],
		["among honest ones", { bad: { 0: namesOther(VICTIM) } }],
		["together with four more", { bad: everyone(namesOther(VICTIM)) }],
	] as const)("%s aims at most three datagrams and no connection at it", async (_name, scene) => {
		for (let seed = 1; seed <= 5; seed++) {
			const { sent } = await sentBy({ gateway: CONE, seed, ...scene });
			expect(sent.get(`udp ${VICTIM.ip}`)).toBeGreaterThanOrEqual(1);
			expect(sent.get(`udp ${VICTIM.ip}`)).toBeLessThanOrEqual(3);
			expect(sent.get(`tcp ${VICTIM.ip}`) ?? 0).toBe(0);
		}
	});

	it("while an other address that answers is asked over TCP too", async () => {
		const { sent } = await sentBy({ gateway: CONE, servers: 1, prepare: withTcp(["stun0"]) });
		expect([...sent.keys()].filter((key) => key.startsWith("tcp "))).toHaveLength(2);
	});

	it("does so whichever ports of the victim they name", async () => {
		const bad = Object.fromEntries(
			[0, 1, 2, 3, 4].map((n) => [n, namesOther({ ip: VICTIM.ip, port: 1000 + n })]),
		);
		const { sent, report } = await sentBy({ gateway: CONE, bad });
		expect(sent.get(`udp ${VICTIM.ip}`) ?? 0).toBeLessThanOrEqual(3);
		expect(report.mapping).toBe("endpoint-independent");
		expect(report.evidence.servers[0]?.problems.join()).toContain("does not answer");
	});

	it("does not spoil the verdict of the honest ones", async () => {
		const { report } = await sentBy({ gateway: CONE, bad: { 0: namesOther(VICTIM), 3: namesOther(VICTIM) } });
		expect([report.type, report.delta.type]).toEqual([3, 6]);
	});
});

describe("hairpinning", () => {
	it("goes to the external address that servers agree on, not to what one reports to the train", async () => {
		for (const lie of ["127.0.0.1", "192.168.1.1", VICTIM.ip]) {
			// Honest towards the first socket that asks, then it reports the victim.
			const late: Wrap = (honest, place, network) => {
				let first: string | null = null;
				return (data, from, localTo) => {
					first ??= `${from.ip} ${from.port}`;
					const lies = first !== `${from.ip} ${from.port}`;
					return (lies ? liar({ ip: lie, port: 5000 })(honest, place, network) : honest)(data, from, localTo);
				};
			};
			const { sent } = await sentBy({ gateway: CONE, bad: everyone(late) });
			expect([lie, sent.get(`udp ${lie}`) ?? 0]).toEqual([lie, 0]);
		}
	});

	it("cannot be forged by a server that repeats what the train's sockets have sent it", async () => {
		const forger: Wrap = (honest) => (data, from, localTo) => {
			const request = encodeMessage({
				class: "request",
				transactionId: data.subarray(8, 20),
				attributes: [{ name: "SOFTWARE", value: "0".repeat(32) }],
			});
			return [...honest(data, from, localTo), { data: request }, { data }];
		};
		const { report } = await sentBy({ gateway: CONE, bad: everyone(forger) });
		expect(report.hairpinning).toBe("no-answer");
	});
});
