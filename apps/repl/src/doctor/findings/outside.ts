import { classifyIp, type Family, type NatType, natInfo } from "@p2pd/core";
import type { Facts, Finding, NatFact, Status, StunFact } from "../types.js";
import { finding } from "./link.js";

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
