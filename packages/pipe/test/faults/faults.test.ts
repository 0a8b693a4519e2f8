import { once } from "node:events";
import { readdirSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { buildNetwork, ManualClock } from "@p2pd/testnet";
import { afterEach, describe, expect, test } from "vitest";
import { type Pipe, type PipeEndReason, pipeOpen, TCP, UDP } from "../../src/index.js";
import { eventually, Pipes } from "../support/pair.js";

const pipes = new Pipes();
const servers: Server[] = [];
afterEach(async () => {
	await pipes.close();
	for (const server of servers.splice(0)) {
		server.close();
		await once(server, "close");
	}
});

/** A bare peer: a client pipe, and the Node socket on its other side. */
async function barePeer(options = {}): Promise<[Pipe, Socket]> {
	const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
	servers.push(server);
	await once(server, "listening");
	const accepted = once(server, "connection") as Promise<[Socket]>;
	const { port } = server.address() as AddressInfo;
	const pipe = pipes.keep(await pipeOpen(null, TCP, ["127.0.0.1", port], options));
	const [socket] = await accepted;
	socket.on("error", () => undefined);
	return [pipe, socket];
}

const endOf = (pipe: Pipe): Promise<PipeEndReason> =>
	new Promise((resolve) => {
		pipe.onEnd((_message, _peer, _pipe, reason) => resolve(reason));
	});

describe("a peer that", () => {
	test("resets: every waiter is told, and the reason says so", async () => {
		const [pipe, socket] = await barePeer();
		const ended = endOf(pipe);
		pipe.subscribe();
		const waiting = expect(pipe.recv()).rejects.toMatchObject({
			code: "ERR_PIPE_CLOSED",
			reason: { kind: "error", error: { code: "ECONNRESET" } },
		});
		socket.resetAndDestroy();
		await waiting;
		expect(await ended).toMatchObject({ kind: "error", error: { code: "ECONNRESET" } });
		expect(pipe.state).toBe("closed");
		await expect(pipe.send("x")).rejects.toMatchObject({ code: "ERR_PIPE_CLOSED" });
	});

	test("resets while we send: the sends under way reject", async () => {
		const [pipe, socket] = await barePeer();
		const sending = expect(pipe.send(Buffer.alloc(16 * 1024 * 1024))).rejects.toMatchObject({
			code: "ERR_PIPE_SEND",
		});
		socket.resetAndDestroy();
		await sending;
		expect((await endOf(pipe)).kind).toBe("error");
	});

	test("never reads: an awaiting sender stops, one that does not is refused, and close gives up", async () => {
		const [pipe, socket] = await barePeer({ linger: 5, sendBytes: 1024 * 1024 });
		const chunk = Buffer.alloc(64 * 1024);
		// Awaited sends go through until the kernel's buffers are full; then one waits, and nothing piles up.
		let settled = 0;
		const flood = async (): Promise<void> => {
			for (;;) {
				await pipe.send(chunk);
				settled++;
			}
		};
		const stuck = flood().catch((error: { code: string }) => error.code);
		for (let before = -1; before !== settled; ) {
			before = settled;
			await eventually(() => settled > before, 300).catch(() => undefined);
			expect(settled).toBeLessThan(1000);
		}
		expect((pipe.socket as Socket).writableLength).toBe(chunk.length);
		const refused: unknown[] = [];
		const failed: unknown[] = [];
		for (let n = 0; n < 100; n++) {
			pipe.send(chunk).catch((error: { code: string }) => {
				(error.code === "ERR_PIPE_SEND_QUEUE" ? refused : failed).push(error);
			});
		}
		await eventually(() => refused.length > 0);
		// 15 more fit beside the one that is stuck.
		expect(refused).toHaveLength(100 - 15);
		await pipe.close();
		await eventually(() => failed.length === 15);
		expect(failed).toMatchObject(Array(15).fill({ code: "ERR_PIPE_SEND" }));
		expect(await stuck).toBe("ERR_PIPE_SEND");
		socket.destroy();
	});

	test("is half open, gone without a word: close does not wait for it", async () => {
		const clock = new ManualClock();
		const nic = (last: number) => ({ name: "eth0", addresses: [`45.1.1.${last}/24`], gateway: null });
		const net = buildNetwork(
			{
				outside: [],
				gateways: [],
				hosts: [
					{ name: "here", nics: [nic(1)] },
					{ name: "there", nics: [nic(2)] },
				],
			},
			{ clock },
		);
		const server = await clock.runUntil(pipeOpen(net.host("there").sockets(4), TCP, null, {}, { clock }));
		const dest = ["45.1.1.2", server.local[1]] as const;
		const pipe = await clock.runUntil(pipeOpen(net.host("here").sockets(4), TCP, dest, {}, { clock }));
		const there = await clock.runUntil(server.accept());
		net.link("there:eth0").set({ loss: 1 });
		pipe.subscribe();
		expect(await clock.runUntil(pipe.recv())).toBeNull();
		const stuck = pipe.send(Buffer.alloc(1024 * 1024)).catch((error: { code: string }) => error.code);
		await clock.advance(100);
		const start = clock.now();
		await clock.runUntil(pipe.close({ linger: 3000 }));
		expect(clock.now() - start).toBeLessThanOrEqual(3000);
		expect(await stuck).toBe("ERR_PIPE_SEND");
		await clock.runUntil(Promise.all([there?.reset(), server.close()]));
	});

	test("refuses, and one that swallows everything", async () => {
		const server = await pipes.server(TCP);
		const { local } = server;
		await server.close();
		await expect(pipeOpen(null, TCP, ["127.0.0.1", local[1]])).rejects.toMatchObject({
			code: "ERR_PIPE_CONNECT",
			attempts: [{ ip: "127.0.0.1", port: local[1] }],
		});
		const clock = new ManualClock();
		const net = buildNetwork(
			{
				outside: [],
				gateways: [],
				hosts: [{ name: "here", nics: [{ name: "eth0", addresses: ["45.1.1.1/24"], gateway: null }] }],
			},
			{ clock },
		);
		await expect(
			clock.runUntil(pipeOpen(net.host("here").sockets(4), TCP, ["45.1.1.9", 80], {}, { clock })),
		).rejects.toMatchObject({ code: "ERR_PIPE_TIMEOUT", phase: "connect", timeout: 2000 });
		expect(clock.now()).toBe(2000);
	});

	test("does not answer on UDP: recv is null, and the pipe lives on", async () => {
		const server = await pipes.server(UDP);
		const { local } = server;
		await server.close();
		const pipe = pipes.keep(await pipeOpen(null, UDP, ["127.0.0.1", local[1]]));
		pipe.subscribe();
		for (let n = 0; n < 3; n++) {
			await pipe.send("anybody?");
			expect(await pipe.recv({ timeout: 1 })).toBeNull();
		}
		expect(pipe.state).toBe("open");
	});
});

describe("a pipe that", () => {
	test("is closed while sending lets what it took go out", async () => {
		const [pipe, socket] = await barePeer();
		let got = 0;
		socket.on("data", (data) => {
			got += data.length;
		});
		const sends = Array.from({ length: 50 }, () => pipe.send(Buffer.alloc(10_000)));
		const closing = pipe.close();
		await expect(pipe.send("too late")).rejects.toMatchObject({ code: "ERR_PIPE_CLOSED" });
		socket.resume();
		await Promise.all([...sends, closing, once(socket, "end")]);
		expect(got).toBe(500_000);
		socket.destroy();
	});

	test("is closed while datagrams are under way sends them first", async () => {
		const server = await pipes.server(UDP);
		const pipe = await pipes.client(server);
		server.subscribe();
		const sends = ["a", "b", "c"].map((text) => pipe.send(text));
		await Promise.all([pipe.close(), ...sends]);
		const got: string[] = [];
		for (let n = 0; n < 3; n++) got.push(String(await server.recv()));
		expect(got).toEqual(["a", "b", "c"]);
	});

	test("is not read takes no more than its queue, and everything once it is read", async () => {
		const [pipe, socket] = await barePeer({ queueBytes: 256 * 1024 });
		pipe.subscribe();
		const whole = 32 * 1024 * 1024;
		socket.resume().write(Buffer.alloc(whole));
		await eventually(() => pipe.stalledBy !== null);
		for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
		// One chunk over the limit at most; the rest stays in the kernels and at the peer.
		expect(pipe.subscriptions[0]?.queuedBytes).toBeLessThanOrEqual(256 * 1024 + 64 * 1024);
		let got = 0;
		while (got < whole) got += (await pipe.recv())?.length ?? 0;
		expect(got).toBe(whole);
	});

	test("drops what UDP brings too much of, and counts it", async () => {
		const server = await pipes.server(UDP, { queueMessages: 10 });
		const client = await pipes.client(server);
		server.subscribe();
		for (let n = 0; n < 100; n++) await client.send(String(n));
		await eventually(() => server.stats.messagesIn === 100);
		expect(server.subscriptions[0]).toMatchObject({ queued: 10, dropped: 90 });
		expect(String(await server.recv())).toBe("90");
	});

	test("does not accept refuses connections once its queue is full", async () => {
		const server = await pipes.server(TCP, { acceptQueue: 2 });
		const clients = [];
		for (let n = 0; n < 4; n++) clients.push(await pipes.client(server));
		await eventually(() => server.stats.refused === 2);
		expect(server.pipes.size).toBe(2);
		await server.accept();
		await pipes.client(server);
		expect(await server.accept()).not.toBeNull();
	});

	test("has callbacks keeps only the latest connections for accept", async () => {
		const server = await pipes.server(TCP, { acceptQueue: 2, onConnect: () => undefined });
		const ports: number[] = [];
		for (let n = 0; n < 4; n++) ports.push((await pipes.client(server)).local[1]);
		await eventually(() => server.pipes.size === 4);
		expect([(await server.accept())?.remote?.[1], (await server.accept())?.remote?.[1]]).toEqual(
			ports.slice(2),
		);
	});

	test("is aborted while it opens leaves nothing", async () => {
		const stop = new AbortController();
		stop.abort(new Error("enough"));
		for (const protocol of [TCP, UDP] as const) {
			await expect(pipeOpen(null, protocol, null, { signal: stop.signal })).rejects.toMatchObject({
				message: "enough",
			});
			await expect(pipeOpen(null, protocol, ["127.0.0.1", 9], { signal: stop.signal })).rejects.toMatchObject(
				{
					message: "enough",
				},
			);
		}
	});
});

describe("10,000 pipes", () => {
	/** A tenth of them by default: as many say the same, and the whole is run with P2PD_LONG=1. */
	const count = process.env["P2PD_LONG"] === "1" ? 10_000 : 1000;

	test(`opened and closed (${count}) leave no descriptor, timer or listener`, {
		timeout: 120_000,
	}, async () => {
		const server = await pipes.server(TCP, { onMessage: (message, _peer, pipe) => pipe.send(message) });
		const echo = await pipes.server(UDP, { onMessage: (message, peer, pipe) => pipe.send(message, peer) });
		const signal = new AbortController().signal;
		let added = 0;
		let removed = 0;
		const add = signal.addEventListener.bind(signal);
		const remove = signal.removeEventListener.bind(signal);
		signal.addEventListener = (...args: Parameters<typeof add>) => {
			added++;
			add(...args);
		};
		signal.removeEventListener = (...args: Parameters<typeof remove>) => {
			removed++;
			remove(...args);
		};
		const descriptors = (): number => readdirSync("/proc/self/fd").length;
		const before = descriptors();
		const resources = process.getActiveResourcesInfo().length;
		for (let n = 0; n < count; n += 10) {
			await Promise.all(
				Array.from({ length: 10 }, async (_, k) => {
					const pipe = await openOn(k % 2 === 0 ? server : echo, signal);
					pipe.subscribe();
					await pipe.send("x");
					await pipe.recv();
					await pipe.close();
				}),
			);
		}
		await eventually(() => server.pipes.size === 0 && descriptors() <= before);
		await eventually(() => process.getActiveResourcesInfo().length <= resources);
		expect(added).toBeGreaterThanOrEqual(count);
		expect(removed).toBeGreaterThanOrEqual(added);
	});

	function openOn(server: Pipe, signal: AbortSignal): Promise<Pipe> {
		return pipeOpen(null, server.protocol, ["127.0.0.1", server.local[1]], { signal });
	}
});
