import { once } from "node:events";
import type { Server } from "node:net";
import { kernelRoute } from "@p2pd/route";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
	lengthPrefixed,
	lines,
	type Pipe,
	type PipeEndReason,
	type PipeSockets,
	pipeOpen,
	TCP,
	tryPipeOpen,
	UDP,
} from "../../src/index.js";
import { eventually, Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

const endOf = (pipe: Pipe): Promise<PipeEndReason> =>
	new Promise((resolve) => {
		pipe.onEnd((_message, _peer, _pipe, reason) => resolve(reason));
	});

describe("callbacks", () => {
	test("one that throws hurts no other, and is reported with its kind", async () => {
		const errors: unknown[] = [];
		const seen: string[] = [];
		const [client, there] = await pipes.pair();
		there
			.onError((error) => errors.push(error))
			.onMessage(() => {
				throw new Error("sync");
			})
			.onMessage(() => Promise.reject(new Error("async")))
			.onMessage((message) => seen.push(String(message)))
			.onEnd(() => {
				throw new Error("end");
			})
			.subscribe();
		await client.send("x");
		expect(String(await there.recv())).toBe("x");
		await there.close();
		expect(seen).toEqual(["x"]);
		expect(errors).toMatchObject([
			{ code: "ERR_PIPE_CALLBACK", callback: "message", cause: { message: "sync" } },
			{ code: "ERR_PIPE_CALLBACK", callback: "message", cause: { message: "async" } },
			{ code: "ERR_PIPE_CALLBACK", callback: "end", cause: { message: "end" } },
		]);
	});

	test("without an error callback errors are process warnings, also those of error callbacks", async () => {
		const warned: unknown[] = [];
		const spy = vi.spyOn(process, "emitWarning").mockImplementation((warning) => void warned.push(warning));
		const [client] = await pipes.pair();
		const fail = (): never => {
			throw new Error("one");
		};
		client.onConnect(fail);
		await eventually(() => warned.length === 1);
		client.onError(() => {
			throw new Error("two");
		});
		client.offConnect(fail).onConnect(() => {
			throw new Error("three");
		});
		await eventually(() => warned.length === 2);
		spy.mockRestore();
		expect(warned).toMatchObject([{ callback: "connect" }, { message: "two" }]);
	});

	test("accepted pipes have lists of their own", async () => {
		const server = await pipes.server(TCP, { onMessage: (message, _peer, pipe) => pipe.send(message) });
		const one = await pipes.client(server);
		const two = await pipes.client(server);
		const first = await server.accept();
		const seen: string[] = [];
		first?.onMessage((message) => seen.push(String(message)));
		for (const client of [one, two]) client.subscribe();
		await one.send("1");
		await two.send("2");
		expect([String(await one.recv()), String(await two.recv()), seen]).toEqual(["1", "2", ["1"]]);
	});

	test("one that is taken off is called no more, and twice the same is once", async () => {
		const [client, there] = await pipes.pair();
		let calls = 0;
		const count = (): void => {
			calls++;
		};
		there.subscribe().onMessage(count).onMessage(count).onEnd(count).offEnd(count);
		await client.send("x");
		await there.recv();
		there.offMessage(count).offMessage(count);
		await client.send("y");
		await there.recv();
		await there.close();
		expect(calls).toBe(1);
	});

	test("connect is called for a connection that stands already", async () => {
		const [client] = await pipes.pair();
		const [message, peer, pipe] = await new Promise<unknown[]>((resolve) => {
			client.onConnect((...args) => resolve(args));
		});
		expect([message, peer, pipe === client]).toEqual([null, client.remote, true]);
	});
});

describe("framing", () => {
	test("a pattern matches whole messages, however they were sent", async () => {
		const [client, there] = await pipes.pair({}, { framing: lines() });
		there.subscribe(/^HTTP\/1\.1 (\d+)/).subscribe();
		for (const piece of ["HT", "TP/1.1 20", "0 OK\r\nHos", "t: x\n\nHTTP/1.1 404\n"]) {
			await client.send(piece);
			await new Promise((resolve) => setImmediate(resolve));
		}
		const sub = /^HTTP\/1\.1 (\d+)/;
		expect(String(await there.recv({ sub }))).toBe("HTTP/1.1 200 OK");
		expect(String(await there.recv({ sub }))).toBe("HTTP/1.1 404");
		const all: string[] = [];
		for (let n = 0; n < 4; n++) all.push(String(await there.recv()));
		expect(all).toEqual(["HTTP/1.1 200 OK", "Host: x", "", "HTTP/1.1 404"]);
	});

	test("a full queue holds the frames back one by one, and the end comes after the last", async () => {
		const framing = lengthPrefixed({ bytes: 2 });
		const [client, there] = await pipes.pair({ framing }, { framing, queueMessages: 4 });
		const ended = endOf(there);
		there.subscribe();
		for (let n = 0; n < 100; n++) await client.send(`frame ${n}`);
		await client.close();
		await eventually(() => there.stalledBy !== null);
		expect(there.stalledBy).toEqual({ kind: "subscription", name: "all" });
		expect(there.subscriptions[0]?.queued).toBe(4);
		const got: string[] = [];
		for await (const message of there.messages()) got.push(String(message));
		expect(got).toEqual(Array.from({ length: 100 }, (_, n) => `frame ${n}`));
		expect(await ended).toEqual({ kind: "remote", error: null });
		expect(there.stats).toMatchObject({ messagesIn: 100, unmatched: 0 });
	});

	test("a stream that violates it ends the pipe with the reason", async () => {
		const [client, there] = await pipes.pair({}, { framing: lengthPrefixed({ maxBytes: 10 }) });
		there.subscribe();
		await client.send(Buffer.from([0, 0, 0, 11]));
		await expect(there.recv()).rejects.toMatchObject({ cause: { code: "ERR_PIPE_FRAMING" } });
		expect(there.reason).toMatchObject({ kind: "error", error: { code: "ERR_PIPE_FRAMING" } });
	});

	test("a message cut off by the end is an error of the end", async () => {
		const [client, there] = await pipes.pair({}, { framing: lengthPrefixed() });
		const ended = endOf(there);
		there.subscribe();
		await client.send(Buffer.from([0, 0, 0, 11, 1]));
		await client.close();
		expect(await ended).toMatchObject({ kind: "error", error: { code: "ERR_PIPE_FRAMING" } });
	});

	test("a peer that finishes without a word ends a framed pipe too", async () => {
		const [client, there] = await pipes.pair({}, { framing: lines() });
		const ended = endOf(there);
		there.subscribe();
		await client.close();
		expect(await ended).toEqual({ kind: "remote", error: null });
	});
});

describe("odd moments", () => {
	test("end again is the same, and after close an error", async () => {
		const [client, there] = await pipes.pair({ halfOpen: true }, { halfOpen: true });
		there.subscribe();
		await Promise.all([client.end(), client.end()]);
		await expect(there.recv()).rejects.toMatchObject({ code: "ERR_PIPE_CLOSED" });
		await there.close();
		await client.close();
		await expect(client.end()).rejects.toMatchObject({ code: "ERR_PIPE_CLOSED" });
	});

	test("a server that is detached listens on, and its connections are closed", async () => {
		const server = await pipes.server(TCP);
		const client = await pipes.client(server);
		const ended = endOf(client);
		client.subscribe();
		await server.accept();
		const socket = server.detach() as Server;
		expect(socket.listening).toBe(true);
		expect((await ended).kind).toBe("remote");
		socket.close();
	});

	test("a signal that aborts as the connection stands leaves nothing", async () => {
		const server = await pipes.server(TCP);
		const stop = new AbortController();
		const kernel = kernelRoute(4);
		const sockets: PipeSockets = {
			af: 4,
			nic: null,
			localIp: kernel.localIp,
			udp: (options) => kernel.udp(options),
			listen: (options) => kernel.listen(options),
			async connect({ ip, port }) {
				const socket = await kernel.connect({ ip, port });
				queueMicrotask(() => stop.abort(new Error("enough")));
				return socket;
			},
		};
		const opening = pipeOpen(sockets, TCP, ["127.0.0.1", server.local[1]], { signal: stop.signal });
		await expect(opening).rejects.toMatchObject({ message: "enough" });
	});

	test("streams over UDP end without a half-close", async () => {
		const server = await pipes.server(UDP);
		const client = await pipes.client(server);
		await client.writable.close();
		expect(client.state).toBe("open");
		const duplex = client.toDuplex();
		const finished = once(duplex, "finish");
		duplex.end();
		await finished;
		expect(() => server.writable).toThrow(expect.objectContaining({ code: "ERR_PIPE_ROLE" }));
		expect(() => server.toDuplex()).toThrow(expect.objectContaining({ code: "ERR_PIPE_ROLE" }));
	});

	test("an invalid timeout, and a relay's address where there is one already, are refused", async () => {
		const [client] = await pipes.pair();
		const [other] = await pipes.pair();
		client.subscribe();
		await expect(client.recv({ timeout: -1 })).rejects.toMatchObject({ code: "ERR_PIPE_OPTION" });
		await expect(client.recv({ timeout: Number.NaN })).rejects.toMatchObject({ code: "ERR_PIPE_OPTION" });
		expect(() => client.addPipe(other, { to: ["127.0.0.1", 9] })).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_OPTION" }),
		);
	});

	test("a framing of one's own that throws ends the pipe with its error", async () => {
		const broken = new Error("no such frame");
		const fail = (): never => {
			throw broken;
		};
		const framing = { decoder: () => ({ push: fail, next: () => null, end: () => null }), encode: fail };
		const [client, there] = await pipes.pair({}, { framing });
		there.subscribe();
		await expect(there.send("x")).rejects.toBe(broken);
		const ended = endOf(there);
		await client.send("x");
		expect(await ended).toEqual({ kind: "error", error: broken });
	});
});

