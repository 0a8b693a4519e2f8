import { classifyIp, type Family, type NicAddress, type NicInfo } from "@p2pd/core";
import { IPV6_LEAST_MTU } from "../defaults.js";
import type { Facts, Finding, Status } from "../types.js";

/** Makes a finding. */
export function finding(
	id: string,
	status: Status,
	what: string,
	evidence: readonly string[] = [],
	advice: string | null = null,
): Finding {
	return { id, status, what, evidence, advice };
}

/** Whether there is a link that carries packets, and the NIC's own. Pure. */
export function linkFindings({ snapshot, nic }: Facts): Finding[] {
	const links = snapshot.nics.filter(({ kind }) => kind !== "loopback");
	const evidence = snapshot.nics.map(stateText);
	if (nic === null) {
		const running = links.filter((link) => link.running);
		return running.length > 0
			? [finding("link", "ok", `${names(running)} can carry packets`, evidence)]
			: [
					finding(
						"link",
						"fault",
						links.length === 0 ? "this machine has no NIC but the loopback" : "no link is running",
						evidence,
						"switch a NIC on, plug the cable in, or join a wireless network",
					),
				];
	}
	const { name, kind, mtu, running, up } = nic;
	const size = mtu === null ? "" : `, MTU ${mtu}`;
	const found = [
		running === null
			? finding("link", "unknown", `the system does not say whether ${name} is running`, evidence)
			: running
				? finding("link", "ok", `${name} (${kind}) is running${size}`, evidence)
				: finding(
						"link",
						"fault",
						`${name} (${kind}) is ${up ? "up and has no carrier" : "down"}`,
						evidence,
						up ? "look at the cable or the wireless network" : `switch ${name} on`,
					),
	];
	if (mtu !== null && mtu < IPV6_LEAST_MTU) {
		found.push(
			finding(
				"mtu",
				"warning",
				`${name} carries packets of ${mtu} bytes at most`,
				[`IPv6 needs ${IPV6_LEAST_MTU} (RFC 8200 section 5)`],
				`raise the MTU of ${name}, unless the link cannot carry more`,
			),
		);
	}
	return found;
}

const names = (nics: readonly NicInfo[]): string => nics.map(({ name }) => name).join(", ");

const stateText = ({ name, kind, running, up }: NicInfo): string =>
	`${name}: ${kind}, ${running ? "running" : running === null ? "state not known" : up ? "no carrier" : "down"}`;

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

/** Whether what leaves by default goes through a VPN or another tunnel. Pure. */
export function tunnelFindings({ snapshot, families, chosen, nic }: Facts): Finding[] {
	const id = "tunnel";
	const tunnels = snapshot.nics.filter(({ kind, running }) => kind === "tunnel" && running === true);
	const through = families.filter((af) => {
		const name = chosen ? nic?.name : snapshot.defaults[af]?.name;
		return tunnels.some((tunnel) => tunnel.name === name);
	});
	const evidence = families.flatMap((af) => defaultText(snapshot.defaults[af], af));
	if (through.length > 0) {
		const name = chosen ? nic?.name : through.map((af) => snapshot.defaults[af]?.name).find(Boolean);
		return [
			finding(
				id,
				"warning",
				`${through.map((af) => `IPv${af}`).join(" and ")} leaves by the tunnel ${name}: addresses and NAT are those of its other end`,
				evidence,
				"for your own network's: --nic NAME of the NIC under it",
			),
		];
	}
	const split = chosen ? [] : families.filter((af) => snapshot.defaults[af]?.confirmed === false);
	if (split.length > 0) {
		return [
			finding(
				id,
				"warning",
				`the kernel and the route table name different NICs for ${split.map((af) => `IPv${af}`).join(" and ")}: policy routing, as of a VPN`,
				evidence,
				"name the NIC that you mean: --nic NAME",
			),
		];
	}
	const idle =
		tunnels.length > 0 ? [`running, and not the default: ${tunnels.map(({ name }) => name).join(", ")}`] : [];
	if (families.every((af) => snapshot.defaults[af] === null) && !chosen) {
		return [finding(id, "not-checked", "nothing leaves by default")];
	}
	return [finding(id, "ok", "no tunnel is in the way", [...evidence, ...idle])];
}

const defaultText = (chosen: Facts["snapshot"]["defaults"][Family], af: Family): string[] =>
	chosen === null
		? []
		: [
				`IPv${af}: ${chosen.name}, by ${chosen.from === "kernel" ? "the kernel's choice of source address" : "the route table alone"}`,
			];
