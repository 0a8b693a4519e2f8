import { readFileSync } from "node:fs";
import { loadInterfaces } from "../../../src/index.js";

/** Loads the NICs of use, or the named ones, and gives their dictionaries with what the routes print. */
export async function run(input: {
	readonly stunServers: readonly string[];
	readonly names?: readonly string[];
	readonly nat?: boolean;
	readonly timeout?: number;
}) {
	const before = sentDatagrams();
	const loaded = await loadInterfaces(input);
	return {
		sent: sentDatagrams() - before,
		nics: loaded.map((nic) => ({
			json: nic.toJSON(),
			supported: nic.supported(),
			routes: { 4: nic.routes(4).routes.map(String), 6: nic.routes(6).routes.map(String) },
			reasons: nic.reasons,
		})),
	};
}

/** The UDP datagrams of both families that this namespace has sent so far, as its kernel counts them. */
function sentDatagrams(): number {
	const [head = "", values = ""] = readFileSync("/proc/net/snmp", "utf8").match(/^Udp: .*$/gm) ?? [];
	const four = Number(values.split(" ")[head.split(" ").indexOf("OutDatagrams")]);
	const six = Number(/^Udp6OutDatagrams\s+(\d+)$/m.exec(readFileSync("/proc/net/snmp6", "utf8"))?.[1]);
	return four + six;
}