describe("duplicates", () => {
	test("a sender's repeated message is dropped while it is remembered", async () => {
		const server = await pipes.server(UDP, { dedupe: 2 });
		const [one, two] = [await pipes.client(server), await pipes.client(server)];
		server.subscribe();
		for (const [pipe, text] of [
			[one, "dup"],
			[one, "dup"],
			[two, "dup"],
			[one, "new"],
			[one, "newer"],
			[one, "dup"],
		] as const) {
			await pipe.send(text);
			const before = server.stats.messagesIn;
			await eventually(() => server.stats.messagesIn > before || server.stats.messagesIn >= 1);
		}
		const got: string[] = [];
		for (let n = 0; n < 5; n++) got.push(String(await server.recv()));
		expect(got).toEqual(["dup", "dup", "new", "newer", "dup"]);
		expect(server.stats).toMatchObject({ messagesIn: 6, duplicates: 1 });
	});
});

describe("patterns", () => {
	test("state of g and y is ignored, and the program's own object is left alone", async () => {
		const server = await pipes.server(UDP);
		const client = await pipes.client(server);
		const global = /a/g;
		const sticky = /b/y;
		global.lastIndex = 5;
		server.subscribe(global).subscribe(sticky);
		for (let n = 0; n < 3; n++) await client.send("ba");
		for (let n = 0; n < 3; n++) {
			expect(String(await server.recv({ sub: global }))).toBe("ba");
			expect(String(await server.recv({ sub: sticky }))).toBe("ba");
		}
		expect([global.lastIndex, sticky.lastIndex]).toEqual([5, 0]);
	});

	test("bytes that are no text are matched one character a byte, up to the limit", async () => {
		const server = await pipes.server(UDP, { patternBytes: 4 });
		const client = await pipes.client(server);
		server
			.subscribe(/^\xff[^\xff]\x80a$/)
			.subscribe(/late/)
			.subscribe();
		await client.send(Buffer.from("ff0080616c617465", "hex"));
		expect((await server.recv())?.length).toBe(8);
		expect((await server.recv({ sub: /^\xff[^\xff]\x80a$/ }))?.length).toBe(8);
		expect(await server.recv({ sub: /late/, timeout: 1 })).toBeNull();
	});

	test("anything that tests text fits; one that throws or is slow is reported", async () => {
		const errors: unknown[] = [];
		let now = 0;
		const clock = { now: () => now, setTimeout: () => null, clearTimeout: () => undefined };
		const server = await pipes.server(UDP, { onError: (error) => errors.push(error) }, { clock });
		const client = await pipes.client(server);
		const slow = {
			test: (text: string) => {
				now += 80;
				return text === "x";
			},
		};
		const broken = {
			test: () => {
				throw new Error("engine");
			},
		};
		server.subscribe(slow).subscribe(broken).subscribe();
		await client.send("x");
		expect(String(await server.recv())).toBe("x");
		expect(String(await server.recv({ sub: slow }))).toBe("x");
		expect(errors).toMatchObject([
			{ code: "ERR_PIPE_PATTERN", ms: 80 },
			{ code: "ERR_PIPE_PATTERN", cause: { message: "engine" } },
		]);
		expect(server.subscriptions.map(({ matched }) => matched)).toEqual([1, 0, 1]);
	});
});

