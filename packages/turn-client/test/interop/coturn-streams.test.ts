import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { type Coturn, describeWithCoturn, startCoturn } from "@p2pd/testnet/coturn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TurnRouteOptions, turnRoute } from "../../src/index.js";
import { makeCertificate } from "../support/certificate.js";
import { close, echo, endpointOf, loopback, nextMessage, send } from "../support/sockets.js";

const credentials = { username: "me", password: "secret" };

/** The next connection that a server accepts. */
async function accepted(server: Server): Promise<Socket> {
	const [socket] = (await once(server, "connection")) as [Socket];
	return resettable(socket);
}

/** coturn resets both connections when an end closes its own; the reset may overtake the end. */
function resettable(socket: Socket): Socket {
	return socket.on("error", () => undefined);
}

/** Reads until there are so many bytes. */
async function read(socket: Socket, length: number): Promise<string> {
	let text = "";
	for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
		text += String(chunk);
		if (text.length >= length) break;
	}
	return text;
}

async function closed(socket: Socket): Promise<void> {
	if (!socket.closed) await new Promise((resolve) => socket.on("close", resolve));
}

describeWithCoturn("coturn over streams", () => {
	const certificate = makeCertificate("DNS:relay.test,IP:127.0.32.1,IP:::1");
	afterAll(() => certificate.remove());

	describe.each([
		{ transport: "udp", ip: "127.0.32.1", me: "127.0.32.2", peer: "127.0.32.3" },
		{ transport: "tcp", ip: "127.0.32.1", me: "127.0.32.2", peer: "127.0.32.3" },
		{ transport: "tls", ip: "127.0.32.1", me: "127.0.32.2", peer: "127.0.32.3" },
		{ transport: "udp", ip: "::1", me: "::1", peer: "::1" },
		{ transport: "tcp", ip: "::1", me: "::1", peer: "::1" },
		{ transport: "tls", ip: "::1", me: "::1", peer: "::1" },
	] as const)("with $transport to $ip", ({ transport, ip, me, peer }) => {
		let coturn: Coturn;
		beforeAll(async () => {
			coturn = await startCoturn({ ip, tls: certificate });
		});
		afterAll(() => coturn.kill());
		const options = (): TurnRouteOptions => ({
			server: { host: ip, port: transport === "tls" ? coturn.tlsPort : coturn.port },
			transport,
			tls: { ca: certificate.cert },
			credentials,
			sockets: loopback(me),
		});

		it("relays datagrams, of every size and many at once", async () => {
			await using route = await turnRoute(options());
			const other = await echo(peer);
			const socket = await route.udp();
			for (const size of [1, 2, 3, 4, 1401, 9000]) {
				const answer = nextMessage(socket);
				await send(socket, Buffer.alloc(size, "x"), endpointOf(other));
				expect(await answer).toEqual({ text: "x".repeat(size), ...endpointOf(other) });
			}
			const texts: string[] = [];
			const all = new Promise<void>((resolve) => {
				socket.on("message", (data) => {
					texts.push(String(data));
					if (texts.length === 50) resolve();
				});
			});
			for (let n = 0; n < 50; n++) void send(socket, `number ${n}`, endpointOf(other));
			await all;
			expect(texts).toEqual(Array.from({ length: 50 }, (_, n) => `number ${n}`));
			await close(other);
		});

		it("connects to peers, and reports the peer and the relayed address", async () => {
			await using route = await turnRoute(options());
			const server = await loopback(peer).listen();
			const { port } = server.address() as { port: number };
			const coming = accepted(server);
			const socket = resettable(await route.connect({ ip: peer, port }));
			const there = await coming;
			expect(socket).toMatchObject({ remoteAddress: peer, remotePort: port, localAddress: route.localIp });
			expect(socket.localPort).toBe(there.remotePort);
			socket.write("to the peer");
			expect(await read(there, 11)).toBe("to the peer");
			there.write("to the client");
			expect(await read(socket, 13)).toBe("to the client");
			there.end();
			socket.resume();
			await closed(socket);
			there.destroy();
			server.close();
		});

		it("accepts peers that are permitted", async () => {
			await using route = await turnRoute(options());
			await route.permit(peer);
			const server = await route.listen();
			const { port } = server.address() as { port: number };
			const coming = accepted(server);
			const client = resettable(await loopback(peer).connect({ ip: route.localIp, port }));
			client.write("early");
			const socket = await coming;
			expect(socket).toMatchObject({
				remoteAddress: peer,
				remotePort: client.localPort,
				localAddress: route.localIp,
				localPort: port,
			});
			expect(await read(socket, 5)).toBe("early");
			socket.write("answer");
			expect(await read(client, 6)).toBe("answer");
			client.destroy();
			socket.resume();
			await closed(socket);
			const gone = once(server, "close");
			server.close();
			await gone;
		});

		it("closes without an error after its own end", async () => {
			await using route = await turnRoute(options());
			const server = await loopback(peer).listen();
			const coming = accepted(server);
			const socket = await route.connect({ ip: peer, port: (server.address() as { port: number }).port });
			const there = await coming;
			const errors: Error[] = [];
			socket.on("error", (error) => errors.push(error));
			socket.resume();
			socket.end("last words");
			expect(await read(there, 10)).toBe("last words");
			await closed(socket);
			expect(errors).toEqual([]);
			there.destroy();
			server.close();
		});

		it("takes the first allocation for TCP where that is asked for", async () => {
			await using route = await turnRoute({ ...options(), first: "tcp" });
			await route.permit(peer);
			const server = await route.listen();
			expect(server.address()).toMatchObject({ address: route.localIp, port: route.relayed.port });
			const coming = accepted(server);
			const client = resettable(
				await loopback(peer).connect({ ip: route.localIp, port: route.relayed.port }),
			);
			expect((await coming).remotePort).toBe(client.localPort);
			const further = await route.listen();
			expect(further.address()).not.toEqual(server.address());
			client.destroy();
		});

		it("says that the peer refuses", async () => {
			await using route = await turnRoute(options());
			await expect(route.connect({ ip: peer, port: 9 })).rejects.toMatchObject({
				code: "ERR_TURN_PEER",
				status: 447,
			});
		});
	});

	it("is not believed without the right certificate", async () => {
		await using coturn = await startCoturn({ ip: "127.0.32.1", tls: certificate });
		const options = {
			server: `turns:127.0.32.1:${coturn.tlsPort}`,
			credentials,
			sockets: loopback("127.0.32.2"),
		};
		await expect(turnRoute(options)).rejects.toMatchObject({
			code: "ERR_TURN_NETWORK",
			errno: "DEPTH_ZERO_SELF_SIGNED_CERT",
		});
		const tls = { ca: certificate.cert, servername: "other.test" };
		await expect(turnRoute({ ...options, tls })).rejects.toMatchObject({
			code: "ERR_TURN_NETWORK",
			errno: "ERR_TLS_CERT_ALTNAME_INVALID",
		});
	});

	it("is told apart by name where it has no TCP allocations", async () => {
		await using coturn = await startCoturn({ ip: "127.0.32.1", args: ["--no-tcp-relay"] });
		await using route = await turnRoute({
			server: { host: coturn.ip, port: coturn.port },
			credentials,
			sockets: loopback("127.0.32.2"),
		});
		await expect(route.connect({ ip: "127.0.32.3", port: 9 })).rejects.toMatchObject({
			code: "ERR_TURN_UNSUPPORTED",
			feature: "connect",
		});
		await expect(route.listen()).rejects.toMatchObject({ code: "ERR_TURN_UNSUPPORTED", feature: "listen" });
		await expect(
			turnRoute({
				server: { host: coturn.ip, port: coturn.port },
				credentials,
				sockets: loopback("127.0.32.2"),
				first: "tcp",
			}),
		).rejects.toMatchObject({ code: "ERR_TURN_UNSUPPORTED", feature: "first" });
	});

	it("ends connections with an error when it dies", async () => {
		await using coturn = await startCoturn({ ip: "127.0.32.1" });
		await using route = await turnRoute({
			server: { host: coturn.ip, port: coturn.port },
			transport: "tcp",
			credentials,
			sockets: loopback("127.0.32.2"),
		});
		const socket = await route.udp();
		const error = once(socket, "error");
		await coturn.kill();
		expect((await error)[0]).toMatchObject({ code: "ERR_TURN_LOST", cause: { code: "ERR_TURN_NETWORK" } });
	});
});
