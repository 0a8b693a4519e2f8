/*
 * coturn on this machine's loopback addresses, for tests of TURN. In the laboratory of namespaces it runs as a STUN server.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, it } from "vitest";

const { P2PD_LAB, PATH = "" } = process.env;

/** Where a program is, or undefined. */
function findTool(name: string): string | undefined {
	return [...PATH.split(delimiter), "/usr/bin", "/usr/sbin"]
		.map((dir) => join(dir, name))
		.find((path) => {
			try {
				accessSync(path, constants.X_OK);
				return true;
			} catch {
				return false;
			}
		});
}

/** A group of tests that needs coturn: without it the group is skipped with the reason, or fails where P2PD_LAB=required. */
export function describeWithCoturn(title: string, body: () => void): void {
	if (findTool("turnserver") !== undefined) {
		describe(title, body);
		return;
	}
	const reason = `${title} (needs turnserver: install coturn)`;
	if (P2PD_LAB !== "required") it.skip(reason);
	else {
		it(reason, () => {
			throw new Error("P2PD_LAB=required, but there is no turnserver");
		});
	}
}

/** How coturn is to run, on a loopback address. */
export interface CoturnOptions {
	readonly ip: string;
	/** Where relayed addresses are. @default ip */
	readonly relayIps?: readonly string[];
	/** More arguments. */
	readonly args?: readonly string[];
	/** Files of a certificate: starts TLS. */
	readonly tls?: { readonly certFile: string; readonly keyFile: string };
	/** @default true */
	readonly loopbackPeers?: boolean;
	readonly port?: number;
}

/** A running coturn, whose user is "me" with the password "secret". */
export interface Coturn {
	readonly ip: string;
	readonly port: number;
	readonly tlsPort: number;
	/** Ends it at once, as a crash does. */
	kill(): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}

/** A port that was free just now. */
async function freePort(ip: string): Promise<number> {
	const server = createServer();
	server.listen(0, ip);
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	server.close();
	await once(server, "close");
	return port;
}

/** The last line that coturn prints before it serves. */
const READY = /SQLite DB connection success|SQLite connection was closed/;

/** Starts coturn and waits until it serves. */
export async function startCoturn(options: CoturnOptions): Promise<Coturn> {
	const { ip, relayIps = [ip], args = [], tls, loopbackPeers = true } = options;
	const port = options.port ?? (await freePort(ip));
	const tlsPort = await freePort(ip);
	const dir = mkdtempSync(join(tmpdir(), "p2pd-coturn-"));
	const all = [
		"-n",
		...[`--listening-ip=${ip}`, `--listening-port=${port}`, `--tls-listening-port=${tlsPort}`],
		...relayIps.map((relay) => `--relay-ip=${relay}`),
		...(tls === undefined ? ["--no-tls"] : [`--cert=${tls.certFile}`, `--pkey=${tls.keyFile}`]),
		...["--no-dtls", "--lt-cred-mech", "--user=me:secret", "--user=you:hidden", "--realm=test", "--no-cli"],
		...["--log-file=stdout", "--simple-log", "-v", "-m", "1", `--pidfile=${join(dir, "pid")}`],
		...[`--userdb=${join(dir, "turndb")}`, "--no-rfc5780"],
		...(loopbackPeers ? ["--allow-loopback-peers"] : []),
		...args,
	];
	const child = spawn(findTool("turnserver") ?? "turnserver", all, { stdio: ["ignore", "pipe", "ignore"] });
	const kill = async (): Promise<void> => {
		await end(child);
		rmSync(dir, { recursive: true, force: true });
	};
	try {
		await ready(child);
	} catch (error) {
		await kill();
		throw error;
	}
	return { ip, port, tlsPort, kill, [Symbol.asyncDispose]: kill };
}

function ready(child: ChildProcess): Promise<void> {
	return new Promise((resolve, reject) => {
		let text = "";
		// Read to the end: output left unread would stop coturn once the pipe is full.
		child.stdout?.on("data", (chunk) => {
			if (text.length < 100_000) text += String(chunk);
			if (READY.test(text)) resolve();
		});
		child.once("close", () => reject(new Error(`coturn ended:\n${text}`)));
		child.once("error", reject);
	});
}

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const closed = once(child, "close");
	child.kill("SIGKILL");
	await closed;
}
