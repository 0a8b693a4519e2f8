import type { Family } from "@p2pd/core";
import type { Facts, Finding } from "../types.js";
import { finding } from "./finding.js";

/** Which external address the NIC has, for each family. Pure. */
export function externalFindings(facts: Facts): Finding[] {
	return facts.families.map((af) => externalFinding(facts, af));
}

function externalFinding({ nic, external, stun }: Facts, af: Family): Finding {
	const id = `external.${af}`;
	const found = external[af];
	if (nic === null || found === null) {
		return finding(id, "not-checked", "there is no NIC whose external address could be asked for");
	}
	const evidence = stun
		.filter((fact) => fact.af === af && fact.outcome.status === "answered")
		.map(({ server, transport, outcome }) =>
			outcome.status === "answered" ? `${server} over ${transport.toUpperCase()} saw ${outcome.mapped}` : "",
		);
	if (found.addresses.length === 0) {
		const hasAddress = nic.addresses.some((address) => address.af === af && address.scope !== "link");
		const reason = found.reason ?? "no reason was given";
		if (!hasAddress) return finding(id, "not-checked", reason);
		return finding(
			id,
			stun.some((fact) => fact.af === af) ? "fault" : "not-checked",
			`no external IPv${af} address was found: ${reason}`,
			evidence,
			"two STUN servers that agree are needed: see the findings on STUN, or name servers with --stun",
		);
	}
	const addresses = found.addresses.join(", ");
	if (found.nonPublic) {
		return finding(
			id,
			"warning",
			`${addresses} is seen outside, which is not a public address`,
			evidence,
			"the STUN servers are inside the same network, or there is another NAT behind the first",
		);
	}
	if (found.singleServer) {
		return finding(
			id,
			"warning",
			`${addresses} is seen outside, by one server alone`,
			evidence,
			"name a second STUN server, so that two can agree: --stun",
		);
	}
	return finding(id, "ok", `${addresses} is seen outside`, evidence);
}
