import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { type PipeAdoptedSocket, pipeOpen, TCP, UDP } from "../../src/index.js";
import { makeAuthority } from "../support/certificate.js";
import { eventually, Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

describe("adopting", () => {
	test("a TLS socket: the pipe knows its handshake, and sends and receives through it", async () => {
		const authority = makeAuthority();
		const server = await pipes.server(TCP, { tls: authority.issue("127.0.0.1") });
		const socket = connectTls({ port: server.local[1], host: "127.0.0.1", ca: authority.cert });
		await once(socket, "secureConnect");
		const pipe = pipes.keep(await pipeOpen(null, TCP, null, { socket }));
		expect(pipe.remote).toEqual(["127.0.0.1", server.local[1]]);
		expect(pipe.tls).toMatchObject({ version: "TLSv1.3", verified: true });
		const there = await server.accept();
		there?.onMessage((message, _peer, accepted) => accepted.send(message));
		pipe.subscribe();
		await pipe.send("sealed");
		expect(String(await pipe.recv())).toBe("sealed");
	});

	test("a stream that is no socket, with a destination to name its peer", async () => {
		const written: string[] = [];
		const stream: Duplex = new Duplex({
			read: () => undefined,
			write(chunk: Buffer, _encoding, done) {
				written.push(String(chunk));
				stream.push(chunk);
				done();
			},
			final(done) {
				stream.push(null);
				done();
			},
		});
		const socket = stream as unknown as PipeAdoptedSocket;
		await expect(pipeOpen(null, TCP, null, { socket })).rejects.toMatchObject({ option: "socket" });
		const pipe = pipes.keep(await pipeOpen(null, TCP, ["192.0.2.1", 9], { socket, keepAlive: true }));
		pipe.subscribe();
		await pipe.send("echo");
		expect(String(await pipe.recv())).toBe("echo");
		pipe.unref().ref();
		await pipe.end();
		await eventually(() => pipe.state === "closed");
		expect([written, stream.destroyed]).toEqual([["echo"], true]);
	});

	test("datagrams of an object with only the methods of the socket contract", async () => {
		const inner = createSocket("udp4");
		inner.bind(0, "127.0.0.1");
		await once(inner, "listening");
		const server = await pipes.server(UDP, { onMessage: (message, peer, pipe) => pipe.send(message, peer) });
		/** Flips every bit, in place of a cipher. */
		const flip = (data: Uint8Array): Buffer => Buffer.from(data.map((byte) => byte ^ 0xff));
		const socket = {
			address: () => inner.address(),
			send: (data: Uint8Array, port: number, ip: string, done: (error: Error | null) => void) =>
				inner.send(flip(data), port, ip, done),
			close: (done: () => void) => inner.close(done),
			on: (event: string, listener: (...args: unknown[]) => void) =>
				inner.on(
					event,
					event === "message" ? (data: Buffer, from: object) => listener(flip(data), from) : listener,
				),
			off: () => undefined,
		} as unknown as PipeAdoptedSocket;
		const pipe = pipes.keep(await pipeOpen(null, UDP, ["127.0.0.1", server.local[1]], { socket }));
		server.subscribe();
		pipe.subscribe();
		await pipe.send("flipped");
		expect(await server.recv()).toEqual(flip(Buffer.from("flipped")));
		expect(String(await pipe.recv())).toBe("flipped");
		pipe.unref().ref();
	});

	test("a socket whose peer has finished already", async () => {
		const server = await pipes.server(TCP, { onConnect: (_message, _peer, pipe) => pipe.end() });
		const socket = connectTcp({ port: server.local[1], host: "127.0.0.1", allowHalfOpen: true });
		socket.resume();
		await once(socket, "end");
		const pipe = pipes.keep(await pipeOpen(null, TCP, null, { socket, halfOpen: true }));
		pipe.subscribe();
		await expect(pipe.recv()).rejects.toMatchObject({ code: "ERR_PIPE_CLOSED", reason: { kind: "remote" } });
		const there = await server.accept();
		there?.subscribe();
		await pipe.send("last words");
		expect(String(await there?.recv())).toBe("last words");
		await pipe.end();
		await eventually(() => pipe.state === "closed");
	});
});
