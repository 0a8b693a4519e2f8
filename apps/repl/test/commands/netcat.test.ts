import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/main.js";
import { fakeIo } from "../support/fake-io.js";
import { run } from "../support/run-command.js";

/*
 * `p2pd pipe` against bare sockets, nc and ncat: both directions at once, in every order of ends. 20 MB each way by
 * default, 1 GB with P2PD_LONG=1.
 */

const WHOLE = process.env["P2PD_LONG"] === "1" ? 1e9 : 2e7;
const TIMEOUT = { timeout: 300_000 };

let folder = "";
const children: ChildProcess[] = [];
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "p2pd-netcat-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
	for (const child of children.splice(0)) {
		if (child.exitCode !== null || child.signalCode !== null) continue;
		child.kill();
		await once(child, "close");
	}
});

/** `length` bytes that no two places have alike. */
function* bytes(length: number, seed: number): Generator<Buffer> {
	let counter = seed;
	for (let left = length; left > 0; left -= 65_536) {
		const chunk = Buffer.alloc(Math.min(65_536, left));
		for (let at = 0; at + 4 <= chunk.length; at += 512) chunk.writeUInt32LE(counter++, at);
		yield chunk;
	}
}

/** Their length and SHA-256. */
function digestOf(length: number, seed: number): string {
	const hash = createHash("sha256");
	for (const chunk of bytes(length, seed)) hash.update(chunk);
	return `${length} ${hash.digest("hex")}`;
}

async function feed(stream: NodeJS.WritableStream, length: number, seed: number): Promise<void> {
	for (const chunk of bytes(length, seed)) if (!stream.write(chunk)) await once(stream, "drain");
	stream.end();
}

async function drain(stream: NodeJS.ReadableStream): Promise<string> {
	const hash = createHash("sha256");
	let length = 0;
	stream.on("data", (chunk: Buffer) => {
		hash.update(chunk);
		length += chunk.length;
	});
	await once(stream, "end");
	return `${length} ${hash.digest("hex")}`;
}

/** Runs the command with `length` bytes of stdin: its exit code, messages, and the digest of its stdout. */
async function pipeCommand(
	args: readonly string[],
	length: number,
	seed: number,
	onListening?: (port: number) => void,
) {
	const io = fakeIo(Readable.from(bytes(length, seed), { objectMode: false }));
	const hash = createHash("sha256");
	let got = 0;
	io.stdout.removeAllListeners("data");
	io.stdout.on("data", (chunk: Buffer) => {
		hash.update(chunk);
		got += chunk.length;
	});
	let stderr = "";
	io.stderr.on("data", (chunk: Buffer) => {
		const before = /listening on .*:(\d+)\n/.exec(stderr);
		stderr += String(chunk);
		const port = /listening on .*:(\d+)\n/.exec(stderr)?.[1];
		if (before === null && port !== undefined) onListening?.(Number(port));
	});
	const code = await main(["pipe", ...args], io);
	return { code, digest: `${got} ${hash.digest("hex")}`, stderr };
}

