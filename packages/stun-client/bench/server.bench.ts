/*
 * How many requests a second the server answers on one core, beside a program that does nothing but send each datagram
 * back: the limit of Node's dgram. Each runs in a process of its own and reports the processor time that it used, so the
 * figure does not depend on what else the machine does.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { encodeMessage } from "../src/codec.js";
import { startStunServer } from "../src/server.js";

const REQUESTS = 100_000;
/** Requests that are on the way at once: enough to keep the server busy, few enough for its receive buffer. */
const WINDOW = 64;

/** What a server process tells its parent. */
type Report = { readonly port: number } | { readonly cpuMs: number };

async function serve(kind: string): Promise<void> {
	let port: number;
	if (kind === "stun") {
		const server = await startStunServer({ primary: { ip: "127.0.0.1", port: 0 }, rate: 0 });
		port = server.primary.port;
	} else {
		const options = kind === "echo" ? {} : { lookup: quickLookup };
		const socket = createSocket({ type: "udp4", ...options });
		socket.on("message", (data, from) => socket.send(data, from.port, from.address));
		const listening = once(socket, "listening");
		socket.bind(0, "127.0.0.1");
		await listening;
		({ port } = socket.address());
	}
	let start = process.cpuUsage();
	process.on("message", (what) => {
		if (what === "start") start = process.cpuUsage();
		else {
			const { user, system } = process.cpuUsage(start);
			process.send?.({ cpuMs: (user + system) / 1000 } satisfies Report);
		}
	});
	process.send?.({ port } satisfies Report);
}

const quickLookup = (
	host: string,
	_options: unknown,
	callback: (error: Error | null, ip: string, family: number) => void,
): void => callback(null, host, 4);

const told = async (child: ChildProcess): Promise<Report> => ((await once(child, "message")) as [Report])[0];

/** Sends requests and waits for their answers. A lost one is replaced after a pause. */
async function load(port: number, requests: number): Promise<void> {
	const socket = createSocket({ type: "udp4", lookup: quickLookup });
	const data = encodeMessage({ class: "request", transactionId: Buffer.alloc(12, 7) });
	let answered = 0;
	let last = 0;
	const send = (): void => socket.send(data, port, "127.0.0.1");
	await new Promise<void>((resolve) => {
		const stalled = setInterval(() => {
			if (answered === last) for (let n = 0; n < WINDOW; n++) send();
			last = answered;
		}, 200);
		socket.on("message", () => {
			answered++;
			if (answered < requests) send();
			else {
				clearInterval(stalled);
				resolve();
			}
		});
		for (let n = 0; n < WINDOW; n++) send();
	});
	await new Promise<void>((resolve) => socket.close(() => resolve()));
}

async function measure(kind: string): Promise<number> {
	const child = fork(fileURLToPath(import.meta.url), [kind], { execArgv: process.execArgv });
	try {
		const ready = await told(child);
		if (!("port" in ready)) throw new Error("the server did not start");
		await load(ready.port, REQUESTS / 5);
		child.send("start");
		await load(ready.port, REQUESTS);
		child.send("stop");
		const used = await told(child);
		return "cpuMs" in used ? REQUESTS / (used.cpuMs / 1000) : Number.NaN;
	} finally {
		child.kill();
	}
}

/** Prints the figures. */
export async function serverSpeed(): Promise<void> {
	for (const [kind, name] of [
		["stun", "the STUN server"],
		["echo-quick", "echo by dgram, without a lookup"],
		["echo", "echo by dgram"],
	] as const) {
		const rate = await measure(kind);
		process.stdout.write(`${name}: ${Math.round(rate / 1000)} thousand datagrams/s on one core\n`);
	}
}

const kind = process.argv[2];
if (kind !== undefined && process.send !== undefined) await serve(kind);
