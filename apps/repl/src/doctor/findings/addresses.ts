import { classifyIp, type Family, type NicAddress } from "@p2pd/core";
import type { Facts, Finding } from "../types.js";
import { finding } from "./finding.js";

/** Whether the NIC has addresses that reach beyond its link, for each family. Pure. */
export function addressFindings(facts: Facts): Finding[] {
	return facts.nic === null ? [] : facts.families.map((af) => addressFinding(facts, af));
}

function addressFinding({ nic, families }: Facts, af: Family): Finding {
	const id = `address.${af}`;
	const all = nic?.addresses.filter((address) => address.af === af) ?? [];
	const name = nic?.name ?? "";
	const evidence = all.map(addressText);
	const usable = all.filter(({ scope, tentative }) => scope !== "link" && tentative !== true);
	if (usable.length > 0) {
		return finding(id, "ok", `${name} has ${usable.map(({ ip }) => ip).join(", ")}`, evidence);
	}
	if (all.some(({ tentative }) => tentative === true)) {
		return finding(
			id,
			"warning",
			`${name} has an IPv${af} address that is not usable yet, or is another host's too`,
			evidence,
			"if it stays so, look for a second host with this address",
		);
	}
	if (nic?.addressesKnown[af] === false) {
		return finding(id, "unknown", `the system does not tell the IPv${af} addresses of ${name}`, evidence);
	}
	const others = families.filter((other) => other !== af);
	const hasOther = others.some((other) =>
		nic?.addresses.some((address) => address.af === other && address.scope !== "link"),
	);
	const advice =
		af === 4
			? "look at the DHCP client, and at the router's DHCP server"
			: "IPv6 comes from router advertisements: ask the network's operator, or your provider";
	const what =
		all.length === 0
			? `${name} has no IPv${af} address`
			: `${name} has only a link-local IPv${af} address${af === 4 ? ": no DHCP server gave one" : ""}`;
	return finding(id, hasOther ? "warning" : "fault", what, evidence, advice);
}

function addressText({ ip, cidr, scope, temporary, deprecated, tentative }: NicAddress): string {
	const remarks = [
		classifyIp(ip.replace(/%.*/, "")),
		`scope ${scope}`,
		...(temporary ? ["temporary"] : []),
		...(deprecated ? ["deprecated"] : []),
		...(tentative ? ["tentative"] : []),
	];
	return `${ip}${cidr === null ? "" : `/${cidr}`} (${remarks.join(", ")})`;
}