/** A bare server for one connection. */
async function serveOnce(serve: (socket: Socket) => void): Promise<{ port: number; close(): Promise<void> }> {
	const server = createServer({ allowHalfOpen: true }, (socket) => {
		socket.on("error", () => undefined);
		serve(socket);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		port: (server.address() as AddressInfo).port,
		close: async () => {
			server.close();
			await once(server, "close");
		},
	};
}

const ORDERS = [
	["both at once", WHOLE, WHOLE],
	["the peer first", WHOLE, 100],
	["the peer with nothing to say", WHOLE, 0],
	["stdin first", 100, WHOLE],
	["stdin with nothing to say", 0, WHOLE],
] as const;

describe("p2pd pipe tcp", () => {
	test.each(ORDERS)("to a bare socket, %s", TIMEOUT, async (_name, mine, theirs) => {
		let peer: Promise<string> | undefined;
		const server = await serveOnce((socket) => {
			void feed(socket, theirs, 2);
			peer = drain(socket);
		});
		const { code, digest } = await pipeCommand(["tcp", `127.0.0.1:${server.port}`], mine, 1);
		expect([code, digest, await peer]).toEqual([0, digestOf(theirs, 2), digestOf(mine, 1)]);
		await server.close();
	});

	test.each(ORDERS)("--listen for a bare socket, %s", TIMEOUT, async (_name, mine, theirs) => {
		let peer: Promise<string> | undefined;
		const { code, digest } = await pipeCommand(["tcp", "--listen", "0"], mine, 1, (port) => {
			const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
			void feed(socket, theirs, 2);
			peer = drain(socket);
		});
		expect([code, digest, await peer]).toEqual([0, digestOf(theirs, 2), digestOf(mine, 1)]);
	});

	test.each([
		["nc", (port: number) => ["nc", "-N", "127.0.0.1", String(port)]],
		["ncat", (port: number) => ["ncat", "127.0.0.1", String(port)]],
	] as const)("--listen for %s, both at once", TIMEOUT, async (_name, command) => {
		if (spawnSync(command(1)[0] as string, ["-h"]).error !== undefined) return;
		let peer: Promise<string> | undefined;
		const { code, digest } = await pipeCommand(["tcp", "--listen", "0"], WHOLE, 1, (port) => {
			const [name = "", ...args] = command(port);
			const child = spawn(name, args, { stdio: ["pipe", "pipe", "ignore"] });
			children.push(child);
			void feed(child.stdin, WHOLE, 2);
			peer = drain(child.stdout);
		});
		expect([code, digest, await peer]).toEqual([0, digestOf(WHOLE, 2), digestOf(WHOLE, 1)]);
	});

	test("two commands, both at once", TIMEOUT, async () => {
		let client: ReturnType<typeof pipeCommand> | undefined;
		const server = await pipeCommand(["tcp", "--listen", "0"], WHOLE, 1, (port) => {
			client = pipeCommand(["tcp", `127.0.0.1:${port}`], WHOLE, 2);
		});
		expect([server.code, server.digest]).toEqual([0, digestOf(WHOLE, 2)]);
		expect(await client).toMatchObject({ code: 0, digest: digestOf(WHOLE, 1) });
	});

	test("a reset, and a write that fails, are exit 1 with a reason", async () => {
		for (const length of [0, WHOLE]) {
			const server = await serveOnce((socket) => {
				socket.once("readable", () => socket.resetAndDestroy());
				if (length === 0) socket.resetAndDestroy();
			});
			const { code, stderr } = await pipeCommand(["tcp", `127.0.0.1:${server.port}`], length, 1);
			expect(code).toBe(1);
			expect(stderr).toMatch(/^error: .*(ECONNRESET|EPIPE)/m);
			await server.close();
		}
	});

	test("-z connects, sends nothing, and says whether the port is open", async () => {
		let got: Promise<string> | undefined;
		const server = await serveOnce((socket) => {
			got = drain(socket);
			socket.end();
		});
		const open = await pipeCommand(["tcp", `127.0.0.1:${server.port}`, "-z"], 100, 1);
		expect(open).toMatchObject({ code: 0, digest: digestOf(0, 0) });
		expect(open.stderr).toContain("is open");
		expect(await got).toBe(digestOf(0, 0));
		await server.close();
		const closed = await run(["pipe", "tcp", `127.0.0.1:${server.port}`, "-z"]);
		expect(closed).toMatchObject({ code: 1, stdout: "" });
	});

	test("--keep-open serves one client after another, also after a reset", async () => {
		const talk = async (port: number, text: string): Promise<void> => {
			const socket = connect({ port, host: "127.0.0.1" });
			socket.on("error", () => undefined).resume();
			await once(socket, "connect");
			if (text === "reset") socket.resetAndDestroy();
			else socket.end(text);
			await once(socket, "close");
		};
		const io = fakeIo(new Readable({ read: () => undefined }));
		const listening = new Promise<number>((resolve) => {
			let seen = "";
			io.stderr.on("data", (chunk: Buffer) => {
				seen += String(chunk);
				const port = /listening on .*:(\d+)\n/.exec(seen)?.[1];
				if (port !== undefined) resolve(Number(port));
			});
		});
		const serving = main(["pipe", "tcp", "--listen", "0", "--keep-open"], io);
		const port = await listening;
		for (const text of ["one ", "reset", "two ", "three"]) await talk(port, text);
		for (let turn = 0; turn < 5000 && io.written().stdout !== "one two three"; turn++) {
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(io.written().stdout).toBe("one two three");
		process.emit("SIGINT");
		expect(await serving).toBe(130);
	});
});

describe("p2pd pipe tcp --tls", () => {
	test("--listen with a certificate, verified by --ca", TIMEOUT, async () => {
		const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
		const made = spawnSync("openssl", [
			...[
				"req",
				"-x509",
				"-newkey",
				"ec",
				"-pkeyopt",
				"ec_paramgen_curve:prime256v1",
				"-nodes",
				"-days",
				"1",
			],
			...["-subj", "/CN=p2pd", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
		]);
		expect(made.status).toBe(0);
		let client: ReturnType<typeof pipeCommand> | undefined;
		const listen = ["tcp", "--listen", "0", "--tls", "--cert", cert, "--key", key];
		const server = await pipeCommand(listen, WHOLE / 10, 1, (port) => {
			client = pipeCommand(["tcp", `127.0.0.1:${port}`, "--tls", "--ca", cert], WHOLE / 10, 2);
		});
		expect([server.code, server.digest]).toEqual([0, digestOf(WHOLE / 10, 2)]);
		expect(await client).toMatchObject({ code: 0, digest: digestOf(WHOLE / 10, 1) });
		expect(readFileSync(cert, "utf8")).toContain("CERTIFICATE");
	});

	test.each([
		[["--listen", "0", "--tls"], "needs --cert and --key"],
		[["127.0.0.1:9", "--cert", "x", "--key", "y"], "go with --tls"],
		[["127.0.0.1:9", "--tls", "--cert", "x"], "go together"],
		[["127.0.0.1:9", "--tls", "--ca", "/nonexistent"], "--ca: "],
		[["127.0.0.1:9", "--keep-open"], "goes with --listen"],
		[["--listen", "0", "-z"], "-z is for TCP and a target"],
		[["127.0.0.1:9", "--mtu", "5"], "--mtu is for UDP"],
	])("%j is a usage error", async (args, message) => {
		const { code, stderr } = await run(["pipe", "tcp", ...args]);
		expect(code).toBe(2);
		expect(stderr).toContain(message);
	});
});

describe("p2pd pipe udp", () => {
	test.each([
		[[], 1200],
		[["--mtu", "500"], 500],
	])("a file goes out in datagrams of --mtu bytes, and what was sent is said: %j", async (args, mtu) => {
		const file = join(folder, "file");
		writeFileSync(file, Buffer.alloc(70_000, 7));
		const server = createSocket("udp4");
		const sizes: number[] = [];
		server.on("message", (message) => sizes.push(message.length));
		server.bind(0, "127.0.0.1");
		await once(server, "listening");
		const io = fakeIo(Readable.from([readFileSync(file)]));
		const target = `127.0.0.1:${server.address().port}`;
		const code = await main(["pipe", "udp", target, "--wait", "1", ...args], io);
		const datagrams = Math.ceil(70_000 / mtu);
		expect(code).toBe(0);
		expect(io.written().stderr).toContain(`sent ${datagrams} datagrams, 70000 bytes`);
		expect(Math.max(...sizes)).toBe(mtu);
		server.close();
	});
});
