import type { Family } from "@p2pd/core";
import type { Facts, Finding } from "../types.js";
import { finding } from "./finding.js";

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
