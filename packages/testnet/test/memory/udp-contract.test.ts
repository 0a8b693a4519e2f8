import { Buffer } from "node:buffer";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { buildNetwork, oneGateway } from "../../src/index.js";

/** One way of making sockets, real or in memory. */
interface World {
	readonly make: (type: "udp4" | "udp6") => Socket;
	/** Lets time pass until the promise is there. */
	readonly until: <T>(promise: Promise<T>) => Promise<T>;
}

const network = buildNetwork(oneGateway({ kind: "router" }), { services: { stun: () => () => [] } });

const worlds: Record<string, World> = {
	"node:dgram": { make: (type) => createSocket(type), until: (promise) => promise },
	"in memory": {
		make: (type) => network.host("client").createSocket(type),
		until: (promise) => network.clock.runUntil(promise),
	},
};

const codeOf = (run: () => unknown): unknown => {
	try {
		run();
	} catch (error) {
		return (error as { code?: unknown }).code;
	}
	return "no error";
};

describe.each(Object.entries(worlds))("a UDP socket: %s", (_, world) => {
	const open: Socket[] = [];
	const make = (type: "udp4" | "udp6" = "udp4"): Socket => {
		const socket = world.make(type);
		open.push(socket);
		return socket;
	};
	const bound = async (): Promise<Socket> => {
		const socket = make();
		socket.bind(0, "127.0.0.1");
		await world.until(once(socket, "listening"));
		return socket;
	};
	const next = (socket: Socket): Promise<[Buffer, RemoteInfo]> =>
		world.until(once(socket, "message") as Promise<[Buffer, RemoteInfo]>);

	afterEach(async () => {
		for (const socket of open.splice(0)) {
			try {
				await world.until(new Promise<void>((resolve) => socket.close(resolve)));
			} catch (error) {
				expect((error as { code: string }).code).toBe("ERR_SOCKET_DGRAM_NOT_RUNNING");
			}
		}
	});

	it("is bound to a port, and says so", async () => {
		const socket = make();
		expect(codeOf(() => socket.address())).toBe("EBADF");
		let listening = false;
		socket.bind(0, "127.0.0.1", () => {
			listening = true;
		});
		expect(listening).toBe(false);
		await world.until(once(socket, "listening"));
		expect(listening).toBe(true);
		expect(socket.address()).toEqual({
			address: "127.0.0.1",
			family: "IPv4",
			port: expect.any(Number) as number,
		});
		expect(codeOf(() => socket.bind(0))).toBe("ERR_SOCKET_ALREADY_BOUND");
	});

	it("delivers to a message listener with the sender's address", async () => {
		const [a, b] = [await bound(), await bound()];
		a.send("hello", b.address().port, "127.0.0.1");
		const [data, info] = await next(b);
		expect(data).toBeInstanceOf(Buffer);
		expect(data.toString()).toBe("hello");
		expect(info).toEqual({ address: "127.0.0.1", family: "IPv4", port: a.address().port, size: 5 });
	});

	it("takes every form of send", async () => {
		const [a, b] = [await bound(), await bound()];
		const { port } = b.address();
		const got: string[] = [];
		b.on("message", (data) => got.push(data.toString()));
		const send = (start: (callback: (error: Error | null, bytes: number) => void) => void): Promise<number> =>
			world.until(
				new Promise((resolve, reject) => start((error, bytes) => (error ? reject(error) : resolve(bytes)))),
			);
		expect(await send((done) => a.send("one", port, "127.0.0.1", done))).toBe(3);
		expect(await send((done) => a.send(Buffer.from("two"), port, done))).toBe(3);
		expect(await send((done) => a.send(Buffer.from("-three-"), 1, 5, port, "127.0.0.1", done))).toBe(5);
		expect(await send((done) => a.send(Buffer.from("-four-"), 1, 4, port, done))).toBe(4);
		expect(await send((done) => a.send(["fi", Buffer.from("ve")], port, "127.0.0.1", done))).toBe(4);
		expect(await send((done) => a.send(new Uint16Array([0x3673]), port, "127.0.0.1", done))).toBe(2);
		a.send("last", port, "127.0.0.1");
		while (got.length < 7) await next(b);
		expect(got).toEqual(["one", "two", "three", "four", "five", "s6", "last"]);
	});

	it("copies what is sent", async () => {
		const [a, b] = [await bound(), await bound()];
		const data = Buffer.from("before");
		const sent = new Promise<void>((resolve) => a.send(data, b.address().port, "127.0.0.1", () => resolve()));
		await world.until(sent);
		data.fill(0);
		expect((await next(b))[0].toString()).toBe("before");
	});

	it("binds by itself when it sends", async () => {
		const [a, b] = [make(), await bound()];
		a.send("x", b.address().port, "127.0.0.1");
		const [, info] = await next(b);
		expect(a.address().port).toBe(info.port);
		expect(a.address().address).toBe("0.0.0.0");
	});

	it("hears only its peer once connected, and all again after disconnect", async () => {
		const [a, b, c] = [await bound(), await bound(), await bound()];
		a.connect(b.address().port, "127.0.0.1");
		await world.until(once(a, "connect"));
		expect(a.remoteAddress()).toEqual({ address: "127.0.0.1", family: "IPv4", port: b.address().port });
		const { port } = a.address();
		a.send("to b");
		expect((await next(b))[0].toString()).toBe("to b");
		c.send("from c", port, "127.0.0.1");
		b.send("from b", port, "127.0.0.1");
		expect((await next(a))[0].toString()).toBe("from b");
		const { port: portOfC } = c.address();
		expect(codeOf(() => a.send("x", 0, 1, portOfC, "127.0.0.1"))).toBe("ERR_SOCKET_DGRAM_IS_CONNECTED");
		a.send("not to c", portOfC, "127.0.0.1");
		expect((await next(b))[0].toString()).toBe("not to c");
		expect(codeOf(() => a.connect(port))).toBe("ERR_SOCKET_DGRAM_IS_CONNECTED");
		a.disconnect();
		expect(codeOf(() => a.remoteAddress())).toBe("ERR_SOCKET_DGRAM_NOT_CONNECTED");
		a.send("to c", portOfC, "127.0.0.1");
		await next(c);
		c.send("again", a.address().port, "127.0.0.1");
		expect((await next(a))[0].toString()).toBe("again");
	});

	it("chooses its own address when it connects", async () => {
		const [a, b] = [make(), await bound()];
		a.bind(0);
		await world.until(once(a, "listening"));
		expect(a.address().address).toBe("0.0.0.0");
		a.connect(b.address().port, "127.0.0.1");
		await world.until(once(a, "connect"));
		expect(a.address().address).toBe("127.0.0.1");
		a.disconnect();
		expect(() => a.disconnect()).toThrow(expect.objectContaining({ code: "ERR_SOCKET_DGRAM_NOT_CONNECTED" }));
	});

	it("loses a port by disconnect that it did not ask for by number", async () => {
		const [a, b] = [await bound(), await bound()];
		const connect = async (): Promise<void> => {
			a.connect(b.address().port, "127.0.0.1");
			await world.until(once(a, "connect"));
		};
		await connect();
		a.disconnect();
		expect(a.address().port).toBe(0);
		await connect();
		const { port } = a.address();
		expect(port).toBeGreaterThan(0);
		const named = make();
		a.close();
		named.bind(port, "127.0.0.1");
		await world.until(once(named, "listening"));
		named.connect(b.address().port, "127.0.0.1");
		await world.until(once(named, "connect"));
		named.disconnect();
		expect(named.address().port).toBe(port);
	});

	it("is told when its peer has no socket", async () => {
		const [a, b] = [await bound(), await bound()];
		const { port } = b.address();
		await world.until(new Promise<void>((resolve) => b.close(resolve)));
		a.connect(port, "127.0.0.1");
		await world.until(once(a, "connect"));
		const failed = once(a, "error");
		a.send("x");
		const [error] = (await world.until(failed)) as [Error & { code: string }];
		expect(error.code).toBe("ECONNREFUSED");
	});

	it("refuses a port that is taken, by an error event", async () => {
		const [a, b] = [await bound(), make()];
		b.bind(a.address().port, "127.0.0.1");
		const [error] = (await world.until(once(b, "error"))) as [Error & { code: string; port: number }];
		expect(error).toMatchObject({ code: "EADDRINUSE", port: a.address().port, address: "127.0.0.1" });
	});

	it("refuses an address that is not the host's", async () => {
		const socket = make();
		socket.bind(0, "11.22.33.44");
		const [error] = (await world.until(once(socket, "error"))) as [Error & { code: string }];
		expect(error.code).toBe("EADDRNOTAVAIL");
	});

	it("refuses what no socket can send", async () => {
		const socket = await bound();
		const failure = (start: (callback: (error: Error | null) => void) => void): Promise<unknown> =>
			world.until(
				new Promise((resolve) => start((error) => resolve((error as { code?: unknown } | null)?.code))),
			);
		expect(await failure((done) => socket.send(Buffer.alloc(65_508), 9, "127.0.0.1", done))).toBe("EMSGSIZE");
		expect(await failure((done) => socket.send("x", 9, "255.255.255.255", done))).toBe("EACCES");
		expect(codeOf(() => socket.send("x", 0, "127.0.0.1"))).toBe("ERR_SOCKET_BAD_PORT");
		expect(codeOf(() => socket.send("x", 70_000, "127.0.0.1"))).toBe("ERR_SOCKET_BAD_PORT");
		expect(codeOf(() => socket.send(5 as unknown as string, 9))).toBe("ERR_INVALID_ARG_TYPE");
		expect(codeOf(() => socket.send(Buffer.alloc(2), 1, 2, 9))).toBe("ERR_BUFFER_OUT_OF_BOUNDS");
		expect(codeOf(() => socket.setTTL(0))).toBe("EINVAL");
	});

	it("sends nothing after it was closed", async () => {
		const socket = await bound();
		let closed = 0;
		socket.on("close", () => closed++);
		socket.close();
		expect(closed).toBe(0);
		await world.until(once(socket, "close"));
		expect(closed).toBe(1);
		for (const run of [
			() => socket.send("x", 9, "127.0.0.1"),
			() => socket.close(),
			() => socket.address(),
			() => socket.bind(),
		]) {
			expect(codeOf(run)).toBe("ERR_SOCKET_DGRAM_NOT_RUNNING");
		}
	});

	it("gives its port back", async () => {
		const first = await bound();
		const { port } = first.address();
		await world.until(new Promise<void>((resolve) => first.close(resolve)));
		const second = make();
		second.bind(port, "127.0.0.1");
		await world.until(once(second, "listening"));
		expect(second.address().port).toBe(port);
	});

	it("speaks IPv6", async () => {
		const [a, b] = [make("udp6"), make("udp6")];
		b.bind(0, "::1");
		await world.until(once(b, "listening"));
		expect(b.address().family).toBe("IPv6");
		a.send("six", b.address().port);
		const [data, info] = await next(b);
		expect(data.toString()).toBe("six");
		expect(info).toMatchObject({ address: "::1", family: "IPv6" });
	});
});
