import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { UDP } from "../../src/index.js";
import { eventually, Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

/** A STUN message without attributes (RFC 8489 section 5). */
function stun(type: number, id: Buffer): Buffer {
	const header = Buffer.alloc(8);
	header.writeUInt16BE(type, 0);
	header.writeUInt32BE(0x2112a442, 4);
	return Buffer.concat([header, id]);
}

test("a STUN client on the pipe's socket has its replies to itself, and nothing else", async () => {
	const stunServer = await pipes.server(UDP);
	const peer = await pipes.server(UDP);
	const pipe = await pipes.client(peer);
	const seen: string[] = [];
	pipe.onMessage((message) => seen.push(message.toString("hex")));
	stunServer.subscribe();
	peer.subscribe();

	const shared = pipe.shareSocket();
	expect(pipe.shareSocket()).toBe(shared);
	expect(shared.address()).toMatchObject({ port: pipe.local[1] });
	const replies: [string, number][] = [];
	shared.on("message", (data: Buffer, from: { port: number }) =>
		replies.push([data.toString("hex"), from.port]),
	);

	const id = randomBytes(12);
	await new Promise((resolve) => shared.send(stun(0x0001, id), stunServer.local[1], "127.0.0.1", resolve));
	const request = await stunServer.recv({ full: true });
	const back = request?.[0];
	// The reply, its retransmission, one nobody asked for, and another STUN server's request.
	for (const message of [
		stun(0x0101, id),
		stun(0x0111, id),
		stun(0x0101, randomBytes(12)),
		stun(0x0001, id),
	]) {
		await stunServer.send(message, back);
	}
	await pipe.send("hello");
	const hello = await peer.recv({ full: true });
	await peer.send("for the pipe", hello?.[0]);
	await eventually(() => seen.length === 1 && pipe.stats.foreign === 2);
	expect(seen).toEqual([Buffer.from("for the pipe").toString("hex")]);
	expect(replies.map(([hex, from]) => [hex, from === stunServer.local[1]])).toEqual([
		[stun(0x0101, id).toString("hex"), true],
		[stun(0x0111, id).toString("hex"), true],
	]);
	const closed = once(shared as unknown as NodeJS.EventEmitter, "close");
	await pipe.close();
	await closed;
});

test("only UDP sockets are shared", async () => {
	const [client] = await pipes.pair();
	expect(() => client.shareSocket()).toThrow(expect.objectContaining({ code: "ERR_PIPE_ROLE" }));
});
