import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type PipeOptions, type PipeTlsOptions, pipeOpen, TCP } from "../../src/index.js";
import { makeAuthority } from "../support/certificate.js";
import { eventually, Pipes } from "../support/pair.js";

const pipes = new Pipes();
afterEach(() => pipes.close());

const authority = makeAuthority();
const identity = authority.issue("peer.example", "127.0.0.1");
const ca = authority.cert;

/** Connects to a server by the name `peer.example`. */
async function byName(server: PipeTlsOptions, client: PipeTlsOptions | true, options: PipeOptions = {}) {
	const listening = await pipes.server(TCP, { tls: server });
	const endpoint = { ip: "127.0.0.1", port: listening.local[1] };
	const dest = { host: "peer.example", port: endpoint.port, endpoints: () => [endpoint] };
	const pipe = pipes.keep(await pipeOpen(null, TCP, dest, { tls: client, ...options }));
	const accepted = await listening.accept();
	return { listening, pipe, accepted };
}

describe("verification", () => {
	test("by the destination's host name, with SNI", async () => {
		const { pipe, accepted } = await byName(identity, { ca });
		expect(pipe.tls).toMatchObject({ version: "TLSv1.3", verified: true, alpn: null });
		expect(pipe.tls?.peerCertificate?.subject.CN).toBe("peer.example");
		expect((accepted?.socket as { servername?: string } | undefined)?.servername).toBe("peer.example");
		expect(accepted?.tls).toMatchObject({ verified: false, peerCertificate: null });
	});

	test.each<[string, PipeTlsOptions, PipeTlsOptions | true, string]>([
		["an unknown authority", identity, true, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
		[
			"a certificate for another name",
			authority.issue("other.example"),
			{ ca },
			"ERR_TLS_CERT_ALTNAME_INVALID",
		],
		[
			"another name that was asked for",
			identity,
			{ ca, name: "other.example" },
			"ERR_TLS_CERT_ALTNAME_INVALID",
		],
		[
			"another address that was asked for",
			identity,
			{ ca, name: "127.0.0.2" },
			"ERR_TLS_CERT_ALTNAME_INVALID",
		],
	])("fails for %s, and leaves nothing open", async (_name, server, client, code) => {
		await expect(byName(server, client)).rejects.toMatchObject({ code: "ERR_PIPE_TLS", cause: { code } });
	});

	test("is left out only by the option that says so", async () => {
		const { pipe } = await byName(makeAuthority().issue("other.example"), { insecure: true });
		expect(pipe.tls?.verified).toBe(false);
	});
});

describe("client certificates", () => {
	const client = authority.issue("client.example");
	const strangers = makeAuthority().issue("client.example");

	test("required: a good one is let in, and the server sees whose it is", async () => {
		const { accepted } = await byName({ ...identity, ca, clientCertificate: "required" }, { ca, ...client });
		expect(accepted?.tls).toMatchObject({
			verified: true,
			peerCertificate: { subject: { CN: "client.example" } },
		});
	});

	test.each<[string, PipeTlsOptions]>([
		["none", { ca }],
		["a stranger's", { ca, ...strangers }],
	])("required: %s is turned away, and counted", async (_name, options) => {
		const errors: unknown[] = [];
		const tls: PipeTlsOptions = { ...identity, ca, clientCertificate: "required" };
		const server = await pipes.server(TCP, { tls, onError: (error) => errors.push(error) });
		// TLS 1.3 lets the client believe that all is well until the server's alert comes.
		const pipe = await pipes.client(server, { tls: options });
		pipe.subscribe();
		await expect(pipe.recv()).rejects.toMatchObject({ code: "ERR_PIPE_CLOSED" });
		await eventually(() => server.stats.refused === 1 && errors.length === 1);
		expect(errors).toMatchObject([{ code: "ERR_PIPE_TLS" }]);
		expect(server.pipes.size).toBe(0);
	});

	test("optional: one without is let in, unverified", async () => {
		const { accepted } = await byName({ ...identity, ca, clientCertificate: "optional" }, { ca });
		expect(accepted?.tls).toMatchObject({ verified: false, peerCertificate: null });
	});
});

describe("handshakes", () => {
	test("ALPN: the first of the server's that the client has", async () => {
		const { pipe, accepted } = await byName(
			{ ...identity, alpn: ["h2", "http/1.1"] },
			{ ca, alpn: ["http/1.1", "h2"] },
		);
		expect([pipe.tls?.alpn, accepted?.tls?.alpn]).toEqual(["h2", "h2"]);
	});

	test("a peer that says nothing is given up after the time-out, by the client", async () => {
		const server = await pipes.server(TCP);
		await expect(pipes.client(server, { tls: true, tlsTimeout: 5 })).rejects.toMatchObject({
			code: "ERR_PIPE_TIMEOUT",
			phase: "tls",
			timeout: 5,
		});
	});

	test("and by the server", async () => {
		const server = await pipes.server(TCP, { tls: identity, tlsTimeout: 5 });
		const silent = connect(server.local[1], "127.0.0.1");
		await once(silent, "connect");
		silent.resume();
		await eventually(() => server.stats.refused === 1, 1_000_000);
		silent.destroy();
	});

	test("a peer that hangs up, or talks something else, is a TLS error", async () => {
		const server = await pipes.server(TCP, { onConnect: (_message, _peer, pipe) => pipe.end() });
		await expect(pipes.client(server, { tls: true })).rejects.toMatchObject({ code: "ERR_PIPE_TLS" });
		const talker = await pipes.server(TCP, {
			onConnect: (_message, _peer, pipe) => pipe.send("220 hello\r\n"),
		});
		await expect(pipes.client(talker, { tls: true })).rejects.toMatchObject({ code: "ERR_PIPE_TLS" });
	});

	test("a signal gives one up", async () => {
		const server = await pipes.server(TCP);
		const stop = new AbortController();
		const opening = pipes.client(server, { tls: true, signal: stop.signal });
		const refused = expect(opening).rejects.toMatchObject({ message: "enough" });
		await server.accept();
		stop.abort(new Error("enough"));
		await refused;
	});

	test("a server that closes gives up those under way", async () => {
		const server = await pipes.server(TCP, { tls: identity });
		const silent = connect(server.local[1], "127.0.0.1");
		await once(silent, "connect");
		await new Promise((resolve) => setImmediate(resolve));
		const gone = once(silent, "close");
		silent.resume().on("error", () => undefined);
		await server.close();
		await gone;
	});
});
