import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { StunDecodeError } from "@p2pd/stun-client";
import { decodeMessage, encodeMessage } from "@p2pd/stun-client/codec";
import { SeededRandom } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	addressErrorOf,
	attribute,
	connectionIdOf,
	lifetimeOf,
	METHODS,
	peerOf,
	relayedAddressesOf,
	reservationTokenOf,
} from "../../src/codec/attributes.js";
import { channelHeader, channelOf, channelPayload, readDataIndication } from "../../src/codec/data.js";
import { FrameError, StreamFramer } from "../../src/codec/stream-framer.js";
import { nextMessage } from "../support/sockets.js";
import { PEER, SERVER, STRANGER, world } from "../support/world.js";
import { MUTATED, mutate, TIMEOUT } from "./mutate.js";

const id = Uint8Array.from({ length: 12 }, (_, n) => n);
const payload = Buffer.from("payload of a datagram");

const SEEDS: readonly Buffer[] = [
	Buffer.concat([channelHeader(0x4000, payload.length), payload]),
	Buffer.concat([channelHeader(0x4fff, payload.length), payload, Buffer.alloc(3)]),
	...[PEER[4], PEER[6]].map((ip) =>
		encodeMessage({
			class: "indication",
			method: METHODS.Data,
			transactionId: id,
			attributes: [attribute.peer({ ip, port: 5000 }, id), { type: 0x0013, value: payload }],
		}),
	),
	encodeMessage({
		class: "success",
		method: METHODS.Allocate,
		transactionId: id,
		attributes: [
			{ ...attribute.peer({ ip: SERVER[4], port: 50_000 }, id), type: 0x0016 },
			{ ...attribute.peer({ ip: SERVER[6], port: 50_001 }, id), type: 0x0016 },
			attribute.lifetime(600),
			attribute.reservation(new Uint8Array(8)),
			{ type: 0x8001, value: Uint8Array.of(2, 0, 4, 40) },
		],
		integrity: { key: Buffer.alloc(16) },
	}),
	encodeMessage({
		class: "indication",
		method: METHODS.ConnectionAttempt,
		transactionId: id,
		attributes: [attribute.connectionId(7), attribute.peer({ ip: PEER[4], port: 5 }, id)],
	}),
];

function collect(): number {
	setFlagsFromString("--expose-gc");
	const gc = runInNewContext("gc") as () => void;
	gc();
	return process.memoryUsage().heapUsed;
}

describe("the codec", () => {
	it(`reads ${MUTATED} mutated packets without a crash, and nothing beyond their ends`, {
		timeout: TIMEOUT,
	}, () => {
		const random = new SeededRandom("turn codec");
		for (let n = 0; n < MUTATED; n++) {
			const packet = mutate(SEEDS[n % SEEDS.length] ?? payload, random);
			if (channelOf(packet) !== 0)
				expect(channelPayload(packet).length).toBeLessThanOrEqual(packet.length - 4);
			const indication = readDataIndication(packet);
			if (indication !== null) expect(indication.data.length).toBeLessThanOrEqual(packet.length - 24);
			try {
				const message = decodeMessage(packet);
				for (const read of [
					relayedAddressesOf,
					lifetimeOf,
					connectionIdOf,
					peerOf,
					reservationTokenOf,
					addressErrorOf,
				]) {
					read(message);
				}
			} catch (error) {
				if (!(error instanceof StunDecodeError)) throw error;
				// The fast reader is as strict about the frame.
				if (error.place === "header" || error.place === "trailer") expect(indication).toBeNull();
			}
		}
	});

	it(`cuts streams of ${MUTATED} frames, mutated and in pieces, without a crash or growth`, {
		timeout: TIMEOUT,
	}, () => {
		const random = new SeededRandom("turn stream");
		let framer = new StreamFramer();
		for (let n = 0; n < MUTATED; n++) {
			const seed = SEEDS[n % SEEDS.length] ?? payload;
			const bytes = random.chance(0.2) ? mutate(seed, random) : seed;
			try {
				for (let at = 0; at < bytes.length; ) {
					const size = random.int(1, bytes.length);
					framer.push(bytes.subarray(at, at + size));
					at += size;
					while (framer.next() !== null);
				}
			} catch (error) {
				if (!(error instanceof FrameError)) throw error;
				framer = new StreamFramer();
			}
			expect(framer.rest().length).toBeLessThan(65_556);
			if (n % 1000 === 0) framer = new StreamFramer();
		}
	});
});

describe("a client", () => {
	it(`goes on amid ${MUTATED} mutated packets, and hears nobody but its peers`, {
		timeout: TIMEOUT,
	}, async () => {
		const random = new SeededRandom("turn client");
		const w = await world({ latency: 1 });
		const received: Buffer[] = [];
		let inject: (packet: Buffer) => void = () => undefined;
		const route = await w.route({
			sockets: {
				af: 4,
				nic: null,
				localIp: w.client.localIp,
				connect: (options) => w.client.connect(options),
				listen: (options) => w.client.listen(options),
				udp: async (options) => {
					const socket = await w.client.udp(options);
					inject = (packet) => socket.emit("message", packet, { address: SERVER[4], port: 3478 });
					socket.on("message", (data) => received.length < 40 && received.push(Buffer.from(data)));
					return socket;
				},
			},
		});
		const socket = await w.until(route.udp({ to: PEER[4] }));
		const peer = await w.until(w.peer().udp());
		const heard = new Set<string>();
		const errors: Error[] = [];
		socket.on("error", (error) => errors.push(error));
		// Its packets, of every kind: data by indications and by a channel, and answers to each request.
		for (let n = 0; n < 10; n++) {
			socket.send("out", peer.address().port, PEER[4]);
			peer.send("in", route.relayed.port, route.relayed.ip);
			await w.clock.advance(10);
		}
		w.server.behaviour.staleNonces = true;
		await w.clock.advance(60_000);
		socket.on("message", (_data, { address }) => heard.add(address));

		let before = 0;
		for (let n = 0; n < MUTATED; n++) {
			const seed = received[n % received.length] ?? payload;
			inject(mutate(seed, random));
			if (n % 1000 !== 999) continue;
			await w.clock.advance(10_000);
			const there = nextMessage(peer);
			socket.send(`round ${n}`, peer.address().port, PEER[4]);
			expect(await w.until(there)).toEqual({ text: `round ${n}`, ...route.relayed });
			const back = nextMessage(socket);
			peer.send(`back ${n}`, route.relayed.port, route.relayed.ip);
			expect(await w.until(back)).toEqual({ text: `back ${n}`, ip: PEER[4], port: peer.address().port });
			if (n === 9999) before = collect();
		}
		expect([...heard]).toEqual([PEER[4]]);
		expect(heard.has(STRANGER[4])).toBe(false);
		expect(errors).toEqual([]);
		expect(collect() - before).toBeLessThan(8 * 1024 * 1024);
		await w.until(route.close());
		expect(w.server.allocations).toBe(0);
		peer.close();
		w.server.close();
	});
});
