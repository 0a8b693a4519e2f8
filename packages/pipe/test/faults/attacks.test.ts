import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { ManualClock } from "@p2pd/testnet";
import { afterEach, describe, expect, test, vi } from "vitest";
import { TLS_HANDSHAKES } from "../../src/defaults.js";
import { lengthPrefixed, lines, type Pipe, TCP, UDP } from "../../src/index.js";
import { Relay } from "../../src/relay.js";
import { resolveSettings } from "../../src/settings.js";
import { TcpTransport } from "../../src/transport/tcp.js";
import { makeAuthority } from "../support/certificate.js";
import { eventually, Pipes } from "../support/pair.js";

const pipes = new Pipes();
const strays: Socket[] = [];
afterEach(async () => {
	for (const socket of strays.splice(0)) socket.destroy();
	await pipes.close();
});

/** A bare connection that never reads. */
async function silentClient(server: Pipe): Promise<Socket> {
	const socket = connect({ port: server.local[1], host: "127.0.0.1" });
	strays.push(socket);
	socket.pause().on("error", () => undefined);
	await once(socket, "connect");
	return socket;
}

/** Bytes that the pipe's socket has not passed to the kernel. */
const unsent = (pipe: Pipe | null): number => (pipe?.socket as Socket | undefined)?.writableLength ?? 0;

/** Runs the event loop until nothing has changed for a while. */
async function settled(value: () => number): Promise<number> {
	for (let before = -1, same = 0; same < 300; ) {
		const now = value();
		same = now === before ? same + 1 : 0;
		before = now;
		await new Promise((resolve) => setImmediate(resolve));
	}
	return value();
}

describe("a client that asks and never reads", () => {
	test("naive echo of lines: the server stops reading, holds little, and a reset costs nothing", async () => {
		const failures: unknown[] = [];
		let echoed = 0;
		const server = await pipes.server(TCP, {
			framing: lines(),
			// The promise is neither awaited nor returned, as in many first programs.
			onMessage: (message, _peer, pipe) => {
				echoed++;
				void pipe.send(`${message}${"x".repeat(100)}`);
			},
			onError: (error) => failures.push(error),
		});
		const unhandled = vi.fn();
		process.on("unhandledRejection", unhandled);
		const attacker = await silentClient(server);
		attacker.write(Buffer.alloc(500_000, 0x0a));
		const there = await server.accept();
		await eventually(() => there?.stalledBy !== null);
		await settled(() => echoed);
		expect(there?.stalledBy).toEqual({ kind: "send", name: `127.0.0.1:${attacker.localPort}` });
		// What the kernels hold went out; the rest was never even taken from the stream.
		expect(echoed).toBeLessThan(500_000);
		// 1 MiB at 512 bytes each, of 101 bytes and a line feed.
		expect(unsent(there)).toBeLessThanOrEqual(2048 * 102);
		const before = echoed;
		attacker.resetAndDestroy();
		await eventually(() => server.pipes.size === 0);
		await new Promise((resolve) => setImmediate(resolve));
		// Nothing more is handed out on a connection that has failed.
		expect(echoed).toBe(before);
		process.off("unhandledRejection", unhandled);
		expect(unhandled).not.toHaveBeenCalled();
		expect(failures).toEqual([]);
	});

	test("a returned promise that the reset lost is not reported a thousand times", async () => {
		const failures: unknown[] = [];
		const server = await pipes.server(TCP, {
			framing: lines(),
			onMessage: (_message, _peer, pipe) => pipe.send("x".repeat(100)),
			onError: (error) => failures.push(error),
		});
		const ends: unknown[] = [];
		server.onEnd((_message, _peer, _pipe, reason) => ends.push(reason));
		const attacker = await silentClient(server);
		attacker.write(Buffer.alloc(500_000, 0x0a));
		const there = await server.accept();
		await eventually(() => there?.stalledBy !== null);
		attacker.resetAndDestroy();
		await eventually(() => there?.state === "closed");
		expect(there?.reason).toMatchObject({ kind: "error", error: { code: "ECONNRESET" } });
		expect(failures).toEqual([]);
	});

	test("a client that reads, however late, gets every byte", async () => {
		const server = await pipes.server(TCP, {
			onMessage: (message, _peer, pipe) => {
				void pipe.send(message);
			},
		});
		const client = await silentClient(server);
		const whole = 16 * 1024 * 1024;
		client.write(Buffer.alloc(whole, 7));
		const there = await server.accept();
		await eventually(() => there?.stalledBy?.kind === "send");
		let got = 0;
		client.on("data", (data) => {
			got += data.length;
		});
		client.resume();
		await eventually(() => got === whole, 1_000_000);
		expect(there?.stalledBy).toBeNull();
	});
});

