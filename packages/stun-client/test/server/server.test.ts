import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ManualClock } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage } from "../../src/codec.js";
import { StunClient } from "../../src/index.js";
import { startStunServer } from "../../src/server.js";
import { loopback } from "../support/loopback.js";

const request = encodeMessage({ class: "request", transactionId: Buffer.alloc(12, 9) });

describe("the server on real sockets", () => {
	it("answers from all four of its addresses", async () => {
		await using server = await startStunServer({
			primary: { ip: "127.0.0.1", port: 0 },
			alternate: { ip: "127.0.0.2", port: 0 },
		});
		const { primary, alternate } = server;
		await using client = new StunClient({ server: primary }, { sockets: loopback("127.0.0.1") });
		expect(await client.getMapping()).toMatchObject({ otherAddress: alternate, responseOrigin: primary });
		const sources = [];
		for (const [changeIp, changePort] of [
			[true, false],
			[false, true],
			[true, true],
		]) {
			sources.push(
				(await client.request({ changeIp: changeIp ?? false, changePort: changePort ?? false })).from,
			);
		}
		expect(sources).toEqual([
			{ ip: alternate?.ip, port: primary.port },
			{ ip: primary.ip, port: alternate?.port },
			alternate,
		]);
	});

	it("serves IPv6", async () => {
		await using server = await startStunServer({ primary: { ip: "::1", port: 0 }, tcp: true });
		for (const transport of ["udp", "tcp"] as const) {
			await using client = new StunClient(
				{ server: server.primary, transport },
				{ sockets: loopback("::1") },
			);
			expect(await client.getWanIp()).toBe("::1");
		}
	});

	it("serves many requests over one TCP connection, in pieces and in one piece", async () => {
		await using server = await startStunServer({ primary: { ip: "127.0.0.1", port: 0 }, tcp: true });
		const socket = connect(server.primary.port, "127.0.0.1");
		await once(socket, "connect");
		const received: Buffer[] = [];
		const size = (): number => received.reduce((sum, { length }) => sum + length, 0);
		socket.on("data", (chunk) => received.push(chunk));
		for (const byte of request) {
			socket.write(Uint8Array.of(byte));
			await new Promise((resolve) => setImmediate(resolve));
		}
		socket.write(Buffer.concat([request, request]));
		const one = 20 + 12 + 12;
		while (size() < 3 * one) await once(socket, "data");
		expect(decodeMessage(Buffer.concat(received).subarray(0, one)).class).toBe("success");
		socket.destroy();
	});

	it("closes a TCP connection that sends no STUN, and one that is silent", async () => {
		const clock = new ManualClock();
		await using server = await startStunServer(
			{ primary: { ip: "127.0.0.1", port: 0 }, tcp: true, idleTimeout: 5000 },
			{ clock },
		);
		const noise = connect(server.primary.port, "127.0.0.1");
		noise.write("\xff\xff\xff\xff");
		noise.on("error", () => undefined);
		await once(noise, "close");
		const silent = connect(server.primary.port, "127.0.0.1");
		const closed = once(silent, "close");
		silent.write(request);
		await once(silent, "data");
		await clock.advance(4999);
		expect(silent.readyState).toBe("open");
		await clock.advance(1);
		await closed;
	});

	it("limits connections", async () => {
		await using server = await startStunServer({
			primary: { ip: "127.0.0.1", port: 0 },
			tcp: true,
			maxConnections: 1,
		});
		const first = connect(server.primary.port, "127.0.0.1");
		first.write(request);
		await once(first, "data");
		const second = connect(server.primary.port, "127.0.0.1");
		second.on("error", () => undefined);
		await once(second, "close");
		first.destroy();
	});

	it("closes a TCP connection that drips bytes without ever sending a message", async () => {
		const clock = new ManualClock();
		await using server = await startStunServer(
			{ primary: { ip: "127.0.0.1", port: 0 }, tcp: true, idleTimeout: 5000 },
			{ clock },
		);
		const received = new Promise<void>((resolve) => {
			const drip = connect(server.primary.port, "127.0.0.1");
			drip.on("error", () => undefined);
			drip.on("close", () => resolve());
			drip.on("connect", async () => {
				// Complete but for its last byte: each byte comes well before the deadline of the one before.
				for (const byte of request.subarray(0, 19)) {
					drip.write(Uint8Array.of(byte));
					await new Promise((resolve) => setImmediate(resolve));
					await clock.advance(300);
				}
			});
		});
		await received;
		expect(clock.now()).toBeLessThanOrEqual(19 * 300);
	});

	it("holds a bounded number of TCP connections of one source", async () => {
		await using server = await startStunServer({
			primary: { ip: "127.0.0.1", port: 0 },
			tcp: true,
			maxConnectionsPerSource: 2,
		});
		const from = async (localAddress: string): Promise<Socket> => {
			const socket = connect({ port: server.primary.port, host: "127.0.0.1", localAddress });
			socket.on("error", () => undefined);
			await once(socket, "connect");
			return socket;
		};
		const held = [await from("127.0.0.3"), await from("127.0.0.3")];
		for (const each of held) {
			each.write(request);
			await once(each, "data");
		}
		await once(await from("127.0.0.3"), "close");
		const other = await from("127.0.0.4");
		other.write(request);
		await once(other, "data");
		held[0]?.destroy();
		held[1]?.destroy();
		other.destroy();
	});

	it("limits UDP and TCP apart, and closes a TCP connection that asks too often", async () => {
		const clock = new ManualClock();
		await using server = await startStunServer(
			{ primary: { ip: "127.0.0.1", port: 0 }, tcp: true, rate: 1, burst: 1 },
			{ clock },
		);
		const socket = createSocket("udp4");
		socket.send(request, server.primary.port, "127.0.0.1");
		await once(socket, "message");
		socket.close();
		await using client = new StunClient(
			{ server: server.primary, transport: "tcp" },
			{ sockets: loopback("127.0.0.1") },
		);
		expect(await client.getWanIp()).toBe("127.0.0.1");
		await expect(client.getMapping()).rejects.toMatchObject({ code: "ERR_STUN_NETWORK" });
	});

	it.each([
		[{ primary: { ip: "localhost", port: 0 } }],
		[{ primary: { ip: "127.0.0.1", port: 70000 } }],
		[{ primary: { ip: "127.0.0.1", port: 0 }, alternate: { ip: "127.0.0.1", port: 0 } }],
		[{ primary: { ip: "127.0.0.1", port: 0 }, alternate: { ip: "::1", port: 0 } }],
	])("does not take %j", async (options) => {
		await expect(startStunServer(options)).rejects.toMatchObject({ code: "ERR_STUN_CONFIG" });
	});

	it("leaves nothing behind when one of its addresses is taken", async () => {
		await using first = await startStunServer({ primary: { ip: "127.0.0.2", port: 0 } });
		const taken = startStunServer({ primary: { ip: "127.0.0.1", port: 0 }, alternate: first.primary });
		await expect(taken).rejects.toMatchObject({ code: "EADDRINUSE" });
	});

	it("can be closed twice", async () => {
		const server = await startStunServer({ primary: { ip: "127.0.0.1", port: 0 } });
		await Promise.all([server.close(), server.close()]);
	});
});
