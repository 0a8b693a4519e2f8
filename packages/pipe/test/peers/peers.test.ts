import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { lengthPrefixed, lines, type Pipe, pipeOpen, TCP, UDP } from "../../src/index.js";
import { makeAuthority } from "../support/certificate.js";
import { Pipes } from "../support/pair.js";
import { lacks, run, Tool } from "./tool.js";

const pipes = new Pipes();
const tools: Tool[] = [];
let folder = "";
const authority = makeAuthority();
const identity = authority.issue("peer.example", "127.0.0.1");

const start = (tool: string, ...args: string[]): Tool => {
	const started = new Tool(tool, args);
	tools.push(started);
	return started;
};

/** A port that was free a moment ago, for programs that must be told one. */
async function freePort(protocol: "tcp" | "udp"): Promise<number> {
	const pipe = await pipeOpen(null, protocol);
	await pipe.close();
	return pipe.local[1];
}

/** Opens a pipe to a program that may not listen yet. */
async function open(...args: Parameters<typeof pipeOpen>): Promise<Pipe> {
	for (let left = 400; ; left--) {
		try {
			return pipes.keep(await pipeOpen(...args));
		} catch (error) {
			if (left === 0) throw error;
		}
		await new Promise((resolve) => setImmediate(resolve));
	}
}

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "pipe-"));
	await writeFile(join(folder, "ca.pem"), authority.cert);
	await writeFile(join(folder, "cert.pem"), identity.cert);
	await writeFile(join(folder, "key.pem"), identity.key);
});

afterEach(async () => {
	await pipes.close();
	await Promise.all(tools.splice(0).map((tool) => tool.stop()));
});

afterAll(() => rm(folder, { recursive: true }));

/** An HTTP server of a few lines, over framed pipes. */
function answerHttp(_message: null, _peer: unknown, pipe: Pipe): void {
	const request: string[] = [];
	pipe.subscribe(null, async (line) => {
		if (line.length > 0) {
			request.push(String(line));
			return;
		}
		const body = `you asked: ${request[0]}`;
		await pipe.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
		await pipe.close();
	});
}

describe.skipIf(lacks("curl"))("curl", () => {
	test("fetches from a TCP server", async () => {
		const server = await pipes.server(TCP, { framing: lines({ send: false }), onConnect: answerHttp });
		const out = await run("curl", ["-sS", "--noproxy", "*", `http://127.0.0.1:${server.local[1]}/page`]);
		expect(out).toBe("you asked: GET /page HTTP/1.1");
	});

	test("fetches from a TLS server, and verifies it", async () => {
		const server = await pipes.server(TCP, {
			framing: lines({ send: false }),
			onConnect: answerHttp,
			tls: { ...identity, alpn: ["http/1.1"] },
		});
		const port = server.local[1];
		const args = [
			"-sS",
			"--noproxy",
			"*",
			"--resolve",
			`peer.example:${port}:127.0.0.1`,
			`https://peer.example:${port}/tls`,
		];
		expect(await run("curl", ["--cacert", join(folder, "ca.pem"), ...args])).toBe(
			"you asked: GET /tls HTTP/1.1",
		);
		await expect(run("curl", args)).rejects.toMatchObject({ code: 60 });
	});
});

describe.skipIf(lacks("openssl"))("openssl", () => {
	test("s_server: a TLS client talks to it", async () => {
		const port = await freePort("tcp");
		const args = [
			"-accept",
			`127.0.0.1:${port}`,
			"-cert",
			join(folder, "cert.pem"),
			"-key",
			join(folder, "key.pem"),
		];
		const server = start("openssl", "s_server", ...args, "-rev", "-alpn", "pipe/1");
		await server.prints("ACCEPT");
		const pipe = await open(null, TCP, ["127.0.0.1", port], {
			tls: { ca: authority.cert, alpn: ["pipe/1"] },
			framing: lines(),
		});
		expect(pipe.tls).toMatchObject({ verified: true, alpn: "pipe/1" });
		pipe.subscribe();
		await pipe.send("reverse");
		expect(String(await pipe.recv())).toBe("esrever");
	});

	test("s_client: talks to a TLS server, with a client certificate", async () => {
		const server = await pipes.server(TCP, {
			tls: { ...identity, ca: authority.cert, clientCertificate: "required" },
			framing: lines(),
		});
		const certificate = ["-cert", join(folder, "cert.pem"), "-key", join(folder, "key.pem")];
		const verify = [
			"-CAfile",
			join(folder, "ca.pem"),
			"-verify_return_error",
			"-verify_hostname",
			"peer.example",
		];
		const client = start(
			"openssl",
			"s_client",
			"-connect",
			`127.0.0.1:${server.local[1]}`,
			"-quiet",
			...verify,
			...certificate,
		);
		const pipe = await server.accept();
		expect(pipe?.tls).toMatchObject({ verified: true, peerCertificate: { subject: { CN: "peer.example" } } });
		pipe?.subscribe();
		client.write("hello\n");
		expect(String(await pipe?.recv({ timeout: 10_000 }))).toBe("hello");
		await pipe?.send("and hello");
		await client.prints("and hello");
	});
});

