import type { NicInfo } from "@p2pd/core";
import { IPV6_LEAST_MTU } from "../defaults.js";
import type { Facts, Finding } from "../types.js";
import { finding } from "./finding.js";

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
