import type { Socket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { loopback } from "../support/sockets.js";
import { PEER, type World, world } from "../support/world.js";

/*
 * A relayed socket beside Node's own: each case runs on both, and both must do the same.
 */

interface Place {
	/** Of the socket under test. */
	readonly socket: Socket;
	/** A peer that sends back what it gets. */
	readonly peer: { readonly ip: string; readonly port: number };
	/** Another one. */
	readonly other: { readonly ip: string; readonly port: number };
	until<T>(promise: Promise<T>): Promise<T>;
	close(): Promise<void>;
}

function echo(socket: Socket): { ip: string; port: number } {
	socket.on("message", (data, { address, port }) => socket.send(data, port, address));
	const { address, port } = socket.address();
	return { ip: address, port };
}

async function onNode(): Promise<Place> {
	const [socket, one, two] = await Promise.all(
		["127.0.0.1", "127.0.0.2", "127.0.0.3"].map((ip) => loopback(ip).udp()),
	);
	if (socket === undefined || one === undefined || two === undefined) throw new Error("no sockets");
	return {
		socket,
		peer: echo(one),
		other: echo(two),
		until: (promise) => promise,
		close: async () => {
			for (const each of [one, two]) each.close();
		},
	};
}

async function onRelay(): Promise<Place> {
	const w: World = await world({ latency: 5 });
	const route = await w.route();
	const [one, two] = [await w.until(w.peer().udp()), await w.until(w.stranger().udp())];
	return {
		socket: await w.until(route.udp()),
		peer: echo(one),
		other: echo(two),
		until: (promise) => w.until(promise),
		close: async () => {
			await w.until(route.close());
			w.server.close();
			for (const each of [one, two]) each.close();
		},
	};
}

/** What a call does: gives nothing, or throws an error of this code. */
function codeOf(call: () => unknown): string | null {
	try {
		call();
		return null;
	} catch (error) {
		return (error as { code: string }).code;
	}
}

const CASES: Record<string, (place: Place) => Promise<unknown>> = {
	"a datagram comes back, with its sender": async ({ socket, peer, until }) => {
		const message = once(socket, "message");
		socket.send("hello", peer.port, peer.ip);
		const [data, from] = await until(message);
		const { address, port, family, size } = from as {
			address: string;
			port: number;
			family: string;
			size: number;
		};
		return [String(data), address === peer.ip, port === peer.port, family, size];
	},
	"every form of send": async ({ socket, peer, until }) => {
		const got: string[] = [];
		socket.on("message", (data) => got.push(String(data)));
		const { port, ip } = peer;
		const sends: ((done: (error: Error | null, bytes: number) => void) => void)[] = [
			(done) => socket.send("text", port, ip, done),
			(done) => socket.send(Buffer.from("buffer"), port, ip, done),
			(done) => socket.send(["a ", Buffer.from("list")], port, ip, done),
			(done) => socket.send(Buffer.from("xxslicexx"), 2, 5, port, ip, done),
			(done) => socket.send(new Uint8Array([65, 66]), port, ip, done),
			(done) => socket.send(Buffer.alloc(0), port, ip, done),
		];
		const results: (string | null)[] = [];
		for (const send of sends) {
			results.push(
				await until(
					new Promise((resolve) =>
						send((error) => resolve(error === null || error === undefined ? null : error.message)),
					),
				),
			);
			if (got.length < results.length) await until(once(socket, "message"));
		}
		return [results, got];
	},
	"wrong arguments": async ({ socket }) => [
		codeOf(() => socket.send("x", 0, "127.0.0.1")),
		codeOf(() => socket.send("x", 65_536, "127.0.0.1")),
		codeOf(() => socket.send(5 as unknown as string, 9, "127.0.0.1")),
		codeOf(() => socket.send("x", 9, 5 as unknown as string)),
		codeOf(() => socket.bind(5)),
		codeOf(() => socket.disconnect()),
		codeOf(() => socket.remoteAddress()),
		codeOf(() => socket.send(Buffer.alloc(4), 2, 8, 9, "127.0.0.1")),
	],
	"a datagram that is too long fails its callback, and says nothing without one": async ({
		socket,
		peer,
		until,
	}) => {
		const tooLong = Buffer.alloc(65_508);
		const errors: Error[] = [];
		socket.on("error", (error) => errors.push(error));
		socket.send(tooLong, peer.port, peer.ip);
		const code = await until(
			new Promise((resolve) =>
				socket.send(tooLong, peer.port, peer.ip, (error) => resolve((error as { code?: string }).code)),
			),
		);
		return [code, errors];
	},
	"connected: it hears its peer alone, and sends without an address": async ({
		socket,
		peer,
		other,
		until,
	}) => {
		const got: string[] = [];
		socket.send("who are you?", other.port, other.ip);
		await until(once(socket, "message"));
		socket.on("message", (_data, { address }) => got.push(address === peer.ip ? "peer" : "other"));
		await until(new Promise<void>((resolve) => socket.connect(peer.port, peer.ip, resolve)));
		const { port } = socket.remoteAddress();
		const message = once(socket, "message");
		socket.send("connected", () => undefined);
		await until(message);
		const again = [
			codeOf(() => socket.connect(peer.port, peer.ip)),
			codeOf(() => socket.send("x", 0, 1, peer.port, peer.ip)),
		];
		socket.disconnect();
		const back = once(socket, "message");
		socket.send("disconnected", other.port, other.ip);
		await until(back);
		return [port === peer.port, got, again, codeOf(() => socket.remoteAddress())];
	},
	"closed: nothing is left of it": async ({ socket, until }) => {
		const events: string[] = [];
		socket.on("close", () => events.push("event"));
		const closed = new Promise<void>((resolve) => {
			socket.close(() => {
				events.push("callback");
				resolve();
			});
		});
		events.push("returned");
		await until(closed);
		return [
			events,
			codeOf(() => socket.close()),
			codeOf(() => socket.send("x", 9, "127.0.0.1")),
			codeOf(() => socket.address()),
			await socket[Symbol.asyncDispose]().then(() => "disposed"),
		];
	},
	"it can be asked about": async ({ socket }) => [
		socket.address().family,
		socket.getSendQueueCount(),
		socket.getSendQueueSize(),
		socket.ref() === socket,
		socket.unref() === socket,
	],
};

describe("a relayed socket does what Node's does", () => {
	it.each(Object.keys(CASES))("%s", async (name) => {
		const results: unknown[] = [];
		for (const make of [onNode, onRelay]) {
			const place = await make();
			results.push(await CASES[name]?.(place));
			if (codeOf(() => place.socket.address()) === null) place.socket.close();
			await place.close();
		}
		expect(results[1]).toEqual(results[0]);
	});

	it("and an address of the other family is an error", async () => {
		const place = await onRelay();
		const failed = new Promise((resolve) => place.socket.send("x", 9, PEER[6], resolve));
		expect(await place.until(failed)).toMatchObject({ code: "EINVAL" });
		await place.close();
	});
});
