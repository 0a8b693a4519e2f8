import type { Family } from "@p2pd/core";
import type { Facts, Finding, StunFact } from "../types.js";
import { finding } from "./finding.js";

/** Whether STUN servers are reached, over UDP and over TCP, for each family. Pure. */
export function stunFindings(facts: Facts): Finding[] {
	return (["udp", "tcp"] as const).flatMap((transport) =>
		facts.families.map((af) => stunFinding(facts, transport, af)),
	);
}

function stunFinding(facts: Facts, transport: StunFact["transport"], af: Family): Finding {
	const id = `stun.${transport}.${af}`;
	const name = `STUN over ${transport.toUpperCase()} and IPv${af}`;
	const asked = facts.stun.filter((fact) => fact.transport === transport && fact.af === af);
	if (asked.length === 0) return finding(id, "not-checked", whyNotAsked(facts, af));
	const evidence = asked.map(stunText);
	const of = (status: StunFact["outcome"]["status"]): number =>
		asked.filter(({ outcome }) => outcome.status === status).length;
	const answered = of("answered");
	if (answered > 0) {
		const most = transport === "tcp" || answered * 2 > asked.length;
		return finding(
			id,
			most ? "ok" : "warning",
			`${name}: ${answered} of ${asked.length} servers answered`,
			evidence,
			most ? null : "replace the servers that are silent: --stun, or P2PD_STUN_SERVERS",
		);
	}
	if (transport === "tcp") {
		return of("refused") > 0
			? finding(id, "ok", `${name}: the way is open, and no server there speaks TCP`, evidence)
			: finding(id, "unknown", `${name}: nobody answered; many servers speak UDP alone`, evidence);
	}
	if (of("refused") > 0) {
		return finding(
			id,
			"fault",
			`${name}: the servers' hosts answer that nothing listens there`,
			evidence,
			"check the servers' ports: --stun, or P2PD_STUN_SERVERS",
		);
	}
	const overTcp = facts.stun.some(
		(fact) => fact.af === af && fact.transport === "tcp" && fact.outcome.status !== "failed",
	);
	return finding(
		id,
		"fault",
		`${name}: none of ${asked.length} servers answered${overTcp ? ", and over TCP they do: UDP is blocked" : ""}`,
		evidence,
		overTcp
			? "ask the network's operator to let UDP out; until then only TCP pipes reach peers"
			: "check the network and a firewall on this machine, or name other servers: --stun",
	);
}

function whyNotAsked({ nic, servers }: Facts, af: Family): string {
	if (nic === null) return "there is no NIC to ask by";
	const has = nic.addresses.some((address) => address.af === af && address.scope !== "link");
	if (!has) return `${nic.name} has no IPv${af} address to ask from`;
	if (servers.length === 0) return "there is no STUN server to ask";
	return `none of the STUN servers is known to have an IPv${af} address`;
}

function stunText({ server, ip, outcome }: StunFact): string {
	const where = server.includes(ip) ? server : `${server} (${ip})`;
	return outcome.status === "answered"
		? `${where}: saw ${outcome.mapped} (${outcome.rtt} ms)`
		: `${where}: ${outcome.error}`;
}
