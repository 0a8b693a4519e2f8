import { classifyIp } from "@p2pd/core";
import type { Facts, Finding } from "../types.js";
import { finding } from "./finding.js";

const CARRIER_ADVICE =
	"a port forwarded on your own router does not reach you: ask the provider for a public address, or use IPv6";

/** Whether there is more than one NAT: a carrier's, or a router behind a router. IPv4 alone has this. Pure. */
export function doubleNatFindings(facts: Facts): Finding[] {
	if (!facts.families.includes(4)) return [];
	const id = "double-nat";
	const { nic, external, routerWan } = facts;
	const nat = facts.nat[4];
	const locals = nic?.addresses.filter(({ af }) => af === 4).map(({ ip }) => ip) ?? [];
	const outside = (nat?.externalIps.length ? nat.externalIps : (external[4]?.addresses ?? [])).map((text) =>
		text.replace(/\/32$/, ""),
	);
	if (locals.length === 0 || outside.length === 0) {
		return [finding(id, "not-checked", "no external IPv4 address is known")];
	}
	const evidence = [
		`here: ${locals.join(", ")}`,
		...(routerWan === null ? [] : [`the router says: ${routerWan} (${classifyIp(routerWan)})`]),
		`seen outside: ${outside.join(", ")}`,
	];
	const shared = [...locals, ...outside, ...(routerWan === null ? [] : [routerWan])].filter(
		(ip) => classifyIp(ip) === "shared",
	);
	if (shared.length > 0) {
		const what = `there is carrier-grade NAT: ${shared.join(", ")} is of the carriers' shared space (RFC 6598)`;
		return [finding(id, "warning", what, evidence, CARRIER_ADVICE)];
	}
	if (routerWan !== null && !outside.includes(routerWan)) {
		return [
			finding(
				id,
				"warning",
				"there is a second NAT: the router's own external address is not the one seen outside",
				evidence,
				classifyIp(routerWan) === "private"
					? "set the inner router to bridge mode, or forward ports on both"
					: CARRIER_ADVICE,
			),
		];
	}
	if (nat?.doubleNat.verdict === "likely") {
		return [
			finding(
				id,
				"warning",
				"there is probably more than one NAT",
				[...evidence, ...nat.doubleNat.reasons],
				CARRIER_ADVICE,
			),
		];
	}
	if (outside.every((ip) => locals.includes(ip))) {
		return [finding(id, "ok", "there is no IPv4 NAT, so there are no two", evidence)];
	}
	if (routerWan !== null) return [finding(id, "ok", "there is one NAT: the router's own", evidence)];
	return [
		finding(
			id,
			"unknown",
			"no sign of a second NAT, which cannot always be seen from inside",
			evidence,
			"compare the external address that the router shows: --router-wan IP",
		),
	];
}
