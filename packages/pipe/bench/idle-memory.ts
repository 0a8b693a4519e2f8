import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { pipeOpen, TCP } from "@p2pd/pipe";
import { bareServer } from "./peers.js";

/*
 * What an idle TCP client pipe costs beside a bare socket, in bytes of the heap and of what hangs on it. The
 * other ends are in a child process, so that only the measured side counts.
 */

const COUNT = 10_000;
const LIMIT = 2048;
/** Connections opened at once. */
const BATCH = 100;

/** Heap and external memory now, after collections; needs --expose-gc. */
async function used(): Promise<number> {
	for (let n = 0; n < 4; n++) {
		globalThis.gc?.();
		await new Promise((resolve) => setImmediate(resolve));
	}
	const { external, heapUsed } = process.memoryUsage();
	return heapUsed + external;
}

/** Opens so many at once, until there are `count`. */
async function openAll(open: () => Promise<unknown>, count: number): Promise<unknown[]> {
	const all: unknown[] = [];
	while (all.length < count) all.push(...(await Promise.all(Array.from({ length: BATCH }, open))));
	return all;
}

/** Bytes for each of COUNT connections of a kind; to be run in a process of its own. */
async function cost(side: string, port: number): Promise<number> {
	const open =
		side === "bare"
			? async (): Promise<unknown> => {
					const socket = connect(port, "127.0.0.1");
					await once(socket, "connect");
					return socket;
				}
			: (): Promise<unknown> => pipeOpen(null, TCP, ["127.0.0.1", port]);
	// Code, hidden classes and pools are not what one more connection costs.
	const first = await openAll(open, 500);
	const before = await used();
	const all = await openAll(open, COUNT);
	const bytes = ((await used()) - before) / all.length;
	return first.length > 0 ? bytes : Number.NaN;
}

/** Runs this module (built: an entry of its own) in a process of its own, and gives the number that it sends. */
async function inChild(...args: string[]): Promise<[answer: number, child: ChildProcess]> {
	const child = fork(fileURLToPath(new URL("./idle-memory.js", import.meta.url)), args, {
		execArgv: process.execArgv,
	});
	const [answer] = (await once(child, "message")) as [number];
	return [answer, child];
}

/** Measures both sides, interleaved, and prints the median of the difference. */
export async function idleMemory(): Promise<void> {
	const [port, server] = await inChild("serve");
	const rows: [bare: number, pipe: number][] = [];
	for (let round = 0; round < 3; round++) {
		const [bare] = await inChild("bare", String(port));
		const [pipe] = await inChild("pipe", String(port));
		rows.push([bare, pipe]);
	}
	server.kill();
	rows.sort((a, b) => a[1] - a[0] - (b[1] - b[0]));
	const [bare = Number.NaN, pipe = Number.NaN] = rows[1] ?? [];
	const more = pipe - bare;
	const verdict = more <= LIMIT ? "ok" : "ABOVE";
	console.log(
		`${COUNT} idle TCP pipes: ${pipe.toFixed(0)} bytes each, a bare socket ${bare.toFixed(0)}, ` +
			`${more.toFixed(0)} more  ${verdict} (limit ${LIMIT})`,
	);
	if (more > LIMIT) process.exitCode = 1;
}

const [, , side, port] = process.argv;
if (side === "serve") {
	const server = await bareServer((socket) => socket.resume().on("error", () => socket.destroy()));
	process.send?.(server.port);
} else if (side !== undefined) {
	process.send?.(await cost(side, Number(port)), () => process.exit());
}
