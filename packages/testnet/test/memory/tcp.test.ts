import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { describe, expect, it } from "vitest";
import {
	buildNetwork,
	type MemoryNetwork,
	type NatSpec,
	oneGateway,
	type SceneOptions,
} from "../../src/index.js";

const A1 = { ip: "8.40.1.1", port: 80 };
const cone: NatSpec = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
	allocation: { kind: "equal" },
};

const build = (
	options: SceneOptions & { readonly seed?: number; readonly spec?: NatSpec } = {},
): MemoryNetwork => {
	const { seed = 1, spec = cone, ...scene } = options;
	return buildNetwork(oneGateway(spec, scene), { seed, services: { stun: () => () => [] } });
};

async function pair(network: MemoryNetwork): Promise<{ client: Socket; peer: Socket; server: Server }> {
	const { clock } = network;
	const server = await network.host("stun0").sockets(4).listen({ port: A1.port });
	const accepted = once(server, "connection") as Promise<[Socket]>;
	const client = await clock.runUntil(network.host("client").sockets(4).connect(A1));
	const [peer] = await clock.runUntil(accepted);
	return { client, peer, server };
}

async function readAll(network: MemoryNetwork, socket: Socket): Promise<Buffer> {
	const parts: Buffer[] = [];
	socket.on("data", (data: Buffer) => parts.push(data));
	await network.clock.runUntil(once(socket, "end"));
	return Buffer.concat(parts);
}

