import type { Family } from "@p2pd/core";
import type { Facts, Finding } from "../types.js";
import { finding } from "./finding.js";

/** Whether there is a way out, for each family, and whether the NIC in question is on it. Pure. */
export function defaultRouteFindings(facts: Facts): Finding[] {
	return facts.families.map((af) => (facts.chosen ? chosenFinding(facts, af) : defaultFinding(facts, af)));
}

function gatewaysOf({ snapshot }: Facts, af: Family): string[] {
	return snapshot.nics.flatMap(({ name, gateways }) =>
		gateways[af].map(
			({ ip, metric }) =>
				`${name}: by ${ip ?? "the link itself"}${metric === null ? "" : `, metric ${metric}`}`,
		),
	);
}

function hasAddress({ snapshot }: Facts, af: Family): boolean {
	return snapshot.nics.some(
		({ kind, addresses }) =>
			kind !== "loopback" && addresses.some((address) => address.af === af && address.scope !== "link"),
	);
}

function defaultFinding(facts: Facts, af: Family): Finding {
	const id = `default-route.${af}`;
	const { defaults, routesKnown } = facts.snapshot;
	const chosen = defaults[af];
	const evidence = gatewaysOf(facts, af);
	if (chosen !== null) {
		const source = chosen.source === null ? "" : `, from ${chosen.source}`;
		return finding(id, "ok", `IPv${af} leaves by ${chosen.name}${source}`, evidence);
	}
	if (!routesKnown[af])
		return finding(id, "unknown", `the system does not tell the IPv${af} routes`, evidence);
	if (!hasAddress(facts, af)) {
		const other = facts.families.some((one) => one !== af && defaults[one] !== null);
		return other
			? finding(id, "not-checked", `there is no IPv${af} address to route`)
			: finding(id, "fault", `IPv${af} has no way out`, evidence, "connect to a network");
	}
	const other = facts.families.some((one) => one !== af && defaults[one] !== null);
	return finding(
		id,
		other ? "warning" : "fault",
		`there is an IPv${af} address and no IPv${af} default route`,
		evidence,
		af === 4
			? "look at the gateway that DHCP, or the static configuration, gives"
			: "look at whether the router advertises itself as a default router",
	);
}

/** A NIC that the user named need not be the default one. */
function chosenFinding(facts: Facts, af: Family): Finding {
	const id = `default-route.${af}`;
	const { nic, snapshot } = facts;
	if (nic === null || !nic.addresses.some((address) => address.af === af && address.scope !== "link")) {
		return finding(id, "not-checked", `there is no IPv${af} address to route`);
	}
	const evidence = gatewaysOf(facts, af);
	if (nic.isDefault[af]) return finding(id, "ok", `IPv${af} leaves by ${nic.name} by default`, evidence);
	if (nic.kind === "loopback")
		return finding(id, "not-checked", `${nic.name} leads nowhere but to this machine`);
	if (nic.gateways[af].length === 0) {
		return snapshot.routesKnown[af]
			? finding(
					id,
					"fault",
					`${nic.name} has no IPv${af} gateway: it reaches its own link and nothing else`,
					evidence,
					`add a default route by ${nic.name} with a higher metric than the others`,
				)
			: finding(id, "unknown", `the system does not tell the IPv${af} routes of ${nic.name}`, evidence);
	}
	if (af === 4 && nic.reversePathFilter === "strict") {
		return finding(
			id,
			"fault",
			`${nic.name} drops the answers to what is sent by it, since it is not the default NIC`,
			[...evidence, `reverse path filter: strict (RFC 3704)`],
			`set net.ipv4.conf.${nic.name}.rp_filter and net.ipv4.conf.all.rp_filter to 2`,
		);
	}
	return finding(
		id,
		"ok",
		`${nic.name} has an IPv${af} gateway and is not the default NIC: sockets are bound to it`,
		evidence,
	);
}
