import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { kernelRoute } from "@p2pd/route";
import { afterEach, describe, expect, test } from "vitest";
import {
	delimited,
	lengthPrefixed,
	lines,
	type Pipe,
	type PipeOptions,
	pipeOpen,
	SUB_ALL,
	TCP,
	UDP,
} from "../../src/index.js";
import { makeAuthority } from "../support/certificate.js";
import { Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

/** A value of the wrong type, as a caller without TypeScript can give it. */
const wrong = <T>(value: unknown): T => value as T;
const option = (name: string) => expect.objectContaining({ code: "ERR_PIPE_OPTION", option: name });

describe("options that pipeOpen does not know", () => {
	test.each<[string, object, string]>([
		["P2PD's use_ssl", { use_ssl: 1 }, 'did you mean "tls"?'],
		["a misspelt name", { recvTimout: 5 }, 'did you mean "recvTimeout"?'],
		["P2PD's spelling", { recv_timeout: 5 }, 'did you mean "recvTimeout"?'],
		["a name of its own", { colour: "red" }, "is not a known option"],
	])("%s is refused, and nothing is opened", async (_name, options, hint) => {
		const server = await pipes.server(TCP);
		const dest = ["127.0.0.1", server.local[1]] as const;
		const [name = ""] = Object.keys(options);
		const opening = pipeOpen(null, TCP, dest, wrong<PipeOptions>(options));
		await expect(opening).rejects.toEqual(option(name));
		await expect(opening).rejects.toThrow(hint);
		expect(server.pipes.size).toBe(0);
	});

	test.each<[PipeOptions, string]>([
		[{ tls: wrong(1) }, "tls"],
		[{ tls: wrong({ servername: "x" }) }, "tls.servername"],
		[{ tls: { insecure: wrong("yes") } }, "tls.insecure"],
		[{ maxConnections: -1 }, "maxConnections"],
		[{ recvTimeout: Number.NaN }, "recvTimeout"],
		[{ connectTimeout: wrong("3000") }, "connectTimeout"],
		[{ signal: wrong(5) }, "signal"],
		[{ halfOpen: wrong(1) }, "halfOpen"],
		[{ backlog: 0 }, "backlog"],
		[{ socket: wrong(null) }, "socket"],
		[{ socket: { fd: -1 } }, "socket.fd"],
		[{ socket: { fd: 1.5 } }, "socket.fd"],
	])("%o is refused", async (options, name) => {
		await expect(pipeOpen(null, TCP, null, options)).rejects.toEqual(option(name));
	});

	test("a descriptor of -1 is refused on UDP too", async () => {
		await expect(pipeOpen(null, UDP, null, { socket: { fd: -1 } })).rejects.toEqual(option("socket.fd"));
	});

	test.each<[unknown, string]>([
		[{ clok: null }, "deps.clok"],
		[{ kernel: 5 }, "deps.kernel"],
		[5, "deps"],
	])("deps %o", async (deps, name) => {
		await expect(pipeOpen(null, TCP, null, {}, wrong(deps))).rejects.toEqual(option(name));
	});

	test.each<[() => unknown, string]>([
		[() => lines(wrong({ maxByte: 5 })), "maxByte"],
		[() => lines({ maxBytes: Number.NaN }), "maxBytes"],
		[() => delimited(wrong(5)), "delimiter"],
		[() => delimited(""), "delimiter"],
		[() => lengthPrefixed({ bytes: wrong(3) }), "bytes"],
	])("framing %#", (make, name) => {
		expect(make).toThrow(option(name));
	});
});

describe("recv", () => {
	test.each<[string, unknown, string]>([
		["a pattern", /^B/, "options"],
		["P2PD's null", null, "options"],
		["bytes", Buffer.from("B"), "options"],
		["a pair", [null, ["127.0.0.1", 5]], "options"],
		["text", "B", "options"],
		["a misspelt option", { timout: 5 }, "timout"],
		["a time as text", { timeout: "3000" }, "timeout"],
		["NaN", { timeout: Number.NaN }, "timeout"],
		["a number for full", { full: 1 }, "full"],
		["a number for a signal", { signal: 5 }, "signal"],
	])("%s is refused, and the queue is left alone", async (_name, options, name) => {
		const [client, there] = await pipes.pair();
		there.subscribe();
		await client.send("A");
		await expect(there.recv(wrong(options))).rejects.toEqual(option(name));
		expect(String(await there.recv())).toBe("A");
	});

	test("P2PD's positional form gets ours in the message", async () => {
		const [client] = await pipes.pair();
		client.subscribe();
		await expect(client.recv(wrong(null), ...wrong<[]>([3]))).rejects.toThrow(
			"recv({ sub: /^B/, timeout: 3000 })",
		);
	});

	test("SUB_ALL is the key of all messages", async () => {
		const [client, there] = await pipes.pair();
		there.subscribe(SUB_ALL);
		await client.send("x");
		expect(String(await there.recv({ sub: SUB_ALL }))).toBe("x");
	});
});

describe("other calls", () => {
	test("accept, accepted, messages, close, send, addPipe, delPipe", async () => {
		const [client, there] = await pipes.pair();
		const server = await pipes.server(TCP);
		await expect(server.accept({ timeout: Number.NaN })).rejects.toEqual(option("timeout"));
		await expect(server.accept(wrong({ tmeout: 1 }))).rejects.toEqual(option("tmeout"));
		expect(() => server.accepted(wrong({ signal: 5 }))).toThrow(option("signal"));
		expect(() => client.messages(null, wrong({ ful: true }))).toThrow(option("ful"));
		await expect(client.close({ linger: -1 })).rejects.toEqual(option("linger"));
		await expect(client.send("x", undefined, wrong({ signal: 5 }))).rejects.toEqual(option("signal"));
		expect(() => client.addPipe(wrong({}))).toThrow(option("target"));
		expect(() => client.delPipe(wrong(null))).toThrow(option("target"));
		expect(() => client.addPipe(there, wrong({ too: 1 }))).toThrow(option("too"));
		expect(() => client.subscribe(null, null, wrong({ polcy: "wait" }))).toThrow(option("polcy"));
		for (const name of ["onMessage", "onConnect", "onEnd", "onError"] as const) {
			expect(() => client[name](wrong(null))).toThrow(option("callback"));
		}
		expect(client.state).toBe("open");
	});

	test("String(pipe) says what it is", async () => {
		const [client] = await pipes.pair();
		expect(String(client)).toMatch(/^Pipe \{ tcp client open 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+ \}$/);
		expect(Object.prototype.toString.call(client)).toBe("[object Pipe]");
		expect(JSON.stringify(client)).toBe("{}");
	});
});

describe("subscriptions", () => {
	test("subscribing twice with the same handler is subscribing once", async () => {
		const [client, there] = await pipes.pair();
		const seen: string[] = [];
		const handler = (message: Buffer): void => void seen.push(String(message));
		there.subscribe(/x/, handler).subscribe(/x/, handler);
		expect(there.subscriptions).toHaveLength(1);
		expect(() => there.subscribe(/x/, () => undefined)).toThrow(option("sub"));
		there.subscribe();
		await client.send("x");
		await there.recv();
		expect(seen).toEqual(["x"]);
	});

	test("a handler that another one unsubscribes during a message is not called for it", async () => {
		const [client, there] = await pipes.pair();
		const seen: string[] = [];
		there.subscribe(/first|x/, () => {
			seen.push("first");
			there.unsubscribe(/x/).offMessage(late);
		});
		const late = (): void => void seen.push("late");
		there.subscribe(/x/, () => seen.push("second"));
		const remover = (): void => void there.offMessage(late);
		there.onMessage(remover).onMessage(late);
		there.subscribe();
		await client.send("x");
		await there.recv();
		expect(seen).toEqual(["first"]);
	});
});

describe("relays", () => {
	test("a loop over UDP servers with destinations is refused", async () => {
		const [a, b, c, d] = [
			await pipes.server(UDP),
			await pipes.server(UDP),
			await pipes.server(UDP),
			await pipes.server(UDP),
		];
		const at = (pipe: Pipe) => ["127.0.0.1", pipe.local[1]] as const;
		a.addPipe(b, { to: at(c) });
		expect(() => c.addPipe(d, { to: at(a) })).toThrow(expect.objectContaining({ code: "ERR_PIPE_RELAY" }));
		// Its end can go anywhere else.
		c.addPipe(d, { to: at(d) });
	});
});

describe("names", () => {
	/** As an Interface that has both families. */
	const dualStack = {
		supported: () => [4, 6] as const,
		route: (af?: 4 | 6) => kernelRoute(af ?? 4),
	};

	test("an interface with both families reaches a server on ::1 alone, and one on 127.0.0.1 alone", async () => {
		for (const ip of ["::1", "127.0.0.1"]) {
			const server = createServer().listen(0, ip);
			await once(server, "listening");
			const { port } = server.address() as { port: number };
			const resolve = async (_host: string, { af }: { readonly af?: 4 | 6 | undefined }) =>
				af === 6 ? ["::1"] : ["127.0.0.1"];
			const pipe = pipes.keep(await pipeOpen(dualStack, TCP, `localhost:${port}`, {}, { resolve }));
			expect(pipe.remote).toEqual([ip, port]);
			await pipe.close();
			server.close();
		}
	});

	test("one family without an address, or without a route, leaves the other", async () => {
		const server = createServer().listen(0, "::1");
		await once(server, "listening");
		const { port } = server.address() as { port: number };
		const only6 = async (_host: string, { af }: { readonly af?: 4 | 6 | undefined }) => {
			if (af === 4) throw new Error("no A record");
			return ["::1"];
		};
		const half = {
			route(af?: 4 | 6) {
				if (af === 4) throw new Error("no IPv4 route");
				return kernelRoute(6);
			},
		};
		for (const nic of [dualStack, half]) {
			const pipe = pipes.keep(await pipeOpen(nic, TCP, `peer.example:${port}`, {}, { resolve: only6 }));
			expect(pipe.remote?.[0]).toBe("::1");
			await pipe.close();
		}
		await expect(
			pipeOpen(dualStack, TCP, "peer.example:5", {}, { resolve: () => Promise.reject(new Error("no such")) }),
		).rejects.toMatchObject({ code: "ERR_PIPE_RESOLVE", cause: { message: "no such" } });
		server.close();
	});

	test("a host without any address is an error, and never a server", async () => {
		const dest = { host: "peer.example", port: 5, endpoints: () => [] };
		for (const protocol of [TCP, UDP] as const) {
			await expect(pipeOpen(null, protocol, dest)).rejects.toMatchObject({ code: "ERR_PIPE_RESOLVE" });
			const resolve = async () => ["::1"];
			const named = pipeOpen(null, protocol, "peer.example:5", { af: 4 }, { resolve });
			await expect(named).rejects.toMatchObject({ code: "ERR_PIPE_RESOLVE" });
		}
	});

	test("the family that was asked for is the only one", async () => {
		const asked: unknown[] = [];
		const resolve = async (_host: string, { af }: { readonly af?: 4 | 6 | undefined }) => {
			asked.push(af);
			return ["127.0.0.1"];
		};
		const server = await pipes.server(TCP);
		pipes.keep(await pipeOpen(dualStack, TCP, `x:${server.local[1]}`, { af: 4 }, { resolve }));
		expect(asked).toEqual([4]);
	});
});

describe("TLS names", () => {
	const authority = makeAuthority();

	test("a trailing dot is not sent as SNI, nor asked of the certificate", async () => {
		const server = await pipes.server(TCP, { tls: authority.issue("peer.example") });
		const endpoint = { ip: "127.0.0.1", port: server.local[1] };
		const dest = { host: "peer.example.", port: endpoint.port, endpoints: () => [endpoint] };
		pipes.keep(await pipeOpen(null, TCP, dest, { tls: { ca: authority.cert } }));
		const there = await server.accept();
		expect((there?.socket as { servername?: string } | undefined)?.servername).toBe("peer.example");
	});

	test("an IPv4-mapped address is verified as the IPv4 address", async () => {
		const server = await pipes.server(TCP, { tls: authority.issue("127.0.0.1") });
		const endpoint = { ip: "127.0.0.1", port: server.local[1] };
		const dest = { host: "::FFFF:127.0.0.1", port: endpoint.port, endpoints: () => [endpoint] };
		const pipe = pipes.keep(await pipeOpen(null, TCP, dest, { tls: { ca: authority.cert } }));
		expect(pipe.tls?.verified).toBe(true);
	});
});

describe("sockets that cannot be adopted", () => {
	test("are refused by name, and left as they are", async () => {
		const closed = createSocket("udp4");
		closed.close();
		await expect(pipeOpen(null, UDP, null, { socket: closed })).rejects.toEqual(option("socket"));
		await expect(pipeOpen(null, TCP, null, { socket: createServer() })).rejects.toEqual(option("socket"));
		const server = await pipes.server(TCP);
		const connecting = connect({ port: server.local[1], host: "127.0.0.1" });
		await expect(pipeOpen(null, TCP, null, { socket: connecting })).rejects.toEqual(option("socket"));
		await once(connecting, "connect");
		const adopted = pipes.keep(await pipeOpen(null, TCP, null, { socket: connecting }));
		expect(adopted.remote).toEqual(["127.0.0.1", server.local[1]]);
		const destroyed = connect({ port: server.local[1], host: "127.0.0.1" });
		await once(destroyed, "connect");
		destroyed.destroy();
		await expect(pipeOpen(null, TCP, null, { socket: destroyed })).rejects.toEqual(option("socket"));
	});
});
