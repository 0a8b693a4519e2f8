import { type Family, IPRange, IpAddress } from "@p2pd/core";
import { embedV4, nat64PrefixesFrom } from "@p2pd/core/address";
import type { Facts, Finding, LookupFact } from "../types.js";
import { finding } from "./link.js";

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

/** The well-known prefix of translators (RFC 6052 section 2.1). */
const WELL_KNOWN = IPRange.parse("64:ff9b::/96");

/** Whether the network translates IPv6 to IPv4 (NAT64 with DNS64). Pure. */
export function nat64Findings(facts: Facts): Finding[] {
	if (!facts.families.includes(6)) return [];
	const id = "nat64";
	const only6 = facts.nic !== null && !hasIpv4(facts);
	const asked = facts.nat64;
	if (asked?.status === "found") {
		const prefixes = nat64PrefixesFrom(asked.ips.map((ip) => IpAddress.parse(ip)));
		if (prefixes.length > 0) return [present(prefixes.map(String), `ipv4only.arpa: ${asked.ips.join(", ")}`)];
	}
	const [seen] = synthesised(facts);
	if (seen !== undefined) return [present([seen.prefix], seen.why)];
	if (asked?.status === "failed") return [finding(id, "unknown", `NAT64: ${asked.error}`)];
	if (asked !== null) {
		return [
			finding(
				id,
				only6 ? "warning" : "ok",
				only6 ? "there is no IPv4 and no NAT64: IPv4 peers are out of reach" : "there is no NAT64",
				["ipv4only.arpa has no IPv6 address here (RFC 7050)"],
				only6 ? "ask the network's operator for NAT64, or a tunnel that carries IPv4" : null,
			),
		];
	}
	return [
		finding(
			id,
			"not-checked",
			only6
				? "whether this network without IPv4 has NAT64 was not asked"
				: "whether there is NAT64 was not asked",
			[],
			only6 ? "--nat64 asks for RFC 7050's name, ipv4only.arpa" : null,
		),
	];
}

const present = (prefixes: readonly string[], why: string): Finding =>
	finding("nat64", "ok", `there is NAT64, with the prefix ${prefixes.join(", ")}: IPv4 is reached by IPv6`, [
		why,
	]);

const hasIpv4 = ({ nic }: Facts): boolean =>
	nic?.addresses.some(({ af, scope }) => af === 4 && scope !== "link") ?? false;

/** Names whose IPv6 address is a translator's form of their IPv4 address. */
function synthesised({ lookups }: Facts): { prefix: string; why: string }[] {
	return lookups.flatMap(({ name, af, outcome }) => {
		if (af !== 6 || outcome.status !== "found") return [];
		const found = outcome.ips.find((ip) => WELL_KNOWN.contains(IpAddress.parse(ip)));
		if (found !== undefined) return [{ prefix: `${WELL_KNOWN}`, why: `${name}: ${found}` }];
		const fours = lookups.flatMap((other) =>
			other.name === name && other.af === 4 && other.outcome.status === "found" ? other.outcome.ips : [],
		);
		return outcome.ips.flatMap((ip) => {
			const prefix = IPRange.parse(`${IPRange.parse(`${ip}/96`).network}/96`);
			const four = fours.find((one) => isForm(IpAddress.parse(one), prefix, ip));
			return four === undefined ? [] : [{ prefix: `${prefix}`, why: `${name}: ${ip} is ${four} translated` }];
		});
	});
}

/** Whether the IPv6 address is the IPv4 one behind this prefix; a prefix that no translator can have is none. */
function isForm(four: IpAddress, prefix: IPRange, six: string): boolean {
	if (prefix.network.toBytes()[8] !== 0) return false;
	return embedV4(four, prefix).equals(IpAddress.parse(six));
}