describe("TCP over the network", () => {
	it("takes a round trip to connect, and is translated by the NAT", async () => {
		const network = build({ link: { latency: 40 } });
		const { client, peer } = await pair(network);
		expect(network.clock.now()).toBe(120);
		expect(peer.remoteAddress).toBe("82.1.1.1");
		expect(peer.remotePort).toBe(client.localPort);
		expect(network.nat("gateway").mappings()).toEqual([
			{
				proto: "tcp",
				inside: { ip: "192.168.1.20", port: client.localPort },
				external: { ip: "82.1.1.1", port: client.localPort },
			},
		]);
	});

	it("is refused after a round trip by a host where nobody listens", async () => {
		const network = build({ link: { latency: 40 } });
		const attempt = network.host("client").sockets(4).connect({ ip: A1.ip, port: 81 });
		await expect(network.clock.runUntil(attempt)).rejects.toMatchObject({
			code: "ECONNREFUSED",
			syscall: "connect",
			address: A1.ip,
			port: 81,
		});
		expect(network.clock.now()).toBe(80);
	});

	it("gives up after 127 s where nobody answers, having tried seven times", async () => {
		const network = build();
		const tries: number[] = [];
		network.watch(({ what, where, at }) => {
			if (what === "sent" && where === "client") tries.push(at);
		});
		const attempt = network.host("client").sockets(4).connect({ ip: "11.11.11.11", port: 80 });
		await expect(network.clock.runUntil(attempt)).rejects.toMatchObject({
			code: "ETIMEDOUT",
			syscall: "connect",
		});
		expect(tries).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 63_000]);
		expect(network.clock.now()).toBe(127_000);
	});

	it.each([1, 2, 3, 4, 5])("carries bytes over a bad link, all and in order: seed %i", async (seed) => {
		const link = { latency: 30, jitter: 20, loss: 0.1, duplicate: 0.05, reorder: 0.1, reorderBy: 40 };
		const network = build({ link, seed });
		const { client, peer } = await pair(network);
		const sent = Buffer.from(network.random.bytes(150_000));
		client.write(sent.subarray(0, 100_000));
		client.end(sent.subarray(100_000));
		peer.write("done");
		const back = readAll(network, client);
		const got = await readAll(network, peer);
		expect(got.equals(sent)).toBe(true);
		expect((await back).toString()).toBe("done");
		await network.clock.advance(600_000);
		expect(network.host("client").tcp.connectionCount).toBe(0);
		expect(network.host("stun0").tcp.connectionCount).toBe(0);
	});

	it("waits for a reader that does not read, and goes on when it does", async () => {
		const network = build({ link: { latency: 10 } });
		const { client, peer } = await pair(network);
		const sent = Buffer.alloc(400_000, "abc");
		let written = false;
		client.write(sent, () => {
			written = true;
		});
		await network.clock.advance(300_000);
		expect(written).toBe(false);
		expect(peer.bytesRead).toBeLessThan(100_000);
		client.end();
		const start = network.clock.now();
		expect((await readAll(network, peer)).equals(sent)).toBe(true);
		expect(written).toBe(true);
		// The reader says that it has room; nobody waits for a repeat to find out.
		expect(network.clock.now() - start).toBeLessThan(500);
	});

	it("breaks when the other side can no longer be reached", async () => {
		const network = build();
		const { client } = await pair(network);
		const failed = once(client, "error");
		network.link("stun0").set({ loss: 1 });
		client.write("anybody?");
		const [error] = await network.clock.runUntil(failed);
		expect(error).toMatchObject({ code: "ETIMEDOUT" });
	});

	it("is cut off by a NAT that forgot it, and hears of it from the other side", async () => {
		const network = build({ spec: { ...cone, allocation: { kind: "random" } } });
		const { client, peer } = await pair(network);
		const failed = once(client, "error");
		network.nat("gateway").reset();
		client.write("still there?");
		const [error] = await network.clock.runUntil(failed);
		expect(error).toMatchObject({ code: "ECONNRESET" });
		peer.destroy();
	});

	it("opens from both sides at once, through two filters", async () => {
		const network = build({ clients: 2, spec: { ...cone, hairpinning: true }, link: { latency: 5 } });
		const connect = (name: string, localPort: number, port: number): Promise<Socket> =>
			network.host(name).sockets(4).connect({ ip: "82.1.1.1", port, localPort, reuse: true });
		const both = Promise.all([connect("client", 5000, 6000), connect("client2", 6000, 5000)]);
		const [one, two] = await network.clock.runUntil(both);
		const heard = once(two, "data");
		one.write("hello");
		expect(String((await network.clock.runUntil(heard))[0])).toBe("hello");
		expect([one.remotePort, two.remotePort]).toEqual([6000, 5000]);
	});

	it("says that it is idle, by the network's clock", async () => {
		const network = build();
		const { client, peer } = await pair(network);
		const at: number[] = [];
		client.setTimeout(1000, () => at.push(network.clock.now()));
		network.clock.setTimeout(() => peer.write("x"), 700);
		client.resume();
		await network.clock.advance(1699);
		expect(at).toEqual([]);
		await network.clock.advance(1);
		expect(at).toEqual([1700]);
		client.setTimeout(0);
		await network.clock.advance(5000);
		expect(at).toEqual([1700]);
	});

	it("frees everything when both sides are destroyed", async () => {
		const network = build();
		const { client, peer, server } = await pair(network);
		client.destroy();
		peer.destroy();
		server.close();
		await network.clock.advance(1000);
		expect(network.host("client").tcp.connectionCount).toBe(0);
		expect(network.host("stun0").tcp.connectionCount).toBe(0);
		const again = await network.host("stun0").sockets(4).listen({ port: A1.port });
		expect(again.listening).toBe(true);
	});

	it("is reset by a socket that is destroyed with bytes in the kernel that nobody read", async () => {
		const network = build();
		const { client, peer } = await pair(network);
		const failed = once(client, "error");
		client.write(Buffer.alloc(40_000));
		await network.clock.advance(100);
		peer.destroy();
		const [error] = await network.clock.runUntil(failed);
		expect(error).toMatchObject({ code: "ECONNRESET" });
	});

	it("does not wait for ever for the other side to end", async () => {
		const network = build();
		const { client } = await pair(network);
		const { tcp } = network.host("client");
		client.destroy();
		await network.clock.advance(59_000);
		expect(tcp.connectionCount).toBe(1);
		await network.clock.advance(2000);
		expect(tcp.connectionCount).toBe(0);
	});

	it("repeats nothing on a long way that loses nothing", async () => {
		const network = build({ link: { latency: 400 } });
		const { client, peer } = await pair(network);
		let sent = 0;
		network.watch(({ what, where, packet }) => {
			if (what === "sent" && where === "client" && packet.proto === "tcp" && packet.data.length > 0)
				sent += 1;
		});
		peer.resume();
		client.write("once");
		await network.clock.advance(20_000);
		expect(sent).toBe(1);
	});

	it("listens on one NIC or address only when told", async () => {
		const network = build();
		const host = network.host("stun0");
		const server = await host.sockets(4, "eth0").listen({ port: 90 });
		expect(server.address()).toEqual({ address: A1.ip, port: 90, family: "IPv4" });
		await expect(host.sockets(4, undefined, A1.ip).listen({ port: 90 })).rejects.toMatchObject({
			code: "EADDRINUSE",
		});
		await expect(host.sockets(4, undefined, "1.2.3.4").listen()).rejects.toMatchObject({
			code: "EADDRNOTAVAIL",
		});
		await expect(host.sockets(4).listen({ backlog: 0 })).rejects.toThrow(RangeError);
		const other = network.host("client").sockets(4).connect({ ip: "9.40.2.2", port: 90 });
		await expect(network.clock.runUntil(other)).rejects.toMatchObject({ code: "ECONNREFUSED" });
	});

	it("speaks IPv6 as well", async () => {
		const network = build();
		const server = await network.host("stun0").sockets(6).listen({ port: 80 });
		const accepted = once(server, "connection") as Promise<[Socket]>;
		const client = await network.clock.runUntil(
			network.host("client").sockets(6).connect({ ip: "2a00:1450:1::1", port: 80 }),
		);
		const [peer] = await network.clock.runUntil(accepted);
		expect([client.localFamily, peer.remoteAddress]).toEqual(["IPv6", "2a02:8070:1:1::20"]);
	});
});
