import type { Socket as DatagramSocket } from "node:dgram";
import type { Endpoint } from "@p2pd/net";
import { SeededRandom } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import { BirthdayGate, type NatKind, type PunchChannel, punchTcp, punchUdp } from "../src/index.js";
import { decodeMessage, encodeMessage, type Message } from "../src/message.js";
import { type bothTcp, bothUdp, buildScene, callOf, type Scene } from "./scene.js";

/** Runs of each fuzz; P2PD_LONG=1 makes it a long one. */
const RUNS = process.env["P2PD_LONG"] === "1" ? 1500 : 40;
const KINDS: readonly NatKind[] = [
	{ type: 1, delta: 1, step: 0 },
	{ type: 2, delta: 1, step: 0 },
	{ type: 3, delta: 6, step: 0 },
	{ type: 4, delta: 3, step: 0 },
	{ type: 5, delta: 2, step: 0 },
	{ type: 6, delta: 2, step: 0 },
	{ type: 6, delta: 4, step: 3 },
	{ type: 6, delta: 6, step: 0 },
];

/** What came before in any run: replayed into later ones. */
const old: Uint8Array[] = [];

/** A channel that loses, repeats, delays, garbles and invents messages, and replays those of other punches. */
function bad(scene: Scene, who: 0 | 1, random: SeededRandom): PunchChannel {
	const { clock, channels } = scene;
	const own = channels[who];
	const other = channels[who === 0 ? 1 : 0].inbox;
	const later = (message: Uint8Array, most: number): void => {
		clock.setTimeout(() => other.push(message), random.float() * most);
	};
	return {
		messages: own.messages,
		send: async (message) => {
			const chance = random.float();
			if (chance < 0.15) return;
			if (chance < 0.2) throw new Error("the broker is away");
			if (chance < 0.35) later(message, 3000);
			if (chance < 0.5) {
				const garbled = Uint8Array.from(message);
				for (let i = random.int(1, 4); i > 0; i--)
					garbled[random.int(0, garbled.length - 1)] = random.int(0, 255);
				later(garbled, 500);
			}
			if (chance > 0.9) later(random.bytes(random.int(0, 120)), 200);
			const replayed = old[random.int(0, Math.max(0, old.length - 1))];
			if (chance > 0.7 && replayed !== undefined) later(replayed, 1000);
			if (old.length < 500) old.push(message);
			else old[random.int(0, 499)] = message;
			await own.send(message);
		},
	};
}

/** Sends to every external port that a peer can have been seen at, and answers whatever it hears with what it has heard. */
async function stranger(scene: Scene, random: SeededRandom): Promise<void> {
	const host = scene.network.host("stun0").sockets(4);
	const socket = (await host.udp({ port: 7777 })) as DatagramSocket;
	const heard: Buffer[] = [];
	socket.on("message", (data, from) => {
		heard.push(data);
		const again = heard[random.int(0, heard.length - 1)] ?? data;
		socket.send(again, from.port, from.address, () => undefined);
	});
	for (let at = 0; at < 2000; at += 20) {
		scene.clock.setTimeout(() => {
			for (const side of ["gateway-a", "gateway-b"]) {
				for (const { external } of scene.network.nat(side).mappings().slice(0, 20)) {
					const data = heard[random.int(0, Math.max(0, heard.length - 1))] ?? Buffer.from(random.bytes(20));
					socket.send(data, external.port, external.ip, () => undefined);
				}
			}
		}, at);
	}
	scene.clock.setTimeout(() => socket.close(), 30_000);
}

type Result = Awaited<ReturnType<typeof bothUdp>>[0] | Awaited<ReturnType<typeof bothTcp>>[0];

/** Both have the same path, or neither counts on one that leads elsewhere. */
function expectRightPeer(results: readonly Result[], label: string): void {
	const addresses = [
		["82.2.1.1", "83.2.1.20", "192.168.2.20"],
		["82.1.1.1", "83.1.1.20", "192.168.1.20"],
	] as const;
	for (const [index, result] of results.entries()) {
		if (!result.ok) continue;
		const right: readonly string[] = addresses[index] ?? [];
		expect([label, index, right.includes(result.remote.ip)]).toEqual([label, index, true]);
	}
}

async function closeAll(scene: Scene, results: readonly Result[]): Promise<void> {
	for (const result of results) {
		if (!result.ok) continue;
		if ("destroy" in result.socket) result.socket.destroy();
		else result.socket.close();
	}
	await scene.clock.advance(3_600_000);
	expect(scene.clock.pending).toBe(0);
}

