import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type StunServer, startStunServer } from "@p2pd/stun-client/server";

/*
 * What a program waits for that imports this package and starts an interface once: the built packages, in a new process,
 * with STUN servers on loopback that answer at once or after 50 ms. Nothing leaves the machine. Build first.
 */
const RUNS = 9;
const CHILD = `
const before = performance.now();
const { Interface } = await import("@p2pd/netif");
const imported = performance.now() - before;
const options = { stunServers: process.env.SERVERS.split(","), families: [4] };
const start = async () => {
	const began = performance.now();
	const nic = await new Interface(process.env.NIC, options).start();
	if (nic.route(4).extIp === null) throw new Error(nic.reasons[4]);
	return performance.now() - began;
};
const first = await start();
console.log(JSON.stringify([imported, first, await start()]));
process.exit(0);
`;

const [nic] = Object.entries(networkInterfaces()).find(([, list]) =>
	list?.some((each) => !each.internal),
) ?? ["lo"];
const servers: StunServer[] = [];
for (const ip of ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"]) {
	servers.push(await startStunServer({ primary: { ip, port: 0 } }));
}

/** A way to a server that takes `ms` there and back. */
async function delayed(server: StunServer, ms: number): Promise<string> {
	const { ip, port } = server.primary;
	const outside = createSocket("udp4");
	await new Promise<void>((ready) => outside.bind(0, ip, ready));
	outside.on("message", (data, client) => {
		const inside = createSocket("udp4");
		inside.once("message", (reply) => {
			inside.close();
			void sleep(ms).then(() => outside.send(reply, client.port, client.address));
		});
		// From the client's own address, so that the server sees that one.
		inside.bind(0, client.address, () => inside.send(data, port, ip));
	});
	outside.unref();
	return `${ip}:${outside.address().port}`;
}

const median = (list: readonly number[]): string =>
	([...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0).toFixed(1);

for (const [roundTrip, goal] of [
	[0, 20],
	[50, 65],
] as const) {
	const ways = await Promise.all(servers.map((server) => delayed(server, roundTrip)));
	const times: [number, number, number][] = [];
	for (let run = 0; run < RUNS; run++) {
		const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", CHILD], {
			cwd: import.meta.dirname,
			env: { ...process.env, NODE_OPTIONS: "", NIC: nic, SERVERS: ways.join(",") },
		});
		times.push(JSON.parse(stdout) as [number, number, number]);
	}
	const [imported, first, second] = [0, 1, 2].map((at) => median(times.map((each) => each[at] ?? 0)));
	console.log(
		`round trip ${roundTrip} ms: import ${imported} ms, first start() ${first} ms (goal ${goal}), second ${second} ms`,
	);
}
process.exit(0);
