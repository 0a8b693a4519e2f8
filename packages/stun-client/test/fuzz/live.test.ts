import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { SeededRandom } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	checkIntegrity,
	decodeMessage,
	encodeMessage,
	mappedAddressOf,
	shortTermKey,
} from "../../src/codec.js";
import { StunClient } from "../../src/index.js";
import { startStunServer } from "../../src/server.js";
import { StunSocket } from "../../src/transport.js";
import { loopback } from "../support/loopback.js";
import { MUTATED, mutate, mutated, RANDOM, randomBytes, TIMEOUT } from "./mutate.js";

/** Datagrams sent before the peer is given time to read them: less than its buffer holds. */
const BURST = 50;

const bound = async (): Promise<Socket> => {
	const socket = createSocket("udp4");
	socket.bind(0, "127.0.0.1");
	await once(socket, "listening");
	return socket;
};

const sent = (socket: Socket, data: Uint8Array, port: number): Promise<void> =>
	new Promise((resolve, reject) =>
		socket.send(data, port, "127.0.0.1", (error) => (error === null ? resolve() : reject(error))),
	);

describe("a live server", () => {
	it(`still answers rightly amid ${MUTATED} mutated and ${RANDOM} random datagrams`, {
		timeout: TIMEOUT,
	}, async () => {
		await using server = await startStunServer({
			primary: { ip: "127.0.0.1", port: 0 },
			alternate: { ip: "127.0.0.2", port: 0 },
			rate: 0,
		});
		const random = new SeededRandom("live server");
		const noise = await bound();
		await using client = new StunClient({ server: server.primary }, { sockets: loopback("127.0.0.1") });
		for (let n = 0; n < MUTATED + RANDOM; n += BURST) {
			const packets = Array.from({ length: BURST }, () =>
				n < MUTATED ? mutated(random) : randomBytes(random),
			);
			await Promise.all(packets.map((packet) => sent(noise, packet, server.primary.port)));
			const { local, mapped } = await client.getMapping();
			if (mapped.ip !== local.ip || mapped.port !== local.port)
				throw new Error(`${mapped.ip} port ${mapped.port}`);
		}
		await new Promise<void>((resolve) => noise.close(() => resolve()));
		expect(await client.request({ changeIp: true, changePort: true })).toMatchObject({
			from: server.alternate,
		});
	});
});

describe("a live client", () => {
	it(`takes none of ${MUTATED} mutated and ${RANDOM} random replies for the true one`, {
		timeout: TIMEOUT,
	}, async () => {
		const key = shortTermKey("secret");
		const random = new SeededRandom("live client");
		const liar = await bound();
		let noise = 0;
		liar.on("message", (data, from) => {
			const { transactionId } = decodeMessage(data);
			const truth = encodeMessage({
				class: "success",
				transactionId,
				attributes: [
					{ name: "SOFTWARE", value: "a server" },
					{ name: "XOR-MAPPED-ADDRESS", value: { ip: from.address, port: from.port } },
				],
				integrity: { key },
				fingerprint: true,
			});
			for (let n = 0; n < BURST; n++, noise++) {
				liar.send(noise < MUTATED ? mutate(truth, random) : randomBytes(random), from.port, from.address);
			}
			liar.send(truth, from.port, from.address);
		});
		const socket = await bound();
		const stun = new StunSocket({ socket });
		const { port } = socket.address();
		const to = { ip: "127.0.0.1", port: liar.address().port };
		while (noise < MUTATED + RANDOM) {
			const { message } = await stun.request({
				to,
				integrity: { key },
				accept: (each) => checkIntegrity(each, key) === "valid",
			});
			const mapped = mappedAddressOf(message);
			if (mapped?.port !== port || mapped.ip !== "127.0.0.1")
				throw new Error(`${mapped?.ip} port ${mapped?.port}`);
		}
		expect(stun.counts.wrongSource).toBe(0);
		expect(stun.counts.refused).toBeGreaterThan(MUTATED / 10);
		stun.close();
		await Promise.all(
			[socket, liar].map((each) => new Promise<void>((resolve) => each.close(() => resolve()))),
		);
	});
});
