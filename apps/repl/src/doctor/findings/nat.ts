import { type Family, type NatType, natInfo } from "@p2pd/core";
import type { Facts, Finding, NatFact, Status } from "../types.js";
import { finding } from "./finding.js";

/** What each type of NAT means for peers. */
const MEANING: Readonly<Record<NatType, readonly [Status, string]>> = {
	1: ["ok", "no NAT and no filter: peers reach this machine directly"],
	2: ["ok", "no NAT, and a firewall: peers get in once this machine has sent to them"],
	3: ["ok", "full cone: a port that was opened once lets every peer in"],
	4: ["ok", "restricted by address: a peer gets in once this machine has sent to its address"],
	5: ["ok", "restricted by port: a peer gets in once this machine has sent to its very port (hole punching)"],
	6: ["warning", "symmetric: each peer sees another port"],
	7: ["fault", "UDP is blocked: no peer is reached over UDP"],
};

/** What kind of NAT there is, and what that means for peers, for each family. Pure. */
export function natFindings(facts: Facts): Finding[] {
	return facts.families.map((af) => natFinding(facts, af));
}

function natFinding(facts: Facts, af: Family): Finding {
	const id = `nat.${af}`;
	if (!facts.natAsked) return finding(id, "not-checked", "--no-nat was given");
	const nat = facts.nat[af];
	if (nat === null)
		return finding(id, "not-checked", `there was no IPv${af} server to ask, or no way to one`);
	const evidence = [
		`mapping ${nat.mapping}, filtering ${nat.filtering}, hairpinning ${nat.hairpinning}`,
		nat.reason,
	];
	if (nat.type === "unknown") {
		return finding(
			id,
			"unknown",
			`the kind of IPv${af} NAT is not known${nat.mapping === "unknown" ? "" : `; its mapping is ${nat.mapping}`}`,
			evidence,
			"a STUN server with two addresses (RFC 5780) can tell how it filters: --stun",
		);
	}
	const [status, meaning] = MEANING[nat.type];
	if (nat.type === 6) return symmetricFinding(id, nat, evidence, meaning);
	if (nat.type === 7 && isRefused(facts, af)) {
		return finding(
			id,
			"not-checked",
			"no STUN server listens where it should, so the NAT could not be asked about",
			evidence,
		);
	}
	if (nat.type === 7) {
		return finding(
			id,
			status,
			meaning,
			evidence,
			"ask the network's operator to let UDP out; until then only TCP pipes reach peers",
		);
	}
	return finding(id, status, meaning, evidence);
}

/** Whether hosts said that nothing listens there: UDP gets through, the servers are at fault. */
const isRefused = ({ stun }: Facts, af: Family): boolean =>
	stun.some((fact) => fact.af === af && fact.transport === "udp" && fact.outcome.status === "refused");

/** With a symmetric NAT the rule by which it picks ports decides. */
function symmetricFinding(id: string, nat: NatFact, evidence: readonly string[], meaning: string): Finding {
	const { type, value } = nat.delta;
	const info = type === "unknown" ? null : natInfo(6, { type, value }).delta_info;
	const follows = type === 4 || type === 5 || type === 2 || type === 3;
	const ports = info === null ? "how it picks ports is not known" : `its ports: ${info}`;
	return finding(
		id,
		"warning",
		follows ? `${meaning}, which can be predicted` : `${meaning}, which cannot be predicted`,
		[...evidence, ports],
		follows
			? "hole punching works with prediction, best while nothing else opens ports"
			: "it reaches peers that are open, full cone or restricted by address; others need a forwarded port or a relay",
	);
}
