import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type Server, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { buildNetwork, oneGateway } from "../../src/index.js";
import { TcpServer } from "../../src/memory/tcp/tcp-server.js";
import { TcpSocket } from "../../src/memory/tcp/tcp-socket.js";

interface World {
	readonly server: (options: { allowHalfOpen: boolean }) => Server;
	readonly socket: (options: { allowHalfOpen: boolean }) => Socket;
	readonly until: <T>(promise: Promise<T>) => Promise<T>;
}

const network = buildNetwork(oneGateway({ kind: "router" }), { services: { stun: () => () => [] } });
const stack = network.host("client").tcp;

const worlds: Record<string, World> = {
	"node:net": {
		server: (options) => createServer(options),
		socket: (options) => new Socket(options),
		until: (promise) => promise,
	},
	"in memory": {
		server: (options) => new TcpServer({ stack, ...options }),
		socket: (options) => new TcpSocket({ stack, ...options }),
		until: (promise) => network.clock.runUntil(promise),
	},
};

describe.each(Object.entries(worlds))("TCP: %s", (_, world) => {
	const servers: Server[] = [];
	const sockets: Socket[] = [];

	const listening = async (allowHalfOpen = false): Promise<{ server: Server; port: number }> => {
		const server = world.server({ allowHalfOpen });
		servers.push(server);
		server.on("connection", (socket: Socket) => sockets.push(socket));
		server.listen(0, "127.0.0.1");
		await world.until(once(server, "listening"));
		return { server, port: (server.address() as { port: number }).port };
	};

	const connected = async (
		allowHalfOpen = false,
	): Promise<{ client: Socket; peer: Socket; server: Server }> => {
		const { server, port } = await listening(allowHalfOpen);
		const client = world.socket({ allowHalfOpen });
		sockets.push(client);
		const accepted = once(server, "connection") as Promise<[Socket]>;
		client.connect(port, "127.0.0.1");
		await world.until(once(client, "connect"));
		const [peer] = await world.until(accepted);
		return { client, peer, server };
	};

	const readAll = async (socket: Socket): Promise<string> => {
		const parts: Buffer[] = [];
		socket.on("data", (data: Buffer) => parts.push(data));
		await world.until(once(socket, "end"));
		return Buffer.concat(parts).toString();
	};

	afterEach(async () => {
		for (const socket of sockets.splice(0)) {
			if (socket.destroyed) continue;
			socket.on("error", () => undefined);
			const closed = once(socket, "close");
			socket.destroy();
			await world.until(closed);
		}
		for (const server of servers.splice(0)) {
			if (server.listening) await world.until(new Promise((resolve) => server.close(resolve)));
		}
	});

	it("connects, and both ends know the addresses", async () => {
		const { client, peer, server } = await connected();
		const { port } = server.address() as { port: number };
		expect([client.remoteAddress, client.remotePort, client.remoteFamily]).toEqual([
			"127.0.0.1",
			port,
			"IPv4",
		]);
		expect([peer.localAddress, peer.localPort]).toEqual(["127.0.0.1", port]);
		expect([peer.remoteAddress, peer.remotePort]).toEqual([client.localAddress, client.localPort]);
		expect(client.address()).toEqual({ address: "127.0.0.1", family: "IPv4", port: client.localPort });
		expect([client.readyState, client.connecting, client.pending]).toEqual(["open", false, false]);
	});

	it("is opening until it is connected", async () => {
		const { port } = await listening();
		const client = world.socket({ allowHalfOpen: false });
		sockets.push(client);
		client.connect(port, "127.0.0.1");
		await Promise.resolve();
		expect([client.pending, client.connecting, client.readyState]).toEqual([true, true, "opening"]);
		await world.until(once(client, "connect"));
	});

	it("carries bytes both ways, also those written before it was connected", async () => {
		const { server, port } = await listening();
		const accepted = once(server, "connection") as Promise<[Socket]>;
		const client = world.socket({ allowHalfOpen: false });
		sockets.push(client);
		client.connect(port, "127.0.0.1");
		client.write("early ");
		client.end("late");
		const [peer] = await world.until(accepted);
		peer.write("answer");
		const back = readAll(client);
		expect(await readAll(peer)).toBe("early late");
		expect(await back).toBe("answer");
		expect([client.bytesWritten, client.bytesRead]).toEqual([10, 6]);
	});

	it("carries a megabyte in order, with a reader that starts late", async () => {
		const { client, peer } = await connected();
		const big = Buffer.alloc(1_000_000, "0123456789");
		client.write(big);
		client.end();
		const text = await readAll(peer);
		expect(text.length).toBe(big.length);
		expect(Buffer.from(text).equals(big)).toBe(true);
	});

	it("tells the end, and closes both when nobody wants half of it", async () => {
		const { client, peer } = await connected();
		const closes = Promise.all([once(client, "close"), once(peer, "close")]);
		peer.resume();
		client.resume();
		client.end();
		expect(await world.until(closes)).toEqual([[false], [false]]);
	});

	it("goes on in the other direction after half a close", async () => {
		const { client, peer } = await connected(true);
		client.end("question");
		expect(await readAll(peer)).toBe("question");
		expect(client.readyState).toBe("readOnly");
		expect(peer.readyState).toBe("writeOnly");
		peer.end("answer");
		expect(await readAll(client)).toBe("answer");
	});

	it("is refused where nobody listens", async () => {
		const { server, port } = await listening();
		await world.until(new Promise((resolve) => server.close(resolve)));
		const client = world.socket({ allowHalfOpen: false });
		sockets.push(client);
		const closed = new Promise((resolve) => client.on("close", resolve));
		const failed = once(client, "error");
		client.connect(port, "127.0.0.1");
		const [error] = (await world.until(failed)) as [Error];
		expect(error).toMatchObject({ code: "ECONNREFUSED", syscall: "connect", address: "127.0.0.1", port });
		expect(await world.until(closed)).toBe(true);
	});

	it("hears of a reset", async () => {
		const { client, peer } = await connected();
		const failed = once(peer, "error");
		peer.resume();
		client.resetAndDestroy();
		const [error] = (await world.until(failed)) as [Error];
		expect(error).toMatchObject({ code: "ECONNRESET" });
	});

	it("resets when bytes are thrown away unread", async () => {
		const { client, peer } = await connected();
		const failed = once(client, "error");
		client.resume();
		client.write(Buffer.alloc(200_000));
		await world.until(once(peer, "readable"));
		peer.destroy();
		const [error] = (await world.until(failed)) as [Error & { code: string }];
		expect(["ECONNRESET", "EPIPE"]).toContain(error.code);
	});

	it("counts connections, and its close waits for them", async () => {
		const { client, peer, server } = await connected();
		const count = (): Promise<number> =>
			world.until(new Promise((resolve) => server.getConnections((_error, n) => resolve(n))));
		expect(await count()).toBe(1);
		let closed = false;
		const done = new Promise<void>((resolve) => server.close(() => resolve())).then(() => {
			closed = true;
		});
		await Promise.resolve();
		expect([closed, server.listening]).toEqual([false, false]);
		peer.resume();
		client.destroy();
		await world.until(done);
		expect(closed).toBe(true);
	});

	it("refuses a port that is taken", async () => {
		const { port } = await listening();
		const second = world.server({ allowHalfOpen: false });
		second.listen(port, "127.0.0.1");
		const [error] = (await world.until(once(second, "error"))) as [Error];
		expect(error).toMatchObject({ code: "EADDRINUSE", syscall: "listen", port });
	});

	it("turns away more connections than it may have", async () => {
		const { server, port } = await listening();
		server.maxConnections = 1;
		const sockets2 = [
			world.socket({ allowHalfOpen: false }),
			world.socket({ allowHalfOpen: false }),
		] as const;
		sockets.push(...sockets2);
		sockets2[0].connect(port, "127.0.0.1");
		await world.until(once(server, "connection"));
		const dropped = once(server, "drop");
		const over = new Promise<void>((resolve) =>
			sockets2[1].on("error", () => undefined).on("close", () => resolve()),
		);
		sockets2[1].resume().connect(port, "127.0.0.1");
		const [drop] = (await world.until(dropped)) as [{ localPort: number }];
		expect(drop.localPort).toBe(port);
		await world.until(over);
	});

	it("says when it was closed twice or never ran", async () => {
		const server = world.server({ allowHalfOpen: false });
		const error = await world.until(new Promise((resolve) => server.close(resolve)));
		expect(error).toMatchObject({ code: "ERR_SERVER_NOT_RUNNING" });
		expect(server.address()).toBeNull();
	});
});
