import type { Socket } from "node:net";
import { kernelRoute } from "@p2pd/route";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type PipeOptions, type PipeSockets, pipeOpen, TCP, UDP } from "../../src/index.js";
import { eventually, Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

describe("what reaches the socket", () => {
	test("sends of one tick go out as one after the first, and a single one at once", async () => {
		const [client, there] = await pipes.pair();
		const socket = client.socket as Socket;
		const write = vi.spyOn(socket, "_write");
		const writev = vi.spyOn(socket, "_writev" as "_write");
		there.subscribe();
		await client.send("alone");
		expect([write.mock.calls.length, writev.mock.calls.length]).toEqual([1, 0]);
		await Promise.all(Array.from({ length: 100 }, () => client.send("x")));
		expect([write.mock.calls.length, writev.mock.calls.length]).toEqual([2, 1]);
		await client.send("alone again");
		expect([write.mock.calls.length, writev.mock.calls.length]).toEqual([3, 1]);
		await eventually(() => there.stats.bytesIn === 5 + 100 + 11);
	});

	test.each<[PipeOptions, boolean, unknown[][]]>([
		[{}, true, []],
		[{ noDelay: false }, false, []],
		[{ keepAlive: true }, true, [[true, 0]]],
		[{ keepAlive: 30_000 }, true, [[true, 30_000]]],
	])("no-delay and keep-alive: %o", async (options, noDelay, keepAlive) => {
		const server = await pipes.server(TCP);
		const delays: unknown[] = [];
		const keeps: unknown[][] = [];
		const kernel = kernelRoute(4);
		const sockets: PipeSockets = {
			af: 4,
			nic: null,
			localIp: kernel.localIp,
			udp: (wanted) => kernel.udp(wanted),
			listen: (wanted) => kernel.listen(wanted),
			async connect(wanted) {
				const socket = await kernel.connect(wanted);
				vi.spyOn(socket, "setNoDelay").mockImplementation((on) => {
					delays.push(on);
					return socket;
				});
				vi.spyOn(socket, "setKeepAlive").mockImplementation((...args) => {
					keeps.push(args);
					return socket;
				});
				return socket;
			},
		};
		pipes.keep(await pipeOpen(sockets, TCP, ["127.0.0.1", server.local[1]], options));
		expect([delays, keeps]).toEqual([noDelay ? [true] : [], keepAlive]);
	});

	test("broadcast lets datagrams out to everybody, and answers in from anybody", async () => {
		const server = await pipes.server(UDP, { onMessage: (message, peer, pipe) => pipe.send(message, peer) });
		const everybody = ["127.255.255.255", server.local[1]] as const;
		const quiet = pipes.keep(await pipeOpen(null, UDP, everybody));
		await expect(quiet.send("x")).rejects.toMatchObject({ code: "ERR_PIPE_SEND", cause: { code: "EACCES" } });
		const loud = pipes.keep(await pipeOpen(null, UDP, everybody, { broadcast: true }));
		loud.subscribe();
		await loud.send("anybody");
		expect(String((await loud.recv({ full: true }))?.[1])).toBe("anybody");
	});

	test("reset, and a linger of 0, reset the connection; close finishes it", async () => {
		const kinds: unknown[] = [];
		for (const end of [{ linger: 0 }, {}]) {
			const [client, there] = await pipes.pair(end);
			there.subscribe();
			const ended = new Promise((resolve) =>
				there.onEnd((_message, _peer, _pipe, reason) => resolve(reason.kind)),
			);
			await client.close();
			kinds.push(await ended);
		}
		expect(kinds).toEqual(["error", "remote"]);
	});

	test("a local port, a limit of connections, and unref", async () => {
		const probe = await pipes.server(TCP);
		const [, port] = probe.local;
		await probe.close();
		const server = await pipes.server(TCP, { localPort: port, maxConnections: 1 });
		expect(server.local[1]).toBe(port);
		const first = await pipes.client(server);
		await server.accept();
		const second = await pipes.client(server);
		second.subscribe();
		await expect(second.recv()).rejects.toMatchObject({ code: "ERR_PIPE_CLOSED" });
		const alive = (): number =>
			process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
		const before = alive();
		first.unref();
		expect(alive()).toBe(before - 1);
		first.ref();
		expect(alive()).toBe(before);
	});
});
