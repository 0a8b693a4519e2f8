import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { ManualClock } from "@p2pd/testnet";
import { afterAll, describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage } from "../../src/codec.js";
import { StunClient, type StunClientOptions } from "../../src/index.js";
import { startStunServer } from "../../src/server.js";
import { StunFramer } from "../../src/transport/stream.js";
import { loopback } from "../support/loopback.js";
import { makeCertificate } from "../support/tls.js";

/** Answers every request on a connection. */
function serve(socket: Socket): void {
	const framer = new StunFramer();
	socket.on("error", () => undefined);
	socket.on("data", (chunk) => {
		for (const data of framer.push(chunk)) {
			const { transactionId } = decodeMessage(data);
			const value = { ip: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
			socket.write(
				encodeMessage({
					class: "success",
					transactionId,
					attributes: [{ name: "XOR-MAPPED-ADDRESS", value }],
				}),
			);
		}
	});
}

const listen = async (server: Server) => {
	const open = new Set<Socket>();
	server.on("connection", (socket: Socket) => open.add(socket));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	const port = typeof address === "object" && address !== null ? address.port : 0;
	const close = async (): Promise<void> => {
		for (const socket of open) socket.destroy();
		server.close();
		await once(server, "close");
	};
	return { ip: "127.0.0.1", port, [Symbol.asyncDispose]: close };
};

const client = (options: Partial<StunClientOptions> & Pick<StunClientOptions, "server">): StunClient =>
	new StunClient({ transport: "tcp", ...options }, { sockets: loopback("127.0.0.1") });

describe("a client over TCP", () => {
	it("asks many times at once over one connection", async () => {
		await using server = await startStunServer({ primary: { ip: "127.0.0.1", port: 0 }, tcp: true });
		await using it = client({ server: server.primary });
		const mappings = await Promise.all(Array.from({ length: 20 }, () => it.getMapping()));
		expect(new Set(mappings.map(({ mapped }) => mapped.port)).size).toBe(1);
		expect(mappings[0]).toMatchObject({ local: mappings[0]?.mapped, sends: 1 });
	});

	it("refuses change requests", async () => {
		await using server = await listen(createServer(serve));
		await using it = client({ server });
		await expect(it.request({ changeIp: true })).rejects.toMatchObject({ code: "ERR_STUN_CONFIG" });
	});

	it("reports a refused connection", async () => {
		const gone = await listen(createServer(serve));
		await gone[Symbol.asyncDispose]();
		await using it = client({ server: gone });
		await expect(it.getMapping()).rejects.toMatchObject({ code: "ERR_STUN_NETWORK", errno: "ECONNREFUSED" });
	});

	it("says that the connection broke, and makes a new one for the next request", async () => {
		let connections = 0;
		await using server = await listen(
			createServer((socket) => {
				connections++;
				if (connections === 1) socket.once("data", () => socket.destroy());
				else serve(socket);
			}),
		);
		await using it = client({ server });
		await expect(it.getMapping()).rejects.toMatchObject({ code: "ERR_STUN_NETWORK", errno: "ECONNRESET" });
		expect(await it.getWanIp()).toBe("127.0.0.1");
	});

	it("gives up a stream that is no STUN", async () => {
		await using server = await listen(
			createServer((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")),
		);
		await using it = client({ server });
		await expect(it.getMapping()).rejects.toMatchObject({ code: "ERR_STUN_NETWORK" });
	});

	it("times out by its clock without an answer", async () => {
		const clock = new ManualClock();
		const tcp = createServer();
		await using server = await listen(tcp);
		const it = new StunClient(
			{ transport: "tcp", server, timeout: 1000 },
			{ sockets: loopback("127.0.0.1"), clock },
		);
		const outcome = expect(it.getMapping()).rejects.toMatchObject({ code: "ERR_STUN_TIMEOUT" });
		const [socket] = (await once(tcp, "connection")) as [Socket];
		await once(socket, "data");
		await clock.advance(1000);
		await outcome;
		await it.close();
	});

	it("ends when it is aborted", async () => {
		const tcp = createServer();
		await using server = await listen(tcp);
		await using it = client({ server });
		const abort = new AbortController();
		const outcome = expect(it.getMapping({ signal: abort.signal })).rejects.toThrow("enough");
		const [socket] = (await once(tcp, "connection")) as [Socket];
		await once(socket, "data");
		abort.abort(new Error("enough"));
		await outcome;
	});
});

describe("the framing of a stream", () => {
	const messages = [0, 4, 40].map((size) =>
		encodeMessage({
			class: "success",
			transactionId: Buffer.alloc(12, size),
			attributes: [{ name: "PADDING", value: Buffer.alloc(size) }],
		}),
	);
	const all = Buffer.concat(messages);

	it.each([1, 2, 3, 7, 19, 20, 21, 64, 1000])("finds the messages in pieces of %i bytes", (size) => {
		const framer = new StunFramer();
		const found: Buffer[] = [];
		for (let at = 0; at < all.length; at += size) found.push(...framer.push(all.subarray(at, at + size)));
		expect(found.map((each) => each.toString("hex"))).toEqual(messages.map((each) => each.toString("hex")));
	});
});

describe("a client over TLS", () => {
	const certificate = makeCertificate("DNS:stun.test,IP:127.0.0.1");
	afterAll(() => certificate.remove());
	const tlsServer = () =>
		listen(
			createTlsServer({ key: certificate.key, cert: certificate.cert }, serve).on(
				"tlsClientError",
				() => undefined,
			),
		);

	it.each([
		["its IP", {}],
		["its name", { host: "stun.test" }],
	])("asks a server that is verified by %s", async (_name, more) => {
		await using server = await tlsServer();
		await using it = client({
			transport: "tls",
			server: { ip: server.ip, port: server.port, ...more },
			tls: { ca: certificate.cert },
		});
		expect(await it.getWanIp()).toBe("127.0.0.1");
	});

	it("does not ask a server whose certificate is not trusted", async () => {
		await using server = await tlsServer();
		await using it = client({ transport: "tls", server });
		await expect(it.getMapping()).rejects.toMatchObject({
			code: "ERR_STUN_NETWORK",
			errno: "DEPTH_ZERO_SELF_SIGNED_CERT",
		});
	});

	it("gives up one that does not shake hands", async () => {
		await using server = await listen(createServer(() => undefined));
		await using it = client({ transport: "tls", server, timeout: 100 });
		await expect(it.getMapping()).rejects.toMatchObject({ code: "ERR_STUN_TIMEOUT" });
		const abort = new AbortController();
		const outcome = expect(it.getMapping({ timeout: 60_000, signal: abort.signal })).rejects.toThrow(
			"enough",
		);
		abort.abort(new Error("enough"));
		await outcome;
	});

	it("does not ask one of another name", async () => {
		await using server = await tlsServer();
		await using it = client({
			transport: "tls",
			server: { ip: server.ip, port: server.port, host: "another.test" },
			tls: { ca: certificate.cert },
		});
		await expect(it.getMapping()).rejects.toMatchObject({
			code: "ERR_STUN_NETWORK",
			errno: "ERR_TLS_CERT_ALTNAME_INVALID",
		});
	});
});