describe("sends that are not awaited", () => {
	test("are limited in number, and complete in linear time at a reset", async () => {
		const [client, there] = await pipes.pair();
		const refused: unknown[] = [];
		let lost = 0;
		// The kernel takes the first of them; then its buffers are full.
		void client.send(Buffer.alloc(8 * 1024 * 1024)).catch(() => undefined);
		const byte = Buffer.alloc(1);
		for (let n = 0; n < 40_000; n++) {
			client.send(byte).catch((error: { code: string }) => {
				if (error.code === "ERR_PIPE_SEND_QUEUE") refused.push(error);
				else lost++;
			});
		}
		await new Promise((resolve) => setImmediate(resolve));
		// 16 MiB less what the first one takes, 512 bytes for each of the others.
		expect(40_000 - refused.length).toBe((16 * 1024 * 1024 - 8 * 1024 * 1024) / 512);
		await there.reset();
		await eventually(() => lost === 40_000 - refused.length);
	});

	test.each([10_000, 20_000])("%i completions take one step each", async (count) => {
		// The number of steps, not the time: an array that is shifted for each would move all others every time.
		const { PendingSends } = await import("../../src/transport/pending-sends.js");
		const sends = new PendingSends();
		const all = Array.from({ length: count }, () => sends.add(1));
		const shift = vi.spyOn(Array.prototype, "shift");
		for (let n = 0; n < count; n++) sends.taken();
		const shifts = shift.mock.calls.length;
		shift.mockRestore();
		expect(shifts).toBe(0);
		await Promise.all(all);
		expect([sends.cost, sends.length]).toEqual([0, 0]);
	});

	test("a datagram from port 0 cannot be answered, and that is a typed error", async () => {
		const server = await pipes.server(UDP);
		await expect(server.send("x", ["127.0.0.1", 0])).rejects.toMatchObject({ code: "ERR_PIPE_OPTION" });
	});
});

describe("a relay", () => {
	test("counts empty frames too", async () => {
		const calls: string[] = [];
		const sends: (() => void)[] = [];
		// A target that takes nothing until it is told to.
		const target = {
			remote: ["127.0.0.1", 9],
			state: "open",
			send: () => new Promise<void>((resolve) => sends.push(resolve)),
		} as unknown as Pipe;
		const relay = new Relay(target, undefined, 1024 * 1024, {
			lossless: true,
			stall: () => void calls.push(`stall after ${sends.length}`),
			release: () => void calls.push(`release after ${sends.length}`),
			dropped: () => undefined,
			report: () => undefined,
		});
		for (let n = 0; n < 5000; n++) relay.forward(Buffer.alloc(0));
		expect(calls).toEqual(["stall after 2048"]);
		for (const send of sends.splice(0, 5000 - 1024)) send();
		await new Promise((resolve) => setImmediate(resolve));
		expect(calls).toHaveLength(2);
	});
});