describe("fuzz", () => {
	it("a bad channel leads to no wrong peer and no hang, and mostly to the right one", {
		timeout: 600_000,
	}, async () => {
		const random = new SeededRandom("bad channel");
		let good = 0;
		let possible = 0;
		for (let i = 0; i < RUNS; i++) {
			const [a, b] = [KINDS[random.int(0, 6)], KINDS[random.int(0, 6)]];
			if (a === undefined || b === undefined) continue;
			const scene = await buildScene(a, b, {
				seed: i,
				rtt: 40,
				loss: 0.02,
				unsolicitedSyn: i % 2 === 0 ? "drop" : "reset",
			});
			const calls = ([0, 1] as const).map((who) => {
				const { options, deps, observeUdp, observeTcp } = callOf(scene, who);
				const channel = bad(scene, who, random);
				return i % 3 === 0
					? punchTcp(options, { ...deps, channel, observe: observeTcp })
					: punchUdp(options, { ...deps, channel, observe: observeUdp, gate: new BirthdayGate() });
			});
			const results = await scene.clock.runUntil(Promise.all(calls));
			for (const result of results) {
				if (result.ok && "destroy" in result.socket) result.socket.on("error", () => undefined);
				expect(result.report.elapsed).toBeLessThanOrEqual(10_000);
			}
			expectRightPeer(results, `run ${i}`);
			possible += 1;
			if (results.every(({ ok }) => ok)) good += 1;
			await closeAll(scene, results);
		}
		// Every sixth message is lost and every fourth spoilt: the repeats have to bring it about.
		expect(good / possible).toBeGreaterThan(0.75);
	});

	it("strangers who repeat whatever they hear are not taken for the peer", { timeout: 600_000 }, async () => {
		const random = new SeededRandom("strangers");
		const kinds = KINDS.filter(({ type }) => type >= 3);
		for (let i = 0; i < RUNS; i++) {
			const [a, b] = [kinds[random.int(0, kinds.length - 1)], kinds[random.int(0, kinds.length - 2)]];
			if (a === undefined || b === undefined) continue;
			const scene = await buildScene(a, b, { seed: i, rtt: 40 });
			await stranger(scene, random);
			const results = await bothUdp(scene);
			expectRightPeer(results, `run ${i}`);
			await closeAll(scene, results);
		}
	});

	it("a peer that lies about its ports gets little out of it", { timeout: 600_000 }, async () => {
		const random = new SeededRandom("liars");
		const lie = (): Endpoint => ({
			ip: ["8.40.1.1", "192.168.1.1", "10.0.0.1", "127.0.0.1", "82.1.1.1"][random.int(0, 4)] ?? "",
			port: random.int(1, 65_535),
		});
		for (let i = 0; i < RUNS; i++) {
			const kind = KINDS[random.int(0, 6)];
			if (kind === undefined) continue;
			const scene = await buildScene(kind, KINDS[4] ?? kind, { seed: i, rtt: 40 });
			const sentTo = new Map<string, number>();
			scene.network.watch(({ what, where, packet }) => {
				if (what !== "sent" || where !== "alice" || packet.dstPort === 3478) return;
				sentTo.set(packet.dst, (sentTo.get(packet.dst) ?? 0) + 1);
			});
			const liar: PunchChannel = {
				messages: scene.channels[1].messages,
				send: async (message) => {
					const read: Message = decodeMessage(message);
					if (read.type === "end") return scene.channels[1].send(message);
					const ports = Array.from({ length: 32 }, () => random.int(1, 65_535));
					const external = { ip: lie().ip, ports };
					const offer = { kind: read.offer.kind, external, lan: [lie(), lie(), lie(), lie()] };
					await scene.channels[1].send(encodeMessage({ ...read, offer }));
				},
			};
			const { options, deps, observeUdp, observeTcp } = callOf(scene, 1);
			const honest = callOf(scene, 0);
			const calls: readonly Promise<Result>[] =
				i % 2 === 0
					? [
							punchUdp(honest.options, { ...honest.deps, observe: honest.observeUdp }),
							punchUdp(options, { ...deps, channel: liar, observe: observeUdp }),
						]
					: [
							punchTcp(honest.options, { ...honest.deps, observe: honest.observeTcp }),
							punchTcp(options, { ...deps, channel: liar, observe: observeTcp }),
						];
			const results = await scene.clock.runUntil(Promise.all(calls));
			// Alice has a public address outside, so nothing inside her network and nothing on her own machine is tried,
			// unless the liar says that it is behind her own NAT.
			expect(sentTo.get("127.0.0.1") ?? 0).toBe(0);
			// 32 ports, three rounds of at most 17 datagrams to each, or connections paced by refusals.
			for (const count of sentTo.values()) expect(count).toBeLessThan(20_000);
			expectRightPeer(results.slice(0, 1), `run ${i}`);
			await closeAll(scene, results);
		}
	});
});
