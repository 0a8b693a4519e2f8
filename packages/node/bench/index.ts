/*
 * `npm run bench` in this folder: 1,000 connections one after the other and 100 at once between two nodes on loopback (or as
 * many as the arguments say). Prints the times, and what is left open afterwards: nothing must be.
 */
import { startSignalBroker } from "@p2pd/signal/broker";
import { P2PNode } from "../src/index.js";
import { loopbackNetwork } from "../test/support/network.js";

const serial = Number(process.argv[2] ?? 1000);
const atOnce = Number(process.argv[3] ?? 100);
const broker = await startSignalBroker({ ip: "127.0.0.1", rate: 1e6, burst: 1e6 });
const options = { signal: [broker.url], port: 0, families: [4] as const };
const a = await new P2PNode(options, { network: loopbackNetwork() }).start();
const b = await new P2PNode(options, { network: loopbackNetwork() }).start();
b.onConnection((pipe) => pipe.subscribe());

const once = async (): Promise<number> => {
	const { ms, pipe } = await a.connect(b.address);
	await pipe.close();
	return ms;
};
await once();
const before = await settled();
const times: number[] = [];
for (let count = 0; count < serial; count++) times.push(await once());
const results = await Promise.allSettled(Array.from({ length: atOnce }, once));
const failed = results.filter(({ status }) => status === "rejected").length;
const after = await settled();
times.sort((x, y) => x - y);
console.log(`${serial} one after the other: median ${times[times.length >> 1]} ms, worst ${times.at(-1)} ms`);
console.log(`${atOnce} at once: ${failed} failed`);
const reasons = new Set(
	results.flatMap((one) => (one.status === "rejected" ? [(one.reason as Error).message] : [])),
);
for (const reason of [...reasons].slice(0, 3)) console.log(reason);
const left = [...after].filter(([kind, count]) => count > (before.get(kind) ?? 0));
console.log(
	`left open: ${left.map(([kind, count]) => `${kind} x${count - (before.get(kind) ?? 0)}`).join(", ") || "nothing"}`,
);
await a.close();
await b.close();
await broker.close();
process.exitCode = failed > 0 || left.length > 0 ? 1 : 0;

/** What is open once what was closing is closed. */
async function settled(): Promise<Map<string, number>> {
	for (let turns = 0; turns < 2000; turns++) await new Promise((resolve) => setImmediate(resolve));
	const counts = new Map<string, number>();
	for (const kind of process.getActiveResourcesInfo()) {
		if (kind !== "Immediate") counts.set(kind, (counts.get(kind) ?? 0) + 1);
	}
	return counts;
}
