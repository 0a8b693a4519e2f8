import { type Interface, type P2PNode, type Pipe, type pipeOpen, TCP, UDP } from "@p2pd/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LoopbackServers, startLoopbackServers } from "../../src/demo/loopback-servers.js";
import { createSession, type Session } from "../../src/shell/session.js";

let servers: LoopbackServers;
beforeAll(async () => {
	servers = await startLoopbackServers();
});
afterAll(() => servers.close());

const opener = (session: Session): typeof pipeOpen => session.names["pipeOpen"] as typeof pipeOpen;

describe("a session", () => {
	it("closes every pipe that is still open, and does not mind those that are closed", async () => {
		const session = createSession(() => new AbortController().signal);
		const open = opener(session);
		const pipes: Pipe[] = [
			await open(null, UDP),
			await open(null, TCP),
			await open(null, TCP, [servers.echo.ip, servers.echo.port]),
		];
		await pipes[1]?.close();
		expect(pipes.map(({ state }) => state)).toEqual(["open", "closed", "open"]);
		expect(await session.close()).toEqual([]);
		expect(pipes.map(({ state }) => state)).toEqual(["closed", "closed", "closed"]);
	});

	it("closes the nodes and interfaces that its code made", async () => {
		const session = createSession(() => new AbortController().signal);
		const Node = session.names["P2PNode"] as typeof P2PNode;
		const Nic = session.names["Interface"] as typeof Interface;
		expect([Node.name, Nic.name]).toEqual(["P2PNode", "Interface"]);
		const [node, nic] = [new Node(), new Nic("lo")];
		expect(await session.close()).toEqual([]);
		await expect(node.start()).rejects.toMatchObject({ code: "ERR_NODE_STATE" });
		await expect(nic.start()).rejects.toMatchObject({ code: "ERR_NETIF_CLOSED" });
	});

	it("ends what a line waits for, loses no message and keeps the pipe", async () => {
		let line = new AbortController();
		const session = createSession(() => line.signal);
		const pipe = await opener(session)(null, TCP, [servers.echo.ip, servers.echo.port]);
		pipe.subscribe();
		const waiting = pipe.recv({ timeout: Number.POSITIVE_INFINITY });
		line.abort();
		line = new AbortController();
		await expect(waiting).rejects.toThrow();
		await pipe.send(Buffer.from("still here"));
		expect((await pipe.recv({ timeout: 3000 }))?.toString()).toBe("still here");
		expect(pipe.state).toBe("open");
		await session.close();
	});

	it("gives opening up, and leaves a signal of the caller's alone", async () => {
		const line = new AbortController();
		line.abort(new Error("given up"));
		const session = createSession(() => line.signal);
		const open = opener(session);
		await expect(open(null, TCP, [servers.echo.ip, servers.echo.port])).rejects.toThrow("given up");
		const own = new AbortController();
		const pipe = await open(null, UDP, undefined, { signal: own.signal });
		expect(pipe.state).toBe("open");
		await session.close();
	});
});