describe("a queue", () => {
	test("of tiny frames does not keep the chunks that they came in", async () => {
		const framing = lengthPrefixed({ bytes: 4 });
		const [client, there] = await pipes.pair({}, { framing });
		there.subscribe(/^x$/).subscribe(/^end$/);
		// One tiny message in every 64 KiB; the padding has no taker.
		const big = framing.encode(Buffer.alloc(64 * 1024, 0x79));
		const tiny = framing.encode(Buffer.from("x"));
		for (let n = 0; n < 50; n++) await client.send(Buffer.concat([tiny, big]));
		await client.send(framing.encode(Buffer.from("end")));
		await there.recv({ sub: /^end$/ });
		const held = new Set<ArrayBufferLike>();
		for (let n = 0; n < 50; n++) held.add((await there.recv({ sub: /^x$/ }))?.buffer as ArrayBufferLike);
		// 50 chunks would be 3.2 MB.
		expect([...held].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(
			50 * Buffer.poolSize,
		);
	});
});

describe("handshakes", () => {
	const authority = makeAuthority();
	const identity = authority.issue("127.0.0.1");

	test("that never end leave maxConnections to others", async () => {
		const server = await pipes.server(TCP, { tls: identity, maxConnections: 2 });
		for (let n = 0; n < 100; n++) await silentClient(server);
		const client = await pipes.client(server, { tls: { ca: authority.cert } });
		expect(await server.accept()).not.toBeNull();
		expect(client.state).toBe("open");
	});

	test("are limited: a new one ends the oldest", async () => {
		const server = await pipes.server(TCP, { tls: identity });
		const first = await silentClient(server);
		const gone = once(first.resume(), "close");
		for (let n = 0; n < TLS_HANDSHAKES; n++) await silentClient(server);
		await gone;
		await pipes.client(server, { tls: { ca: authority.cert } });
		expect(await server.accept()).not.toBeNull();
	});

	test("one client port on two local addresses is two handshakes, and both end with the server", async () => {
		const server = await pipes.server(TCP, { tls: identity });
		const probe = await pipes.server(TCP);
		const [, localPort] = probe.local;
		await probe.close();
		const both = ["127.0.0.1", "127.0.0.2"].map((host) => {
			// An explicit port is bound with SO_REUSEADDR, so the two connections can share it.
			const socket = connect({ port: server.local[1], host, localAddress: "127.0.0.1", localPort });
			strays.push(socket);
			return socket.on("error", () => undefined).resume();
		});
		await Promise.all(both.map((socket) => once(socket, "connect")));
		const gone = Promise.all(both.map((socket) => once(socket, "close")));
		await new Promise((resolve) => setImmediate(resolve));
		await new Promise((resolve) => setImmediate(resolve));
		await server.close();
		await gone;
	});

	test.each([
		["self-signed", () => makeAuthority("a stranger")],
		["signed by a stranger", () => makeAuthority("a stranger").issue("client.example")],
		["expired", () => authority.issueExpired("client.example")],
	])("an optional client certificate that is %s is refused", async (_name, make) => {
		const errors: unknown[] = [];
		const server = await pipes.server(TCP, {
			tls: { ...identity, ca: authority.cert, clientCertificate: "optional" },
			onError: (error) => errors.push(error),
		});
		const { cert, key } = make();
		const client = await pipes.client(server, { tls: { ca: authority.cert, cert, key } });
		client.subscribe();
		await expect(client.recv()).rejects.toMatchObject({ code: "ERR_PIPE_CLOSED" });
		await eventually(() => server.stats.refused === 1);
		expect(server.pipes.size).toBe(0);
		expect(errors).toMatchObject([{ code: "ERR_PIPE_TLS" }]);
	});

	test("an optional client certificate that is valid, or absent, is let in", async () => {
		const tls = { ...identity, ca: authority.cert, clientCertificate: "optional" } as const;
		const server = await pipes.server(TCP, { tls });
		await pipes.client(server, { tls: { ca: authority.cert, ...authority.issue("client.example") } });
		expect((await server.accept())?.tls?.verified).toBe(true);
		await pipes.client(server, { tls: { ca: authority.cert } });
		expect((await server.accept())?.tls).toMatchObject({ verified: false, peerCertificate: null });
	});
});

describe("descriptors", () => {
	/** A server in a child whose limit of descriptors is 256, and what it says of itself. */
	async function limited(...args: string[]) {
		const child = fileURLToPath(new URL("./descriptors-child.ts", import.meta.url));
		const node = [process.execPath, "--conditions=@p2pd/source", "--import", "tsx", child, ...args].join(" ");
		const running = spawn("bash", ["-c", `ulimit -n 256; exec ${node}`], {
			cwd: fileURLToPath(new URL("../..", import.meta.url)),
			stdio: ["pipe", "pipe", "inherit"],
		});
		const output = createInterface(running.stdout)[Symbol.asyncIterator]();
		const line = async (): Promise<string> => String((await output.next()).value);
		const port = Number(await line());
		const own = await pipes.server(TCP);
		return {
			port,
			async report(): Promise<Record<string, unknown>> {
				running.stdin.write(`${own.local[1]}\n`);
				return JSON.parse(await line()) as Record<string, unknown>;
			},
			async stop(): Promise<void> {
				running.stdin.end();
				await once(running, "close");
			},
		};
	}

	async function connectMany(port: number, count: number): Promise<Socket[]> {
		const sockets = Array.from({ length: count }, () => {
			const socket = connect({ port, host: "127.0.0.1" });
			socket.on("error", () => undefined);
			strays.push(socket);
			return socket.resume();
		});
		await Promise.all(
			sockets.map((socket) => Promise.race([once(socket, "connect"), once(socket, "close")])),
		);
		return sockets;
	}

	test("the default of maxConnections leaves a reserve for the process", { timeout: 60_000 }, async () => {
		const child = await limited();
		await connectMany(child.port, 300);
		let report = await child.report();
		for (let n = 0; n < 20 && report["refused"] !== 172; n++) report = await child.report();
		expect(report).toEqual({ accepted: 128, refused: 172, opens: true, connects: true, errors: [] });
		await child.stop();
	});

	test("a server that runs out of them goes on when there are some again", { timeout: 60_000 }, async () => {
		const child = await limited("10000");
		const many = await connectMany(child.port, 300);
		let report = await child.report();
		for (let n = 0; n < 20 && Number(report["accepted"]) < 200; n++) report = await child.report();
		expect(report["accepted"]).toBeLessThan(256);
		for (const socket of many) socket.destroy();
		for (let n = 0; n < 50 && report["accepted"] !== 0; n++) report = await child.report();
		expect(report).toMatchObject({ accepted: 0, opens: true, connects: true });
		await connectMany(child.port, 3);
		for (let n = 0; n < 50 && report["accepted"] !== 3; n++) report = await child.report();
		expect(report["accepted"]).toBe(3);
		await child.stop();
	});
});

describe("closing with unsent data", () => {
	/** A transport over a stream that takes a write when it is told to. */
	function slowStream() {
		const clock = new ManualClock();
		const gates: (() => void)[] = [];
		const stream = new Duplex({
			read: () => undefined,
			write: (_chunk, _encoding, done) => void gates.push(done),
		});
		const transport = new TcpTransport(stream as Socket, resolveSettings("tcp", {}, clock), ["192.0.2.1", 9]);
		const nothing = (): void => undefined;
		transport.start({
			chunk: nothing,
			foreign: nothing,
			relieved: nothing,
			ended: nothing,
			closed: nothing,
			report: nothing,
		});
		const sends = [1, 2, 3].map(() => transport.send(Buffer.alloc(10)));
		return { clock, gates, stream, transport, sends: Promise.allSettled(sends) };
	}

	test("after the peer has finished it waits as long as the peer takes some of it", async () => {
		const { clock, gates, sends, stream, transport } = slowStream();
		const closing = transport.close(400, true);
		for (let n = 0; n < 3; n++) {
			await clock.advance(399);
			expect(stream.destroyed).toBe(false);
			gates.shift()?.();
			await new Promise((resolve) => setImmediate(resolve));
		}
		await closing;
		expect((await sends).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
	});

	test("and no longer than its linger when the peer takes nothing, or the program closes", async () => {
		for (const patient of [true, false]) {
			const { clock, gates, sends, stream, transport } = slowStream();
			if (!patient) void transport.close(400, true);
			const closing = transport.close(400, patient);
			await clock.advance(200);
			if (!patient) gates.shift()?.();
			await new Promise((resolve) => setImmediate(resolve));
			await clock.advance(201);
			expect(stream.destroyed).toBe(true);
			await closing;
			expect((await sends).at(-1)).toMatchObject({ reason: { code: "ERR_PIPE_SEND" } });
		}
	});
});
