import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { kernelRoute } from "@p2pd/route";
import { buildNetwork, ManualClock, type MemoryNetwork } from "@p2pd/testnet";
import { afterEach, describe, expect, test } from "vitest";
import { type PipeAddress, type PipeSockets, pipeOpen, TCP, UDP } from "../../src/index.js";
import { Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

const address = (...ips: string[]): PipeAddress => ({
	host: "peer.example",
	port: 80,
	endpoints: () => ips.map((ip) => ({ ip, port: 80 })),
});

describe("a destination with several addresses", () => {
	/** A client, and servers on the given addresses, each so many ms away. */
	function network(distances: Readonly<Record<string, number>>): {
		net: MemoryNetwork;
		clock: ManualClock;
		sockets: PipeSockets;
	} {
		const clock = new ManualClock();
		const net = buildNetwork(
			{
				outside: Object.entries(distances).map(([ip, latency]) => ({
					name: `host ${ip}`,
					ips: [ip],
					link: { latency },
				})),
				gateways: [],
				hosts: [{ name: "here", nics: [{ name: "eth0", addresses: ["45.1.1.1/8"], gateway: null }] }],
			},
			{ clock },
		);
		return { net, clock, sockets: net.host("here").sockets(4) };
	}

	const listen = (net: MemoryNetwork, ip: string, clock: ManualClock) =>
		pipeOpen(net.host(`host ${ip}`).sockets(4), TCP, null, { localPort: 80 }, { clock });

	test("a slow first address is not given up when the next one starts, and wins if it answers first", async () => {
		const { net, clock, sockets } = network({ "45.2.0.1": 200, "45.2.0.2": 400 });
		const first = await clock.runUntil(listen(net, "45.2.0.1", clock));
		const second = await clock.runUntil(listen(net, "45.2.0.2", clock));
		const start = clock.now();
		const pipe = await clock.runUntil(pipeOpen(sockets, TCP, address("45.2.0.1", "45.2.0.2"), {}, { clock }));
		// Its answer takes 400 ms, longer than the 250 after which the other one was begun.
		expect([pipe.remote, clock.now() - start]).toEqual([["45.2.0.1", 80], 400]);
		expect(await clock.runUntil(first.accept({ timeout: 10_000 }))).not.toBeNull();
		await clock.runUntil(Promise.all([pipe.close(), first.close(), second.close()]));
	});

	test("a silent first address costs one attempt's delay, a refusing one nothing", async () => {
		const { net, clock, sockets } = network({ "45.2.0.2": 10, "45.2.0.3": 10 });
		const server = await clock.runUntil(listen(net, "45.2.0.2", clock));
		const start = clock.now();
		const dest = address("45.9.9.9", "45.2.0.3", "45.2.0.2");
		const pipe = await clock.runUntil(pipeOpen(sockets, TCP, dest, {}, { clock }));
		expect(pipe.remote).toEqual(["45.2.0.2", 80]);
		expect(clock.now() - start).toBeLessThanOrEqual(250 + 20 + 20);
		await clock.runUntil(Promise.all([pipe.close(), server.close()]));
	});

	test("all refused, and all silent, are errors that name every attempt", async () => {
		const { clock, sockets } = network({ "45.2.0.2": 10, "45.2.0.3": 10 });
		await expect(
			clock.runUntil(pipeOpen(sockets, TCP, address("45.2.0.2", "45.2.0.3"), {}, { clock })),
		).rejects.toMatchObject({
			code: "ERR_PIPE_CONNECT",
			attempts: [
				{ ip: "45.2.0.2", error: { code: "ECONNREFUSED" } },
				{ ip: "45.2.0.3", error: { code: "ECONNREFUSED" } },
			],
		});
		const start = clock.now();
		await expect(
			clock.runUntil(
				pipeOpen(sockets, TCP, address("45.2.0.2", "45.9.9.9"), { connectTimeout: 700 }, { clock }),
			),
		).rejects.toMatchObject({
			code: "ERR_PIPE_TIMEOUT",
			phase: "connect",
			timeout: 700,
			attempts: [{ ip: "45.2.0.2" }],
		});
		expect(clock.now() - start).toBe(700);
	});

	test("a signal gives up all attempts", async () => {
		const { clock, sockets } = network({});
		const stop = new AbortController();
		const options = { signal: stop.signal, connectTimeout: 60_000 };
		const opening = pipeOpen(sockets, TCP, address("45.9.9.8", "45.9.9.9"), options, { clock });
		const refused = expect(opening).rejects.toMatchObject({ message: "enough" });
		await clock.advance(300);
		stop.abort(new Error("enough"));
		await refused;
		await expect(pipeOpen(sockets, TCP, address("45.9.9.9"), options, { clock })).rejects.toMatchObject({
			message: "enough",
		});
	});

	test("only addresses of the route's family are tried", async () => {
		const { clock, sockets } = network({});
		await expect(pipeOpen(sockets, TCP, address("2001:db8::1"), {}, { clock })).rejects.toMatchObject({
			code: "ERR_PIPE_RESOLVE",
			host: "peer.example",
		});
	});
});

describe("routes and destinations", () => {
	test("a route is bound, an interface gives its first route, an Address is as good as its endpoint", async () => {
		const bound = kernelRoute(4);
		const asked: unknown[] = [];
		const route = { bind: async () => bound };
		const nic = {
			route(af?: 4 | 6) {
				asked.push(af);
				return route;
			},
		};
		const server = await pipes.server(TCP);
		const [, port] = server.local;
		const endpoint = { ip: "127.0.0.1", port };
		const dests = [
			endpoint,
			[endpoint.ip, port],
			`127.0.0.1:${port}`,
			{ host: "x", port, endpoints: () => [endpoint] },
		] as const;
		for (const via of [bound, route, nic]) {
			for (const dest of dests) {
				const pipe = pipes.keep(await pipeOpen(via, TCP, dest));
				expect(pipe.remote).toEqual(["127.0.0.1", port]);
			}
		}
		expect(asked).toEqual([4, 4, 4, 4]);
	});

	test("a name is resolved with the route, within its time", async () => {
		const server = await pipes.server(TCP);
		const [, port] = server.local;
		const asked: unknown[] = [];
		const resolve = async (...args: unknown[]): Promise<readonly string[]> => {
			asked.push(args);
			return ["127.0.0.1"];
		};
		const pipe = pipes.keep(
			await pipeOpen(null, TCP, `peer.example:${port}`, { dnsTimeout: 7 }, { resolve }),
		);
		expect(pipe.remote).toEqual(["127.0.0.1", port]);
		expect(asked).toEqual([
			["peer.example", { af: undefined, signal: undefined, timeout: 7 }, { sockets: null }],
		]);
	});

	test("what resolving fails with is the cause", async () => {
		const failing = (error: Error) => ({ resolve: () => Promise.reject(error) });
		await expect(
			pipeOpen(null, UDP, ["peer.example", 5], {}, failing(new Error("no such"))),
		).rejects.toMatchObject({
			code: "ERR_PIPE_RESOLVE",
			host: "peer.example",
			cause: { message: "no such" },
		});
		const late = Object.assign(new Error("late"), { code: "ERR_ADDRESS_TIMEOUT" });
		await expect(pipeOpen(null, UDP, ["peer.example", 5], {}, failing(late))).rejects.toMatchObject({
			code: "ERR_PIPE_TIMEOUT",
			phase: "resolve",
		});
	});

	test("localhost by the system's resolver", async () => {
		const server = await pipes.server(TCP);
		const pipe = pipes.keep(await pipeOpen(kernelRoute(4), TCP, ["localhost", server.local[1]]));
		expect(pipe.remote?.[0]).toBe("127.0.0.1");
	});
});

describe("adoption", () => {
	test("a listening server, and a listening descriptor", async () => {
		const server = createServer().listen(0, "127.0.0.1");
		await once(server, "listening");
		const adopted = pipes.keep(await pipeOpen(null, TCP, null, { socket: server }));
		const one = await pipes.client(adopted);
		expect((await adopted.accept())?.remote).toEqual(one.local);
		await expect(pipeOpen(null, TCP, null, { socket: { fd: 9999 } })).rejects.toMatchObject({
			code: "ERR_PIPE_BIND",
		});
		await expect(pipeOpen(null, UDP, null, { socket: { fd: 9999 } })).rejects.toMatchObject({
			code: "ERR_PIPE_BIND",
		});
		await expect(pipeOpen(null, TCP, ["127.0.0.1", 9], { socket: { fd: 9999 } })).rejects.toMatchObject({
			code: "ERR_PIPE_BIND",
		});
	});

	test("a descriptor that the process was started with", async () => {
		const server = await pipes.server(TCP, { onMessage: (message, peer, pipe) => pipe.send(message, peer) });
		const port = server.local[1];
		const node = `${process.execPath} --conditions=@p2pd/source --import tsx`;
		const child = fileURLToPath(new URL("./descriptor-child.ts", import.meta.url));
		// Bash opens the socket as descriptor 3, and becomes the child.
		const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; exec ${node} ${child} ${port}`;
		const { stdout } = await promisify(execFile)("bash", ["-c", script], {
			cwd: fileURLToPath(new URL("../..", import.meta.url)),
		});
		expect(stdout).toBe("by descriptor");
	});

	test("a connected UDP socket is a client of its peer, and of no other", async () => {
		const server = await pipes.server(UDP);
		const socket = createSocket("udp4");
		socket.connect(server.local[1], "127.0.0.1");
		await once(socket, "connect");
		await expect(pipeOpen(null, UDP, ["127.0.0.1", 9], { socket })).rejects.toMatchObject({
			code: "ERR_PIPE_OPTION",
		});
		const pipe = pipes.keep(await pipeOpen(null, UDP, null, { socket }));
		expect([pipe.role, pipe.remote]).toEqual(["client", ["127.0.0.1", server.local[1]]]);
		server.subscribe();
		await pipe.send("x");
		expect(String(await server.recv())).toBe("x");
		await expect(pipe.send("x", ["127.0.0.1", 9])).rejects.toMatchObject({ code: "ERR_PIPE_DESTINATION" });
	});

	test("a bound UDP socket; the raw socket comes out again", async () => {
		const socket = createSocket("udp4");
		socket.bind(0, "127.0.0.1");
		await once(socket, "listening");
		const adopted = pipes.keep(await pipeOpen(null, UDP, null, { socket }));
		expect(adopted.socket).toBe(socket);
		const client = await pipes.client(adopted);
		adopted.subscribe();
		await client.send("x");
		expect(String(await adopted.recv())).toBe("x");
		expect(adopted.detach()).toBe(socket);
		expect(socket.listenerCount("message")).toBe(0);
		socket.close();
	});
});

describe("what a factory is asked for", () => {
	const kernel = kernelRoute(4);
	type Asked = { lingerSeconds?: number; signal?: AbortSignal };

	/** The kernel's factory, which notes what it is asked for and takes no linger. */
	function noting(): { sockets: PipeSockets; asked: Asked[] } {
		const asked: Asked[] = [];
		const sockets: PipeSockets = {
			af: 4,
			nic: null,
			localIp: kernel.localIp,
			udp: (options) => kernel.udp(options),
			connect: ({ lingerSeconds, ...options }) => {
				asked.push({ ...options, ...(lingerSeconds !== undefined && { lingerSeconds }) });
				return kernel.connect(options);
			},
			listen: ({ lingerSeconds, ...options } = {}) => {
				asked.push({ ...options, ...(lingerSeconds !== undefined && { lingerSeconds }) });
				return kernel.listen(options);
			},
		};
		return { sockets, asked };
	}

	test("lingerSeconds is passed on, and refused where it is invalid or would do nothing", async () => {
		const { sockets, asked } = noting();
		const server = pipes.keep(await pipeOpen(sockets, TCP, null, { lingerSeconds: 3 }));
		pipes.keep(await pipeOpen(sockets, TCP, ["127.0.0.1", server.local[1]], { lingerSeconds: 0 }));
		expect(asked.map(({ lingerSeconds }) => lingerSeconds)).toEqual([3, 0]);
		for (const [protocol, options] of [
			[UDP, { lingerSeconds: 1 }],
			[TCP, { lingerSeconds: 0.5 }],
			[TCP, { lingerSeconds: 32768 }],
			[TCP, { lingerSeconds: 1, socket: createServer() }],
		] as const) {
			await expect(pipeOpen(sockets, protocol, null, options)).rejects.toMatchObject({
				code: "ERR_PIPE_OPTION",
			});
		}
	});

	test("connections under way never share a signal; one that aborted, or is still listened to, is not used again", async () => {
		const { sockets, asked } = noting();
		const server = pipes.keep(await pipeOpen(sockets, TCP));
		const dest = ["127.0.0.1", server.local[1]] as const;
		const open = async (): Promise<AbortSignal | undefined> => {
			pipes.keep(await pipeOpen(sockets, TCP, dest));
			return asked.at(-1)?.signal;
		};
		await Promise.all([1, 2, 3].map(open));
		expect(new Set(asked.slice(1).map(({ signal }) => signal)).size).toBe(3);

		const kept: AbortSignal[] = [];
		const listening: PipeSockets = {
			...sockets,
			connect(options) {
				// As net.connect({ signal }) does, which would destroy the connection much later.
				options.signal?.addEventListener("abort", () => undefined);
				if (options.signal !== undefined) kept.push(options.signal);
				return sockets.connect(options);
			},
		};
		pipes.keep(await pipeOpen(listening, TCP, dest));
		pipes.keep(await pipeOpen(listening, TCP, dest));
		expect(kept[0]).not.toBe(kept[1]);
		expect(kept).not.toContain(await open());

		const stop = new AbortController();
		const before = asked.length;
		const opening = pipeOpen(sockets, TCP, dest, { signal: stop.signal });
		// Asked for after the microtasks that read the destination, long before the kernel's answer.
		for (let turn = 0; asked.length === before && turn < 50; turn++) await Promise.resolve();
		stop.abort(new Error("enough"));
		await expect(opening).rejects.toThrow("enough");
		expect(asked.at(-1)?.signal?.aborted).toBe(true);
		expect((await open())?.aborted).toBe(false);
	});
});
