import { once } from "node:events";
import type { Socket } from "node:net";
import { IPRange } from "@p2pd/address";
import type { SocketFactory } from "@p2pd/net";
import { kernelRoute, Route, type SocketDeps, sourceRoute } from "@p2pd/route";
import { afterEach, describe, expect, it } from "vitest";
import { systemDeps } from "../../src/kernel/system.js";
import { accepted, closed, DEFAULT_LO, LO, LOOPBACK, NO_NATIVE, portOf } from "./kit.js";

const open: { destroy?(): void; close?(): void }[] = [];
afterEach(() => {
	for (const one of open.splice(0)) {
		if (one.destroy) one.destroy();
		else one.close?.();
	}
});
const kept = <T extends (typeof open)[number]>(one: T): T => {
	open.push(one);
	return one;
};

const factories = ([4, 6] as const).flatMap((af) =>
	(
		[
			["with libc", systemDeps],
			["without libc", NO_NATIVE],
		] as [string, SocketDeps][]
	).flatMap(([how, deps]): [string, SocketFactory][] => [
		[`IPv${af}, the kernel's choice, ${how}`, kernelRoute(af, deps)],
		[
			`IPv${af}, the loopback as a source, ${how}`,
			sourceRoute({ af, nic: DEFAULT_LO, ip: LOOPBACK[af] }, deps),
		],
	]),
);

describe.each(factories)("sockets: %s", (_name, sockets) => {
	const loopback = LOOPBACK[sockets.af];

	it("connect, listen and talk over TCP", async () => {
		const server = kept(await sockets.listen());
		const [client, there] = await Promise.all([
			sockets.connect({ ip: loopback, port: portOf(server) }).then(kept),
			accepted(server).then(kept),
		]);
		expect([client.localAddress, there.remotePort]).toEqual([loopback, client.localPort]);
		client.write("ping");
		expect(String(await once(there, "data"))).toBe("ping");
		there.end("pong");
		expect(String(await once(client, "data"))).toBe("pong");
		await once(client, "close");
		await closed(server);
	});

	it("connect from the given port", async () => {
		const server = kept(await sockets.listen());
		const localPort = await freePort();
		const client = kept(await sockets.connect({ ip: loopback, port: portOf(server), localPort }));
		expect([client.localAddress, client.localPort]).toEqual([loopback, localPort]);
	});

	it("talk over UDP", async () => {
		const [one, other] = [kept(await sockets.udp({ broadcast: true, ttl: 3 })), kept(await sockets.udp())];
		one.send("ping", portOf(other), loopback);
		const [data, from] = (await once(other, "message")) as [Buffer, { port: number }];
		expect([String(data), from.port]).toEqual(["ping", portOf(one)]);
	});

	it("fail with the system's reason", async () => {
		const server = kept(await sockets.listen());
		const port = portOf(server);
		const busy = { name: "RouteSocketError", code: "ERR_ROUTE_SOCKET", errno: "EADDRINUSE" };
		await expect(sockets.listen({ port })).rejects.toMatchObject({ ...busy, call: "listen" });
		const socket = kept(await sockets.udp());
		await expect(sockets.udp({ port: portOf(socket) })).rejects.toMatchObject({ ...busy, call: "bind" });
		await closed(server);
		await expect(sockets.connect({ ip: loopback, port })).rejects.toMatchObject({
			call: "connect",
			errno: "ECONNREFUSED",
			subject: expect.stringContaining(`:${port}`),
		});
	});

	it("stop at a signal", async () => {
		const reason = new Error("enough");
		const signal = AbortSignal.abort(reason);
		const server = kept(await sockets.listen());
		const port = portOf(server);
		await expect(sockets.udp({ signal })).rejects.toBe(reason);
		await expect(sockets.listen({ signal })).rejects.toBe(reason);
		await expect(sockets.connect({ ip: loopback, port, signal })).rejects.toBe(reason);
		const later = new AbortController();
		const attempts = [
			sockets.udp({ signal: later.signal }),
			sockets.listen({ signal: later.signal }),
			sockets.connect({ ip: loopback, port, signal: later.signal }),
		];
		later.abort(reason);
		for (const { status, reason: why } of (await Promise.allSettled(attempts)) as PromiseRejectedResult[]) {
			expect([status, why]).toEqual(["rejected", reason]);
		}
	});

	it.each([
		[{ port: 70_000 }, "port"],
		[{ port: -1 }, "port"],
		[{ port: 1.5 }, "port"],
		[{ ttl: 0 }, "ttl"],
		[{ ttl: 256 }, "ttl"],
	])("refuse %o", async (options, field) => {
		const wrong = { code: "ERR_ROUTE_VALUE", field };
		await expect(sockets.udp(options)).rejects.toMatchObject(wrong);
		await expect(sockets.listen(options)).rejects.toMatchObject(wrong);
		await expect(sockets.connect({ ip: loopback, port: 9, ...options })).rejects.toMatchObject(wrong);
	});

	it("refuse what only TCP has", async () => {
		const to = { ip: loopback, port: 9 };
		for (const [options, field] of [
			[{ ...to, port: 0 }, "port"],
			[{ ...to, localPort: 65_536 }, "localPort"],
			[{ ...to, lingerSeconds: -1 }, "lingerSeconds"],
			[{ ...to, lingerSeconds: 0.5 }, "lingerSeconds"],
		] as const) {
			await expect(sockets.connect(options)).rejects.toMatchObject({ code: "ERR_ROUTE_VALUE", field });
		}
		await expect(sockets.listen({ backlog: 0 })).rejects.toMatchObject({
			code: "ERR_ROUTE_VALUE",
			field: "backlog",
		});
		const other = LOOPBACK[sockets.af === 4 ? 6 : 4];
		await expect(sockets.connect({ ip: other, port: 9 })).rejects.toMatchObject({ code: "ERR_ROUTE_FAMILY" });
		await expect(sockets.connect({ ip: "localhost", port: 9 })).rejects.toMatchObject({
			code: "ERR_ADDRESS_SYNTAX",
		});
	});
});

