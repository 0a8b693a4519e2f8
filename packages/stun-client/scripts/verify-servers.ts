/*
 * For a maintainer or a workflow with the Internet: tests every server of the default list, or of P2PD_STUN_SERVERS, in
 * both families, and with --write notes the outcome in src/servers/list.ts.
 *
 *   pnpm verify-servers [--write]
 *
 * It contacts all the servers. It also works through a NAT that maps or filters by destination, since each address of a
 * server is asked before it is expected to answer.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { ipVersion } from "@p2pd/address";
import { endpointText, FAMILIES, type Family, printable, type UdpSockets } from "@p2pd/net";
import {
	DEFAULT_STUN_SERVERS,
	resolveStunServer,
	type StunServerSpec,
	stunServersFromEnv,
	verifyStunServer,
} from "../src/index.js";
import { type Stamp, stampList } from "./stamp-list.js";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const LIST = new URL("../src/servers/list.ts", import.meta.url);

const socketsOf = (af: Family): UdpSockets => ({
	af,
	udp: async () => {
		const socket = createSocket({ type: af === 4 ? "udp4" : "udp6", ipv6Only: af === 6 });
		socket.bind(0);
		await once(socket, "listening");
		return socket;
	},
});

const today = new Date().toISOString().slice(0, 10);

/** Tests one server in one family. Null if it has no address there, or gave no valid answer. */
async function verify(spec: StunServerSpec, af: Family): Promise<readonly string[] | null> {
	try {
		const { ip, port } = await resolveStunServer(spec, { af });
		const server = { ip, port };
		const found = await verifyStunServer({ server }, { sockets: socketsOf(af) });
		const { ok, features, mapped, software, problems } = found;
		const verdict = ok && mapped !== null ? `sees ${endpointText(mapped)}` : "FAILED";
		const name = software === null ? "no name" : printable(software);
		print(
			`${spec.host} (${endpointText(server)}, ${name}): ${verdict}; ${features.join(", ") || "no change requests"}`,
		);
		for (const problem of problems) print(`    ${printable(problem)}`);
		return ok ? features : null;
	} catch (error) {
		print(`${spec.host} (IPv${af}): ${printable(error instanceof Error ? error.message : String(error))}`);
		return null;
	}
}

const specs = stunServersFromEnv(process.env) ?? DEFAULT_STUN_SERVERS;
const stamps: Stamp[] = [];
for (const spec of specs) {
	const families: Family[] = [];
	let features = null as readonly string[] | null;
	for (const af of FAMILIES) {
		const ip = ipVersion(spec.host);
		const shown = ip === 0 || ip === af ? await verify(spec, af) : null;
		if (shown === null) continue;
		families.push(af);
		// A mark holds for every family that the server has.
		features = features?.filter((each) => shown.includes(each)) ?? shown;
	}
	stamps.push({
		host: spec.host,
		features: features ?? [],
		families,
		verifiedAt: features === null ? null : today,
	});
}
if (process.argv.includes("--write")) {
	if (specs !== DEFAULT_STUN_SERVERS)
		throw new Error("--write is for the default list: unset P2PD_STUN_SERVERS");
	writeFileSync(LIST, stampList(readFileSync(LIST, "utf8"), stamps));
}
if (stamps.some(({ verifiedAt }) => verifiedAt === null)) process.exitCode = 1;
