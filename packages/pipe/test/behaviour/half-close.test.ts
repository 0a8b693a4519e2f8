import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { lines, type Pipe, pipeOpen, TCP } from "../../src/index.js";
import { eventually, Pipes } from "../support/pair.js";

/*
 * The two directions of a connection are independent: whichever ends first, every byte of both arrives. 100 MB both
 * ways at once by default, 1 GB with P2PD_LONG=1.
 */

const WHOLE = process.env["P2PD_LONG"] === "1" ? 1e9 : 1e8;
/** Far more than the buffers of the kernels hold. */
const PART = WHOLE / 10;
const TIMEOUT = { timeout: 300_000 };

const pipes = new Pipes();
const servers: Server[] = [];
afterEach(async () => {
	await pipes.close();
	for (const server of servers.splice(0)) server.close();
});

/** `length` bytes that no two places have alike. */
function* bytes(length: number, seed: number): Generator<Buffer> {
	let counter = seed;
	for (let left = length; left > 0; left -= 65_536) {
		const chunk = Buffer.alloc(Math.min(65_536, left));
		for (let at = 0; at + 4 <= chunk.length; at += 512) chunk.writeUInt32LE(counter++, at);
		yield chunk;
	}
}

/** Sends the bytes, ends, and returns what they are: length and SHA-256. */
async function feed(stream: Duplex, length: number, seed: number): Promise<string> {
	const hash = createHash("sha256");
	for (const chunk of bytes(length, seed)) {
		hash.update(chunk);
		if (!stream.write(chunk)) await once(stream, "drain");
	}
	stream.end();
	return `${length} ${hash.digest("hex")}`;
}

/** What arrives until the end, in the same form. */
async function drain(stream: Duplex): Promise<string> {
	const hash = createHash("sha256");
	let length = 0;
	stream.on("data", (chunk: Buffer) => {
		hash.update(chunk);
		length += chunk.length;
	});
	await once(stream, "end");
	return `${length} ${hash.digest("hex")}`;
}

/** Both directions at once: what was sent and what arrived. */
async function talk(stream: Duplex, length: number, seed: number): Promise<readonly [string, string]> {
	return Promise.all([feed(stream, length, seed), drain(stream)]);
}

/** A bare server that stays half open. Returns its port. */
async function bareServer(serve: (socket: Socket) => void): Promise<number> {
	const server = createServer({ allowHalfOpen: true }, (socket) => {
		socket.on("error", () => undefined);
		serve(socket);
	}).listen(0, "127.0.0.1");
	servers.push(server);
	await once(server, "listening");
	return (server.address() as AddressInfo).port;
}

/** The orders in which two sides can finish sending. */
const ORDERS = [
	["both at once", PART, PART],
	["the peer first", PART, 1000],
	["the peer with nothing to say", PART, 0],
	["this side first", 1000, PART],
	["this side with nothing to say", 0, PART],
] as const;

describe("toDuplex", () => {
	test.each(ORDERS)("to a bare socket, %s", TIMEOUT, async (_name, mine, theirs) => {
		let served: Promise<readonly [string, string]> | undefined;
		const port = await bareServer((socket) => {
			served = talk(socket, theirs, 2);
		});
		const pipe = pipes.keep(await pipeOpen(null, TCP, ["127.0.0.1", port]));
		const [sent, got] = await talk(pipe.toDuplex(), mine, 1);
		const [peerSent, peerGot] = (await served) ?? [];
		expect([got, peerGot]).toEqual([peerSent, sent]);
		await eventually(() => pipe.state === "closed");
		expect(pipe.reason?.error).toBeNull();
	});

	test(`of both sides of a server, ${WHOLE} bytes both ways at once`, TIMEOUT, async () => {
		const [client, there] = await pipes.pair();
		const [one, two] = await Promise.all([
			talk(client.toDuplex(), WHOLE, 1),
			talk(there.toDuplex(), WHOLE, 2),
		]);
		expect(one).toEqual([two[1], two[0]]);
	});

	test("a peer that pauses longer than any linger still gets everything", async () => {
		const chunks: Buffer[] = [];
		let resume: () => void = () => undefined;
		const port = await bareServer((socket) => {
			socket.pause().end();
			resume = () => socket.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
		});
		const pipe = pipes.keep(await pipeOpen(null, TCP, ["127.0.0.1", port], { linger: 1 }));
		const duplex = pipe.toDuplex();
		duplex.resume();
		await once(duplex, "end");
		duplex.end(Buffer.alloc(32 * 1024 * 1024, 5));
		for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
		expect(pipe.state).toBe("open");
		resume();
		await eventually(
			() => chunks.reduce((sum, { length }) => sum + length, 0) === 32 * 1024 * 1024,
			1_000_000,
		);
		await eventually(() => pipe.state === "closed");
	});

	test("a reset is an error of the stream, for reading and for writing", async () => {
		let peer: Socket | undefined;
		const port = await bareServer((socket) => {
			peer = socket;
		});
		for (const reads of [true, false]) {
			const pipe = pipes.keep(await pipeOpen(null, TCP, ["127.0.0.1", port]));
			await eventually(() => peer !== undefined && peer.remotePort === pipe.local[1]);
			const duplex = pipe.toDuplex();
			const failed = once(duplex, "error") as Promise<[Error]>;
			if (reads) duplex.resume();
			else duplex.write(Buffer.alloc(64 * 1024 * 1024));
			peer?.resetAndDestroy();
			const [error] = await failed;
			expect(["ERR_PIPE_CLOSED", "ERR_PIPE_SEND"]).toContain((error as { code?: string }).code);
			await eventually(() => pipe.state === "closed");
		}
	});
});

