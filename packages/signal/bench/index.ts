/*
 * `npm run bench` in this folder: so many nodes on one broker (1,000 unless a number is given), ours and mosquitto: memory of
 * the broker for each node, and messages a second from one half of the nodes to the other.
 */
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createIdentity } from "@p2pd/peer";
import { startSignalBroker } from "../src/broker/index.js";
import { openMqttSignal } from "../src/index.js";
import { hasMosquitto, startMosquitto } from "../test/support/mosquitto.js";

const nodes = Number(process.argv[2] ?? 1000);
const ROUNDS = 5;

if (process.argv[2] === "broker") {
	const broker = await startSignalBroker({
		ip: "127.0.0.1",
		maxConnectionsPerIp: 1_000_000,
		rate: 1e6,
		burst: 1e6,
	});
	process.send?.(broker.url);
	process.on("disconnect", () => void broker.close());
} else {
	const child = fork(fileURLToPath(import.meta.url), ["broker"], {
		execArgv: ["--conditions=@p2pd/source", "--import", "tsx"],
	});
	const url = await new Promise<string>((resolve) => child.once("message", (text) => resolve(String(text))));
	await measure("p2pd", url, child.pid ?? 0);
	child.disconnect();
	if (hasMosquitto) {
		const mosquitto = await startMosquitto(null);
		await measure("mosquitto", `mqtt://anyone:x@127.0.0.1:${mosquitto.port}`, mosquitto.pid);
		await mosquitto.close();
	}
}

async function measure(name: string, url: string, pid: number): Promise<void> {
	const before = residentOf(pid);
	const signals = Array.from({ length: nodes }, () =>
		openMqttSignal(url, createIdentity(), { connectTimeout: 60_000 }),
	);
	await Promise.all(signals.map((signal) => signal.ready()));
	const memory = (residentOf(pid) - before) / nodes;
	const half = signals.length >> 1;
	const message = Buffer.alloc(768);
	const started = performance.now();
	await Promise.all(
		signals.slice(0, half).map(async (signal, index) => {
			const to = signals[half + index];
			const inbox = to?.messages();
			for (let round = 0; round < ROUNDS && to !== undefined; round++) {
				await signal.send(to.id, message);
				await inbox?.next();
			}
		}),
	);
	const rate = (half * ROUNDS * 1000) / (performance.now() - started);
	console.log(
		`${name}: ${nodes} nodes, ${memory.toFixed(0)} kB each in the broker, ${rate.toFixed(0)} messages/s`,
	);
	await Promise.all(signals.map((signal) => signal.close()));
}

/** Resident memory of a process in kB (Linux). */
function residentOf(pid: number): number {
	return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}
