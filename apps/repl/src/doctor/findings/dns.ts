import type { Family } from "@p2pd/core";
import type { Facts, Finding, LookupFact } from "../types.js";
import { finding } from "./finding.js";

const RECORD = { 4: "A", 6: "AAAA" } as const;

/** Whether names resolve, as the system does it and by asking its DNS servers directly, for each family. Pure. */
export function dnsFindings(facts: Facts): Finding[] {
	return (["system", "direct"] as const).flatMap((way) =>
		facts.families.map((af) => dnsFinding(facts, way, af)),
	);
}

function dnsFinding(facts: Facts, way: LookupFact["way"], af: Family): Finding {
	const id = `dns.${way}.${af}`;
	const who = way === "system" ? "the system's resolver" : "the DNS servers, asked directly,";
	const asked = facts.lookups.filter((fact) => fact.way === way && fact.af === af);
	if (asked.length === 0) {
		const names = facts.lookups.length > 0;
		return finding(
			id,
			"not-checked",
			names
				? facts.resolvers.length === 0
					? "the system names no DNS server"
					: "no DNS server can be asked by this NIC"
				: "every STUN server is given by its address",
			[],
			names ? null : "give a name to look up: --name HOST",
		);
	}
	const evidence = asked.map(lookupText);
	const found = asked.filter(({ outcome }) => outcome.status === "found");
	const failed = asked.filter(({ outcome }) => outcome.status === "failed");
	if (found.length > 0 && failed.length === 0) {
		return finding(id, "ok", `IPv${af} addresses of names are found (${RECORD[af]})`, evidence);
	}
	if (found.length > 0) {
		return finding(
			id,
			"warning",
			`${who} gave ${found.length} of ${asked.length} answers (${RECORD[af]})`,
			evidence,
			"look at the DNS servers that failed",
		);
	}
	if (failed.length === 0) {
		return finding(
			id,
			"unknown",
			`${who} answered that no name asked for has an IPv${af} address`,
			evidence,
			af === 4 ? "check the names of the STUN servers" : null,
		);
	}
	const otherWay = facts.lookups.some(
		(fact) => fact.way !== way && fact.af === af && fact.outcome.status !== "failed",
	);
	if (way === "direct") {
		return finding(
			id,
			otherWay ? "warning" : "fault",
			`${who} gave no usable answer (${RECORD[af]})`,
			evidence,
			otherWay
				? "names resolve by another way (a cache, a hosts file, DNS over TCP or TLS): nothing to do unless that fails too"
				: `the DNS servers (${facts.resolvers.join(", ")}) are not reached: check them, or name others with --dns`,
		);
	}
	return finding(
		id,
		"fault",
		`${who} gave no usable answer (${RECORD[af]})`,
		evidence,
		otherWay
			? "the DNS servers do answer: look at the system's own resolver (resolv.conf, nsswitch.conf, a local cache)"
			: "check the DNS servers in the system's network settings; STUN servers by address need no DNS",
	);
}

function lookupText({ name, server, outcome, took }: LookupFact): string {
	const by = server === null ? "" : ` by ${server}`;
	const answer =
		outcome.status === "found"
			? outcome.ips.join(", ")
			: outcome.status === "none"
				? "no such address"
				: outcome.error;
	return `${name}${by}: ${answer} (${took} ms)`;
}