describe("Web streams", () => {
	test("writable goes on after readable has ended", TIMEOUT, async () => {
		let got: Promise<string> | undefined;
		const port = await bareServer((socket) => {
			socket.end("bye");
			got = drain(socket);
		});
		const pipe = pipes.keep(await pipeOpen(null, TCP, ["127.0.0.1", port]));
		const writer = pipe.writable.getWriter();
		const reader = pipe.readable.getReader();
		expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("bye");
		expect((await reader.read()).done).toBe(true);
		const hash = createHash("sha256");
		for (const chunk of bytes(PART, 3)) {
			hash.update(chunk);
			await writer.write(chunk);
		}
		await writer.close();
		expect(await got).toBe(`${PART} ${hash.digest("hex")}`);
		await eventually(() => pipe.state === "closed");
	});

	test("a reset rejects reading and writing", async () => {
		let peer: Socket | undefined;
		const port = await bareServer((socket) => {
			peer = socket;
		});
		const pipe = pipes.keep(await pipeOpen(null, TCP, ["127.0.0.1", port]));
		const reading = expect(pipe.readable.getReader().read()).rejects.toMatchObject({
			code: "ERR_PIPE_CLOSED",
		});
		const writing = expect(
			pipe.writable.getWriter().write(Buffer.alloc(64 * 1024 * 1024)),
		).rejects.toMatchObject({
			code: "ERR_PIPE_SEND",
		});
		await eventually(() => peer !== undefined);
		peer?.resetAndDestroy();
		await Promise.all([reading, writing]);
	});
});

describe("a relay both ways", () => {
	test.each(ORDERS)("%s", TIMEOUT, async (_name, east, west) => {
		let served: Promise<readonly [string, string]> | undefined;
		const port = await bareServer((socket) => {
			served = talk(socket, west, 2);
		});
		const relays: Pipe[] = [];
		const server = await pipes.server(TCP, {
			// A peer may finish before the other side is even connected.
			halfOpen: true,
			onConnect: async (_message, _peer, accepted) => {
				const onward = await pipeOpen(null, TCP, ["127.0.0.1", port]);
				accepted.addPipe(onward);
				onward.addPipe(accepted);
				relays.push(accepted, onward);
			},
		});
		const socket = connect({ port: server.local[1], host: "127.0.0.1", allowHalfOpen: true });
		const [sent, got] = await talk(socket, east, 1);
		const [peerSent, peerGot] = (await served) ?? [];
		expect([got, peerGot]).toEqual([peerSent, sent]);
		await eventually(() => relays.every(({ state }) => state === "closed"));
		expect(relays.map(({ reason }) => reason?.error)).toEqual([null, null]);
	});

	test("one way, the target stays open when the source ends", async () => {
		const [source1, from] = await pipes.pair();
		const [to, sink] = await pipes.pair();
		sink.subscribe();
		from.addPipe(to);
		await source1.send("last words");
		await source1.close();
		expect(String(await sink.recv())).toBe("last words");
		await eventually(() => from.state === "closed");
		await to.send("still here");
		expect(String(await sink.recv())).toBe("still here");
	});
});

describe("servers", () => {
	test("an echo server gives back every byte to a client that finishes first", TIMEOUT, async () => {
		const server = await pipes.server(TCP, {
			onMessage: (message, _peer, pipe) => {
				void pipe.send(message);
			},
		});
		const socket = connect({ port: server.local[1], host: "127.0.0.1", allowHalfOpen: true });
		const [sent, got] = await talk(socket, PART, 4);
		expect(got).toBe(sent);
	});

	test("frames that wait are read after this side has finished and the peer too", async () => {
		const [client, there] = await pipes.pair({}, { framing: lines(), queueMessages: 1, halfOpen: true });
		there.subscribe();
		await client.send("1\n2\n3\n4\n");
		await eventually(() => there.stalledBy !== null);
		const over = client.close();
		await there.end();
		await over;
		for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
		const got: string[] = [];
		for await (const line of there.messages()) got.push(String(line));
		expect(got).toEqual(["1", "2", "3", "4"]);
	});
});
