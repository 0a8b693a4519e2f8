import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { Socket } from "node:net";
import fc from "fast-check";
import { expect, it } from "vitest";
import {
	buildNetwork,
	LINUX_FULLY_RANDOM,
	type LinkSpec,
	type MemoryNetwork,
	oneGateway,
} from "../../src/index.js";
import { ask, mirrors } from "./mirror.js";

const LONG = process.env["P2PD_LONG"] === "1";
const A1 = { ip: "8.40.1.1", port: 3478 };
const bad: LinkSpec = { latency: 20, jitter: 15, loss: 0.1, duplicate: 0.05, reorder: 0.1, reorderBy: 30 };

/** Sends bytes both ways over TCP; what arrived at each end. */
async function talk(network: MemoryNetwork, there: Buffer, back: Buffer): Promise<[Buffer, Buffer]> {
	const server = await network.host("stun0").sockets(4).listen({ port: 80 });
	const read = async (socket: Socket): Promise<Buffer> => {
		const parts: Buffer[] = [];
		socket.on("data", (data: Buffer) => parts.push(data));
		await once(socket, "end");
		return Buffer.concat(parts);
	};
	const serve = async (): Promise<Buffer> => {
		const [peer] = (await once(server, "connection")) as [Socket];
		peer.end(back);
		return read(peer);
	};
	const dial = async (): Promise<Buffer> => {
		const client = await network.host("client").sockets(4).connect({ ip: A1.ip, port: 80 });
		client.end(there);
		return read(client);
	};
	return network.clock.runUntil(Promise.all([serve(), dial()]));
}

async function trace(seed: number): Promise<string[]> {
	const network = buildNetwork(oneGateway(LINUX_FULLY_RANDOM.spec, { link: bad }), {
		seed,
		services: mirrors,
	});
	const lines: string[] = [];
	network.watch(({ at, where, what, why, packet: { proto, src, srcPort, dst, dstPort } }) => {
		lines.push(`${at} ${where} ${what} ${why} ${proto} ${src}:${srcPort} ${dst}:${dstPort}`);
	});
	const udp = await network.host("client").sockets(4).udp();
	for (let i = 0; i < 10; i++) await ask(network, udp, A1);
	await talk(network, Buffer.from(network.random.bytes(20_000)), Buffer.from("ok"));
	return lines;
}

it("is the same run to the last packet for the same seed, and another for another", async () => {
	const first = await trace(1);
	expect(first.length).toBeGreaterThan(150);
	expect(await trace(1)).toEqual(first);
	expect(await trace(2)).not.toEqual(first);
});

it("is no other run because of a host that does nothing", async () => {
	const run = async (clients: number): Promise<unknown[]> => {
		const topology = oneGateway(LINUX_FULLY_RANDOM.spec, { link: bad, clients });
		const network = buildNetwork(topology, { seed: 3, services: mirrors });
		const udp = await network.host("client").sockets(4).udp();
		const seen = [];
		for (let i = 0; i < 20; i++) seen.push(await ask(network, udp, A1));
		return seen;
	};
	expect(await run(1)).toEqual(await run(3));
});

it("carries TCP whole over any link that carries anything", async () => {
	const chance = fc.double({ min: 0, max: 0.2, noNaN: true });
	const link: fc.Arbitrary<LinkSpec> = fc.record({
		latency: fc.integer({ min: 0, max: 400 }),
		jitter: fc.integer({ min: 0, max: 100 }),
		loss: chance,
		duplicate: chance,
		reorder: chance,
		reorderBy: fc.integer({ min: 1, max: 500 }),
	});
	const bytes = fc
		.uint8Array({ maxLength: 5000 })
		.chain((part) =>
			fc
				.integer({ min: 0, max: 20 })
				.map((times) => Buffer.concat(Array.from({ length: times }, () => part))),
		);
	await fc.assert(
		fc.asyncProperty(link, bytes, bytes, fc.nat(), async (one, there, back, seed) => {
			const network = buildNetwork(oneGateway(LINUX_FULLY_RANDOM.spec, { link: one }), {
				seed,
				services: mirrors,
			});
			const [gotThere, gotBack] = await talk(network, there, back);
			expect(gotThere.equals(there)).toBe(true);
			expect(gotBack.equals(back)).toBe(true);
			await network.clock.advance(600_000);
			expect(network.host("client").tcp.connectionCount).toBe(0);
			expect(network.host("stun0").tcp.connectionCount).toBe(0);
		}),
		{ numRuns: LONG ? 1000 : 25 },
	);
});
