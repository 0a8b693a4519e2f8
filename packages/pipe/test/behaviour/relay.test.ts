import { afterEach, describe, expect, test } from "vitest";
import { lengthPrefixed, lines, TCP, UDP } from "../../src/index.js";
import { eventually, Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

const loop = expect.objectContaining({ code: "ERR_PIPE_RELAY" });

describe("relays", () => {
	test("from UDP to framed TCP and on to UDP: messages stay whole", async () => {
		const framing = lengthPrefixed();
		const [near, far] = await pipes.pair({ framing }, { framing });
		const entry = await pipes.server(UDP);
		const exit = await pipes.server(UDP);
		const out = await pipes.client(exit);
		const source = await pipes.client(entry);
		entry.addPipe(near);
		far.addPipe(out);
		exit.subscribe();
		for (const text of ["one", "", "three"]) await source.send(text);
		const got: string[] = [];
		for (let n = 0; n < 3; n++) got.push(String(await exit.recv()));
		expect(got).toEqual(["one", "", "three"]);
	});

	test("a target that is behind holds its source up, is named, and loses nothing", async () => {
		const [client, middle] = await pipes.pair({}, { relayBytes: 64 * 1024 });
		const [out, end] = await pipes.pair({}, { queueMessages: 1 });
		middle.addPipe(out);
		const whole = 16 * 1024 * 1024;
		const sent = client.send(Buffer.alloc(whole, 5));
		// Nobody reads at the end, so every buffer on the way fills up.
		await eventually(() => middle.stalledBy !== null && client.socket !== null);
		expect(middle.stalledBy).toEqual({ kind: "relay", name: `127.0.0.1:${out.remote?.[1]}` });
		end.subscribe();
		let got = 0;
		while (got < whole) got += (await end.recv())?.length ?? 0;
		await sent;
		expect(got).toBe(whole);
		expect(middle.stalledBy).toBeNull();
		expect(middle.stats.relayDropped).toBe(0);
	});

	test("what a UDP source cannot wait with is dropped and counted", async () => {
		const [near, far] = await pipes.pair({ sendBytes: 64 * 1024 * 1024 });
		const entry = await pipes.server(UDP, { relayBytes: 100 });
		const source = await pipes.client(entry);
		// The peer does not read: what the kernel does not take stays under way.
		const filler = near.send(Buffer.alloc(16 * 1024 * 1024));
		entry.addPipe(near);
		for (let n = 0; n < 20; n++) await source.send("x".repeat(60));
		await eventually(() => entry.stats.messagesIn === 20);
		expect(entry.stats.relayDropped).toBe(19);
		far.onMessage(() => undefined);
		await filler;
	});

	test("a loop through the relay's own sockets is refused, however long", async () => {
		const [client, there] = await pipes.pair();
		expect(() => client.addPipe(client)).toThrow(loop);
		// What the client receives would be sent by its own other end, to the client.
		expect(() => client.addPipe(there)).toThrow(loop);
		const [client2, there2] = await pipes.pair();
		client.addPipe(client2);
		expect(() => there2.addPipe(there)).toThrow(loop);
		there2.addPipe(client);
		const one = await pipes.server(UDP);
		const two = await pipes.server(UDP);
		expect(() => one.addPipe(two)).toThrow(loop);
		expect(() => one.addPipe(two, { to: ["127.0.0.1", one.local[1]] })).toThrow(loop);
		one.addPipe(two, { to: ["127.0.0.1", 9] });
	});

	test("linking twice is once; unlinking stops it, and unlinking nothing is nothing", async () => {
		const [client, there] = await pipes.pair({}, { framing: lines() });
		const [out, end] = await pipes.pair({ framing: lines() }, { framing: lines() });
		end.subscribe();
		there.addPipe(out).addPipe(out);
		await client.send("one\n");
		expect(String(await end.recv())).toBe("one");
		there.delPipe(out).delPipe(out).subscribe();
		await client.send("two\n");
		expect(String(await there.recv())).toBe("two");
		there.addPipe(out);
		await client.send("three\n");
		expect(String(await end.recv())).toBe("three");
	});

	test("a relay that loses a message reports it", async () => {
		const errors: unknown[] = [];
		const entry = await pipes.server(UDP, { onError: (error) => errors.push(error) });
		const source = await pipes.client(entry);
		const [near] = await pipes.pair({ framing: lengthPrefixed({ bytes: 1 }) });
		entry.addPipe(near);
		await source.send("x".repeat(300));
		await eventually(() => errors.length === 1);
		expect(errors).toMatchObject([{ code: "ERR_PIPE_RELAY", cause: { code: "ERR_PIPE_TOO_LONG" } }]);
	});

	test("a TCP server, or a closed pipe, is no target", async () => {
		const server = await pipes.server(TCP);
		const [client, there] = await pipes.pair();
		expect(() => client.addPipe(server)).toThrow(expect.objectContaining({ code: "ERR_PIPE_ROLE" }));
		const [other] = await pipes.pair();
		await other.close();
		expect(() => there.addPipe(other)).toThrow(loop);
	});
});
