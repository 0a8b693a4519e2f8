/*
 * For a maintainer with Internet: checks every server of the default list, or of P2PD_STUN_SERVERS, and with
 * --write notes the outcome in src/servers/list.ts.
 *
 *   pnpm verify-servers [--write]
 *
 * It contacts all the servers. Through a NAT that maps each destination differently or filters by destination it
 * still works: each of a server's addresses is asked before it is expected to answer.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { UdpSockets } from "@p2pd/net";
import {
	DEFAULT_STUN_SERVERS,
	resolveStunServers,
	stunServersFromEnv,
	verifyStunServer,
} from "../src/index.js";
import { type Stamp, stampList } from "./stamp-list.js";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const LIST = new URL("../src/servers/list.ts", import.meta.url);

const sockets: UdpSockets = {
	af: 4,
	udp: async () => {
		const socket = createSocket("udp4");
		socket.bind(0);
		await once(socket, "listening");
		return socket;
	},
};

const specs = stunServersFromEnv(process.env) ?? DEFAULT_STUN_SERVERS;
const { servers, failures } = await resolveStunServers(specs, { af: sockets.af });
const stamps: Stamp[] = [];
for (const { spec, error } of failures) {
	print(`${spec.host}: ${error instanceof Error ? error.message : String(error)}`);
	stamps.push({ host: spec.host, features: [], verifiedAt: null });
}
const today = new Date().toISOString().slice(0, 10);
for (const { spec, ip, port } of servers) {
	const { ok, features, mapped, software, problems } = await verifyStunServer(
		{ server: { ip, port } },
		{ sockets },
	);
	const verdict = ok ? `sees ${mapped?.ip} port ${mapped?.port}` : "FAILED";
	print(
		`${spec.host} (${ip} port ${port}, ${software ?? "no name"}): ${verdict}; ${features.join(", ") || "no change requests"}`,
	);
	for (const problem of problems) print(`    ${problem}`);
	stamps.push({ host: spec.host, features, verifiedAt: ok ? today : null });
}
if (process.argv.includes("--write")) {
	if (specs !== DEFAULT_STUN_SERVERS)
		throw new Error("--write is for the default list: unset P2PD_STUN_SERVERS");
	writeFileSync(LIST, stampList(readFileSync(LIST, "utf8"), stamps));
}
if (stamps.some(({ verifiedAt }) => verifiedAt === null)) process.exitCode = 1;