describe("options and arguments", () => {
	test.each<[string, Parameters<typeof pipeOpen>]>([
		["an unknown protocol", [null, "sctp" as "tcp"]],
		["a negative timeout", [null, TCP, null, { recvTimeout: -1 }]],
		["a queue of nothing", [null, TCP, null, { queueMessages: 0 }]],
		["an invalid port", [null, TCP, null, { localPort: 65536 }]],
		["an unknown family", [null, TCP, null, { af: 5 as 4 }]],
		["framing on UDP", [null, UDP, null, { framing: lines() }]],
		["TLS on UDP", [null, UDP, null, { tls: true }]],
		["broadcast on TCP", [null, TCP, null, { broadcast: true }]],
		["duplicates of a byte stream", [null, TCP, null, { dedupe: true }]],
		["duplicates of no number", [null, UDP, null, { dedupe: -1 }]],
		["a keep-alive that is too short", [null, TCP, null, { keepAlive: 5 }]],
		["a TLS server without a certificate", [null, TCP, null, { tls: true }]],
		["a TLS server with a bad certificate", [null, TCP, null, { tls: { cert: "x", key: "y" } }]],
		["an invalid destination", [null, TCP, 5 as unknown as string]],
		["a destination without port", [null, TCP, "example.com"]],
		["a destination that does not parse", [null, TCP, "1.2.3.4.5:x"]],
		["an invalid route", [{} as unknown as null, TCP]],
		["a socket of another kind", [null, UDP, null, { socket: {} as { fd: number } }]],
	])("refuses %s", async (_name, args) => {
		await expect(pipeOpen(...args)).rejects.toMatchObject({ code: "ERR_PIPE_OPTION" });
	});

	test("port 0 and a literal of another family are not destinations", async () => {
		await expect(pipeOpen(null, TCP, ["127.0.0.1", 0])).rejects.toMatchObject({
			code: "ERR_PIPE_DESTINATION",
		});
		const server = await pipes.server(UDP);
		await expect(server.send("x", ["::1", 9])).rejects.toMatchObject({ code: "ERR_PIPE_DESTINATION" });
		await expect(server.send("x", ["fe80::1", 9])).rejects.toMatchObject({ code: "ERR_PIPE_DESTINATION" });
		await expect(server.send("x", ["localhost", 9])).rejects.toMatchObject({ code: "ERR_PIPE_OPTION" });
	});

	test("a policy that UDP cannot have, and a second handler, are refused", async () => {
		const server = await pipes.server(UDP);
		expect(() => server.subscribe(null, null, { policy: "wait" })).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_OPTION" }),
		);
		server.subscribe(null, () => undefined);
		expect(() => server.subscribe(null, () => undefined)).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_OPTION" }),
		);
		await expect(server.recv()).rejects.toMatchObject({ code: "ERR_PIPE_OPTION" });
	});

	test("a taken port is a bind error; tryPipeOpen gives null", async () => {
		const server = await pipes.server(TCP);
		const options = { localPort: server.local[1] };
		await expect(pipeOpen(null, TCP, null, options)).rejects.toMatchObject({ code: "ERR_PIPE_BIND" });
		expect(await tryPipeOpen(null, TCP, null, options)).toBeNull();
		const udp = await pipes.server(UDP);
		await expect(pipeOpen(null, UDP, null, { localPort: udp.local[1] })).rejects.toMatchObject({
			code: "ERR_PIPE_BIND",
		});
	});

	test("two sockets share a port with reuse", async () => {
		const one = await pipes.server(UDP, { reuse: true });
		const two = await pipes.server(UDP, { reuse: true, localPort: one.local[1] });
		expect(two.local[1]).toBe(one.local[1]);
	});
});
