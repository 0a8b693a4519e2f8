import type { Socket } from "node:dgram";
import { StunClient } from "@p2pd/stun-client";
import { startStunServer } from "@p2pd/stun-client/server";
import { afterEach, expect, test } from "vitest";
import { UDP } from "../../src/index.js";
import { Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

test("a STUN client attached to the pipe's socket has its replies to itself, and the pipe everything else", async () => {
	const server = await startStunServer({ primary: { ip: "127.0.0.1", port: 0 } });
	const peer = await pipes.server(UDP);
	const pipe = await pipes.client(peer, { anySource: true });
	pipe.subscribe();
	peer.subscribe();
	const client = new StunClient({ server: server.primary }, { sockets: pipe.socket as Socket });
	const [mapping] = await Promise.all([client.getMapping(), pipe.send("hello")]);
	expect(mapping.mapped).toEqual({ ip: "127.0.0.1", port: pipe.local[1] });
	const from = (await peer.recv({ full: true }))?.[0];
	await peer.send("for the pipe", from);
	expect(String(await pipe.recv())).toBe("for the pipe");
	expect(pipe.stats).toMatchObject({ messagesIn: 1, foreign: 0 });
	await server.close();
});