describe.skipIf(lacks("socat"))("socat", () => {
	test("echoes TCP, and half-closes", async () => {
		const port = await freePort("tcp");
		start("socat", `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`, "EXEC:tac");
		const pipe = await open(null, TCP, ["127.0.0.1", port], { halfOpen: true, framing: lines() });
		pipe.subscribe();
		// tac answers only once it has seen the end.
		for (const line of ["one", "two", "three"]) await pipe.send(line);
		await pipe.end();
		const got: string[] = [];
		for await (const line of pipe.messages()) got.push(String(line));
		expect(got).toEqual(["three", "two", "one"]);
	});

	test("echoes UDP", async () => {
		const port = await freePort("udp");
		start("socat", `UDP-RECVFROM:${port},bind=127.0.0.1,fork`, "PIPE");
		const pipe = await open(null, UDP, ["127.0.0.1", port]);
		pipe.subscribe();
		let answer: Buffer | null = null;
		// It may not listen yet, and a datagram does not wait for that.
		for (let left = 100; answer === null && left > 0; left--) {
			await pipe.send("datagram");
			answer = await pipe.recv({ timeout: 50 });
		}
		expect(String(answer)).toBe("datagram");
	});

	test("is relayed between a TCP client and a UDP server", async () => {
		const entry = await pipes.server(TCP);
		const exit = await pipes.server(UDP, {
			onMessage: (message, peer, pipe) => pipe.send(`<${message}>`, peer),
		});
		const client = start("socat", "-", `TCP:127.0.0.1:${entry.local[1]}`);
		const pipe = await entry.accept({ timeout: 10_000 });
		expect(pipe).not.toBeNull();
		const out = await pipes.client(exit);
		pipe?.addPipe(out);
		if (pipe !== null) out.addPipe(pipe);
		client.write("through");
		await client.prints("<through>");
	});
});

/** The answer to a DNS query (RFC 1035 section 4.1): 192.0.2.53 for whatever is asked. */
function answerDns(query: Buffer): Buffer {
	const end = query.indexOf(0, 12) + 5;
	const answer = Buffer.from("c00c000100010000003c0004c0000235", "hex");
	const head = Buffer.from(query.subarray(0, 12));
	head.writeUInt16BE(0x8180, 2);
	head.writeUInt16BE(1, 6);
	head.writeUInt32BE(0, 8);
	return Buffer.concat([head, query.subarray(12, end), answer]);
}

/** A DNS query for the address of a name. */
function askDns(name: string, id: number): Buffer {
	const head = Buffer.from("0000010000010000000000000000", "hex").subarray(0, 12);
	head.writeUInt16BE(id, 0);
	const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
	return Buffer.concat([head, ...labels, Buffer.from("0000010001", "hex")]);
}

describe("DNS", () => {
	test.skipIf(lacks("dig"))("dig asks a UDP server", async () => {
		const server = await pipes.server(UDP, {
			onMessage: (query, peer, pipe) => pipe.send(answerDns(query), peer),
		});
		const args = ["@127.0.0.1", "-p", String(server.local[1]), "+short", "+time=5", "+tries=1", "+noedns"];
		expect(await run("dig", [...args, "pipe.example", "A"])).toBe("192.0.2.53\n");
	});

	test.skipIf(lacks("dnsmasq"))("dnsmasq answers a UDP client and a framed TCP client", async () => {
		const port = await freePort("udp");
		const files = [
			"--conf-file=/dev/null",
			"--no-resolv",
			"--no-hosts",
			`--pid-file=${join(folder, "dnsmasq.pid")}`,
		];
		const place = [`--port=${port}`, "--listen-address=127.0.0.1", "--bind-interfaces"];
		start(
			"dnsmasq",
			"--keep-in-foreground",
			...files,
			...place,
			"--address=/pipe.example/192.0.2.53",
			"--user=root",
		);
		const udp = await open(null, UDP, ["127.0.0.1", port]);
		udp.subscribe();
		let answer: Buffer | null = null;
		for (let left = 100; answer === null && left > 0; left--) {
			await udp.send(askDns("pipe.example", 7));
			answer = await udp.recv({ timeout: 50 });
		}
		expect(answer?.subarray(-4)).toEqual(Buffer.from([192, 0, 2, 53]));
		// DNS over TCP has two bytes of length before each message (RFC 1035 section 4.2.2).
		const tcp = await open(null, TCP, ["127.0.0.1", port], { framing: lengthPrefixed({ bytes: 2 }) });
		tcp.subscribe();
		await tcp.send(askDns("pipe.example", 8));
		expect((await tcp.recv())?.subarray(-4)).toEqual(Buffer.from([192, 0, 2, 53]));
	});
});
