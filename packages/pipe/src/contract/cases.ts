import assert from "node:assert/strict";
import { once } from "node:events";
import { pipeOpen } from "../open/pipe-open.js";
import type { Pipe, PipeEndReason, PipePeer } from "../types.js";
import type { PipeContractCase, PipeContractScene } from "./scene.js";

const STREAMS = ["tcp", "tls"] as const;
const closed = { code: "ERR_PIPE_CLOSED" };

/** Whatever the client sends, as one text, once it is `length` bytes. */
async function gather(scene: PipeContractScene, pipe: Pipe, length: number): Promise<string> {
	let text = "";
	while (text.length < length) {
		const message = await scene.until(pipe.recv());
		assert(message !== null, `${length} bytes did not come, only ${text.length}`);
		text += message.toString("latin1");
	}
	return text;
}

function portOf(peer: PipePeer | null): number | undefined {
	return peer?.[1];
}

/** What every pipe does, on every network. Plain assertions, so that it also runs where there is no test runner. */
export const PIPE_CONTRACT: readonly PipeContractCase[] = [
	{
		name: "a message goes there and back, and each side knows the other",
		async run(scene) {
			const { client, there } = await scene.pair();
			there.subscribe();
			client.subscribe();
			await scene.until(client.send("ping"));
			const got = await scene.until(there.recv({ full: true }));
			assert(got !== null);
			assert.equal(String(got[1]), "ping");
			assert.equal(got[0][0], client.role === "client" ? (there.remote ?? got[0])[0] : "");
			assert.equal(got[0][1], client.local[1]);
			await scene.until(there.send("pong", got[0]));
			const answer = await scene.until(client.recv({ full: true }));
			assert.deepEqual([answer?.[0], String(answer?.[1])], [client.remote, "pong"]);
			assert.equal(portOf(client.remote), there.local[1]);
			assert.equal(client.remote?.[0], scene.env.serverIp);
			assert.deepEqual([client.state, client.role, client.reason], ["open", "client", null]);
		},
	},
	{
		name: "callbacks get the message, its sender and the pipe, in order",
		async run(scene) {
			const seen: [string, number, Pipe][] = [];
			const { client, there } = await scene.pair({
				onMessage: (message, peer, pipe) => {
					seen.push([String(message), peer[1], pipe]);
					void pipe.send(message, peer);
				},
			});
			client.subscribe();
			for (const text of ["one", "two", "three"]) {
				await scene.until(client.send(text));
				await gather(scene, client, text.length);
			}
			const port = client.local[1];
			assert.deepEqual(
				seen.map(([text, from, pipe]) => [text, from, pipe === there]),
				[
					["one", port, true],
					["two", port, true],
					["three", port, true],
				],
			);
		},
	},
	{
		name: "recv is null when the time is over, and a late message goes to the next one",
		async run(scene) {
			const { client, there } = await scene.pair();
			client.subscribe();
			there.subscribe();
			assert.equal(await scene.until(client.recv({ timeout: 1 })), null);
			await scene.until(client.send("hello"));
			const got = await scene.until(there.recv({ full: true }));
			await scene.until(there.send("late", got?.[0]));
			assert.equal(String(await scene.until(client.recv())), "late");
		},
	},
	{
		name: "messages go to every matching subscription, by pattern, bytes and sender",
		async run(scene) {
			const { client, there } = await scene.pair();
			const [ip] = there.remote ?? [scene.env.clientSockets.af === 4 ? "192.0.2.99" : "2001:db8::99", 1];
			const foreign: PipePeer = [scene.env.clientSockets.af === 4 ? "192.0.2.98" : "2001:db8::98", 0];
			there
				.subscribe()
				.subscribe(/h[ae]llo/g)
				.subscribe(/^nothing/)
				.subscribe(Buffer.from([0, 0xff]))
				.subscribe([/hallo/, foreign]);
			await scene.until(client.send(Buffer.from("xx hallo \x00\xff yy", "latin1")));
			const all = await scene.until(there.recv({ full: true }));
			assert(all !== null);
			for (const sub of [/h[ae]llo/g, Buffer.from([0, 0xff])]) {
				assert.deepEqual(await scene.until(there.recv({ sub, timeout: 1 })), all[1]);
			}
			for (const sub of [/^nothing/, [/hallo/, foreign]] as const) {
				assert.equal(await scene.until(there.recv({ sub, timeout: 1 })), null);
			}
			// The sender is known now: any port of its address, and exactly its own.
			assert(there.role !== "accepted" || ip === all[0][0]);
			there
				.subscribe([null, [all[0][0], 0]])
				.subscribe([null, all[0]])
				.subscribe([null, [all[0][0], 1]]);
			await scene.until(client.send("again"));
			assert.equal(String(await scene.until(there.recv({ sub: [null, [all[0][0], 0]] }))), "again");
			assert.equal(String(await scene.until(there.recv({ sub: [null, all[0]] }))), "again");
			assert.equal(await scene.until(there.recv({ sub: [null, [all[0][0], 1]], timeout: 1 })), null);
		},
	},
	{
		name: "subscribing twice is subscribing once; unsubscribing drops what is queued",
		async run(scene) {
			const { client, there } = await scene.pair();
			there.subscribe(/a/).subscribe(/a/).subscribe([/a/, null]);
			assert.equal(there.subscriptions.length, 1);
			await assert.rejects(scene.until(there.recv()), { code: "ERR_PIPE_NOT_SUBSCRIBED" });
			await scene.until(client.send("a"));
			assert.equal(String(await scene.until(there.recv({ sub: /a/ }))), "a");
			const waiting = there.recv({ sub: /a/ });
			there.unsubscribe(/a/).unsubscribe(/a/);
			await assert.rejects(scene.until(waiting), { code: "ERR_PIPE_NOT_SUBSCRIBED" });
			assert.equal(there.subscriptions.length, 0);
		},
	},
	{
		name: "a handler takes messages one after another, also where it is async",
		async run(scene) {
			const { client, there } = await scene.pair();
			const order: string[] = [];
			let done: () => void = () => undefined;
			const finished = new Promise<void>((resolve) => {
				done = resolve;
			});
			there.subscribe(null, async (message) => {
				for (const letter of String(message)) {
					order.push(`+${letter}`);
					await Promise.resolve();
					order.push(`-${letter}`);
					if (letter === "c") done();
				}
			});
			for (const letter of "abc") await scene.until(client.send(letter));
			await scene.until(finished);
			assert.deepEqual(order, ["+a", "-a", "+b", "-b", "+c", "-c"]);
		},
	},
	{
		name: "for await over messages ends with the pipe",
		async run(scene) {
			const { client, there } = await scene.pair();
			const messages = there.messages();
			await scene.until(client.send("x"));
			assert.equal(String((await scene.until(messages.next())).value), "x");
			const last = messages.next();
			await scene.until(there.close());
			assert.equal((await scene.until(last)).done, true);
			assert.deepEqual(there.subscriptions, []);
		},
	},
	{
		name: "what was queued is read after close; then recv and send reject",
		async run(scene) {
			const { client, there } = await scene.pair();
			there.subscribe().subscribe(/b/);
			await scene.until(client.send("ab"));
			await scene.until(there.recv({ sub: /b/ }));
			const waiting = assert.rejects(there.recv({ sub: /b/ }), closed);
			await scene.until(there.close());
			await waiting;
			assert.equal(String(await scene.until(there.recv())), "ab");
			await assert.rejects(scene.until(there.recv()), closed);
			await assert.rejects(scene.until(there.send("x", client.local)), closed);
			assert.deepEqual([there.state, there.reason], ["closed", { kind: "local", error: null }]);
		},
	},
	{
		name: "the end is called back once, before close resolves, and at once where it is too late",
		async run(scene) {
			const ends: (readonly [string, string])[] = [];
			const { client } = await scene.pair();
			client.onEnd((message, _peer, pipe, reason) => {
				assert.equal(message, null);
				ends.push([pipe.state, reason.kind]);
			});
			await scene.until(Promise.all([client.close(), client.close()]));
			await scene.until(client.reset());
			assert.deepEqual(ends, [["closed", "local"]]);
			const late = new Promise<PipeEndReason>((resolve) =>
				client.onEnd((_m, _p, _pipe, reason) => resolve(reason)),
			);
			assert.deepEqual(await scene.until(late), { kind: "local", error: null });
		},
	},
	{
		name: "a signal closes the pipe, and its reason is the end's",
		async run(scene) {
			const stop = new AbortController();
			const { client } = await scene.pair({}, { signal: stop.signal });
			client.subscribe();
			const waiting = assert.rejects(client.recv(), closed);
			const ended = new Promise<PipeEndReason>((resolve) =>
				client.onEnd((_m, _p, _pipe, reason) => resolve(reason)),
			);
			const why = new Error("enough");
			stop.abort(why);
			assert.deepEqual(await scene.until(ended), { kind: "abort", error: why });
			await waiting;
		},
	},
	{
		name: "a signal stops a recv and leaves the pipe open",
		async run(scene) {
			const { client, there } = await scene.pair();
			there.subscribe();
			const stop = new AbortController();
			const waiting = assert.rejects(there.recv({ signal: stop.signal }), { message: "enough" });
			stop.abort(new Error("enough"));
			await waiting;
			await assert.rejects(there.recv({ signal: stop.signal }), { message: "enough" });
			await scene.until(client.send("x"));
			assert.equal(String(await scene.until(there.recv())), "x");
		},
	},
	{
		name: "two pipes linked both ways are a relay, and unlink when one closes",
		async run(scene) {
			const one = await scene.pair();
			const two = await scene.pair();
			one.client.subscribe();
			two.client.subscribe();
			const udp = scene.protocol === "udp";
			const toOne = udp ? { to: await addressOf(scene, one.client, one.there) } : {};
			const toTwo = udp ? { to: await addressOf(scene, two.client, two.there) } : {};
			one.there.addPipe(two.there, toTwo);
			two.there.addPipe(one.there, toOne);
			await scene.until(one.client.send("east"));
			assert.equal(await gather(scene, two.client, 4), "east");
			await scene.until(two.client.send("west"));
			assert.equal(await gather(scene, one.client, 4), "west");
			await scene.until(two.there.close());
			one.there.subscribe();
			await scene.until(one.client.send("alone"));
			assert.equal(await gather(scene, one.there, 5), "alone");
			assert.equal(one.there.stats.relayDropped, 0);
		},
	},
	{
		name: "web streams carry both directions",
		async run(scene) {
			const { client, there } = await scene.pair({
				onMessage: (message, peer, pipe) => pipe.send(message, peer),
			});
			const reader = client.readable.getReader();
			const writer = client.writable.getWriter();
			assert.equal(client.readable, client.readable);
			await scene.until(writer.write("over the web"));
			let text = "";
			while (text.length < 12) text += Buffer.from((await scene.until(reader.read())).value ?? []).toString();
			assert.equal(text, "over the web");
			await scene.until(client.close());
			assert.equal((await scene.until(reader.read())).done, true);
			assert.notEqual(there, client);
		},
	},
	{
		name: "a Node stream carries both directions, and closes the pipe",
		async run(scene) {
			const { client } = await scene.pair({ onMessage: (message, peer, pipe) => pipe.send(message, peer) });
			const duplex = client.toDuplex();
			duplex.write("node");
			const [data] = (await scene.until(once(duplex, "data"))) as [Buffer];
			assert.equal(String(data), "node");
			const gone = once(duplex, "close");
			duplex.destroy();
			await scene.until(gone);
			assert.equal(client.state, "closed");
		},
	},
	{
		name: "a pipe is disposed of with its scope",
		async run(scene) {
			const { client } = await scene.pair();
			await scene.until(client[Symbol.asyncDispose]());
			assert.equal(client.state, "closed");
		},
	},
	{
		name: "a server hears each of its clients",
		async run(scene) {
			const server = await scene.server({
				onMessage: (message, peer, pipe) => pipe.send(`${message}!`, peer),
			});
			const clients = [await scene.client(server), await scene.client(server), await scene.client(server)];
			for (const client of clients) client.subscribe();
			await scene.until(Promise.all(clients.map((client, n) => client.send(`client ${n}`))));
			const answers = await scene.until(Promise.all(clients.map((client) => client.recv())));
			assert.deepEqual(answers.map(String), ["client 0!", "client 1!", "client 2!"]);
		},
	},
	{
		name: "a detached socket stays open and can be adopted",
		async run(scene) {
			const { client, there } = await scene.pair();
			there.subscribe();
			const socket = client.detach();
			assert.equal(client.state, "closed");
			await assert.rejects(client.send("x"), closed);
			assert(!("listening" in socket));
			const dest = [scene.env.serverIp, there.local[1]] as const;
			const adopted = await scene.keep(
				pipeOpen(scene.env.clientSockets, scene.protocol, dest, { socket }, scene.env.deps),
			);
			await scene.until(adopted.send("adopted"));
			assert.equal(await gather(scene, there, 7), "adopted");
		},
	},
	{
		name: "a UDP client hears its destination alone, unless told otherwise",
		only: ["udp"],
		async run(scene) {
			const server = await scene.server();
			const stranger = await scene.server();
			const picky = await scene.client(server);
			const open = await scene.client(server, { anySource: true });
			for (const client of [picky, open]) {
				client.subscribe();
				const address = await addressOf(scene, client, server);
				await scene.until(stranger.send("strange", address));
				await scene.env.settle();
				await scene.until(server.send("known", address));
			}
			assert.equal(String(await scene.until(picky.recv())), "known");
			assert.equal(picky.stats.foreign, 1);
			assert.equal(String(await scene.until(open.recv())), "strange");
			assert.equal(String(await scene.until(open.recv())), "known");
		},
	},
	{
		name: "datagrams stay whole up to the largest, and a longer one is an error",
		only: ["udp"],
		async run(scene) {
			const { client, there } = await scene.pair();
			there.subscribe();
			const largest = scene.env.clientSockets.af === 4 ? 65507 : 65527;
			await assert.rejects(scene.until(client.send(Buffer.alloc(largest + 1))), {
				code: "ERR_PIPE_TOO_LONG",
			});
			for (const size of [0, 1, 1400]) {
				await scene.until(client.send(Buffer.alloc(size, 7)));
				assert.deepEqual(await scene.until(there.recv()), Buffer.alloc(size, 7));
			}
			await assert.rejects(scene.until(there.send("x")), { code: "ERR_PIPE_DESTINATION" });
		},
	},
	{
		name: "nothing is lost between opening and subscribing",
		only: STREAMS,
		async run(scene) {
			const { client, there } = await scene.pair();
			await scene.until(there.send("greeting"));
			await scene.until(there.end());
			// Everything that the peer sent has arrived, its end too, and the pipe is still open.
			await scene.env.settle();
			assert.equal(client.state, "open");
			client.subscribe();
			assert.equal(await gather(scene, client, 8), "greeting");
			await assert.rejects(scene.until(client.recv()), closed);
			assert.equal(client.reason?.kind, "remote");
		},
	},
	{
		name: "600 kilobytes arrive whole, in many sends of one tick, with a small queue",
		only: STREAMS,
		async run(scene) {
			const { client, there } = await scene.pair({ queueMessages: 4, queueBytes: 64 * 1024 });
			there.subscribe();
			const pieces = Array.from({ length: 60 }, (_, n) => Buffer.alloc(10_000 + n, n));
			const sent = Promise.all(pieces.map((piece) => client.send(piece)));
			const whole = Buffer.concat(pieces).toString("latin1");
			assert.equal(await gather(scene, there, whole.length), whole);
			await scene.until(sent);
			assert.equal(there.stats.bytesIn, whole.length);
			assert.equal(there.subscriptions[0]?.dropped, 0);
		},
	},
	{
		name: "half-close: the peer reads to the end and still answers",
		only: STREAMS,
		async run(scene) {
			const { client, there } = await scene.pair({ halfOpen: true }, { halfOpen: true });
			there.subscribe();
			client.subscribe();
			await scene.until(client.send("question"));
			await scene.until(client.end());
			await assert.rejects(scene.until(client.send("more")), closed);
			assert.equal(await gather(scene, there, 8), "question");
			await assert.rejects(scene.until(there.recv()), closed);
			assert.equal(there.state, "open");
			await scene.until(there.send("answer"));
			assert.equal(await gather(scene, client, 6), "answer");
			const over = new Promise((resolve) => client.onEnd(resolve));
			await scene.until(there.close());
			await scene.until(over);
			assert.equal(client.reason?.kind, "remote");
		},
	},
	{
		name: "without half-open the pipe closes when its peer has finished",
		only: STREAMS,
		async run(scene) {
			const { client, there } = await scene.pair();
			there.subscribe();
			const kinds: Promise<string>[] = [client, there].map(
				(pipe) => new Promise((resolve) => pipe.onEnd((_m, _p, _pipe, reason) => resolve(reason.kind))),
			);
			await scene.until(client.send("bye"));
			await scene.until(client.close());
			assert.deepEqual(await scene.until(Promise.all(kinds)), ["local", "remote"]);
			assert.equal(await gather(scene, there, 3), "bye");
		},
	},
	{
		name: "connections are accepted in order, each once, and close with their server",
		only: STREAMS,
		async run(scene) {
			const connects: number[] = [];
			const server = await scene.server({ onConnect: (_message, peer) => connects.push(peer?.[1] ?? 0) });
			const ports: number[] = [];
			for (let n = 0; n < 3; n++) ports.push((await scene.client(server)).local[1]);
			const accepted: Pipe[] = [];
			for await (const pipe of drive(scene, server.accepted())) {
				accepted.push(pipe);
				if (accepted.length === 3) break;
			}
			assert.deepEqual(
				accepted.map((pipe) => portOf(pipe.remote)),
				ports,
			);
			assert.deepEqual(connects, ports);
			assert.equal(server.pipes.size, 3);
			const stop = new AbortController();
			const stopped = assert.rejects(server.accept({ signal: stop.signal }), { message: "enough" });
			stop.abort(new Error("enough"));
			await stopped;
			assert.equal(await scene.until(server.accept({ timeout: 1 })), null);
			const waiting = assert.rejects(server.accept(), closed);
			await scene.until(server.close());
			await waiting;
			assert.deepEqual(
				accepted.map((pipe) => pipe.state),
				["closed", "closed", "closed"],
			);
			assert.equal(server.pipes.size, 0);
		},
	},
	{
		name: "what a TCP server itself cannot do is a typed error",
		only: STREAMS,
		async run(scene) {
			const { client, server } = await scene.pair();
			const role = { code: "ERR_PIPE_ROLE" };
			await assert.rejects(server.send("x"), role);
			await assert.rejects(server.recv(), role);
			await assert.rejects(server.end(), role);
			await assert.rejects(client.accept(), role);
			assert.throws(() => server.subscribe(), role);
			assert.throws(() => server.readable, role);
			assert.throws(() => client.addPipe(server), role);
			await assert.rejects(client.send("x", ["192.0.2.1", 9]), { code: "ERR_PIPE_DESTINATION" });
		},
	},
];

/** The client's address as `there` sees it: that of its next message. */
async function addressOf(scene: PipeContractScene, client: Pipe, there: Pipe): Promise<PipePeer> {
	there.subscribe(/^where am I$/);
	await scene.until(client.send("where am I"));
	const got = await scene.until(there.recv({ sub: /^where am I$/, full: true }));
	assert(got !== null);
	there.unsubscribe(/^where am I$/);
	return got[0];
}

/** Iterates on the environment's network. */
async function* drive<T>(
	scene: PipeContractScene,
	items: AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T> {
	for (;;) {
		const item = await scene.until(items.next());
		if (item.done) return;
		yield item.value;
	}
}