describe("options", () => {
	const sockets = kernelRoute(4);

	it("reuse: a port is shared by listeners and connections, as hole punching needs", async () => {
		const server = kept(await sockets.listen());
		const local = kept(await sockets.listen({ reuse: true }));
		const localPort = portOf(local);
		kept(await sockets.listen({ reuse: true, port: localPort }));
		const client = kept(
			await sockets.connect({ ip: "127.0.0.1", port: portOf(server), localPort, reuse: true }),
		);
		expect(client.localPort).toBe(localPort);
		await expect(sockets.listen({ port: localPort })).rejects.toMatchObject({ errno: "EADDRINUSE" });
	});

	it.each([
		["with libc", systemDeps],
		["without libc", NO_NATIVE],
	])("reuse: UDP sockets share a port, %s", async (_how, deps) => {
		const first = kept(await kernelRoute(4, deps).udp({ reuse: true }));
		kept(await kernelRoute(4, deps).udp({ reuse: true, port: portOf(first) }));
		await expect(kernelRoute(4, deps).udp({ port: portOf(first) })).rejects.toMatchObject({
			errno: "EADDRINUSE",
		});
	});

	it("lingerSeconds: 0 resets the connection, of a client and of what a server accepts", async () => {
		const plain = kept(await sockets.listen());
		const [abrupt, there] = await Promise.all([
			sockets.connect({ ip: "127.0.0.1", port: portOf(plain), lingerSeconds: 0 }),
			accepted(plain).then(kept),
		]);
		abrupt.destroy();
		await expect(once(there, "end")).rejects.toMatchObject({ code: "ECONNRESET" });

		const server = kept(await sockets.listen({ lingerSeconds: 0 }));
		const [client, cut] = await Promise.all([
			sockets.connect({ ip: "127.0.0.1", port: portOf(server) }).then(kept),
			accepted(server),
		]);
		cut.destroy();
		await expect(once(client, "end")).rejects.toMatchObject({ code: "ECONNRESET" });
	});

	it("v6only: IPv4 comes to an any-address only if it is let", async () => {
		const any = kernelRoute(6);
		const dual = kept(await any.listen({ v6only: false }));
		const peer = accepted(dual).then(kept);
		kept(await sockets.connect({ ip: "127.0.0.1", port: portOf(dual) }));
		expect((await peer).remoteAddress).toBe("::ffff:127.0.0.1");
		const six = kept(await any.listen());
		await expect(sockets.connect({ ip: "127.0.0.1", port: portOf(six) })).rejects.toMatchObject({
			errno: "ECONNREFUSED",
		});
		kept(await sockets.udp({ port: portOf(kept(await any.udp())) }));
		const both = kept(await any.udp({ v6only: false }));
		await expect(sockets.udp({ port: portOf(both) })).rejects.toMatchObject({ errno: "EADDRINUSE" });
	});

	it("to: a UDP socket for the loopback is on the loopback, whatever the route is bound to", async () => {
		const far = new Route({ af: 4, nic: LO, nicIps: [new IPRange("192.0.2.1")], extIps: [] });
		const bound = await far.bind();
		await expect(bound.udp()).rejects.toMatchObject({ errno: "EADDRNOTAVAIL" });
		const socket = kept(await bound.udp({ to: "127.0.0.1" }));
		expect(socket.address().address).toBe("127.0.0.1");
	});

	it("port: sockets that are not given one use the route's", async () => {
		const port = await freePort();
		const fixed = sourceRoute({ af: 4, nic: DEFAULT_LO, ip: "127.0.0.1", port });
		const server = kept(await fixed.listen());
		expect([fixed.port, portOf(server)]).toEqual([port, port]);
		expect(portOf(kept(await fixed.udp({ port: 0 })))).not.toBe(port);
	});
});

describe("a connection that is abandoned while it is made", () => {
	it("is closed, and says nothing more", async () => {
		const sockets = kernelRoute(4);
		const server = kept(await sockets.listen());
		const peers: Socket[] = [];
		server.on("connection", (peer) => peers.push(kept(peer.on("error", () => undefined))));
		const stop = new AbortController();
		const attempt = sockets.connect({ ip: "127.0.0.1", port: portOf(server), ttl: 9, signal: stop.signal });
		queueMicrotask(() => stop.abort());
		await expect(attempt).rejects.toMatchObject({ name: "AbortError" });
		await closed(server);
	});
});

/** A TCP port that nobody has. Those that connections take by themselves are of the other parity on Linux. */
async function freePort(): Promise<number> {
	const server = await kernelRoute(4).listen();
	const port = portOf(server);
	await closed(server);
	return port;
}
