import { FAMILIES } from "@p2pd/address";
import type { NicInfo, OsFamily } from "./os/types.js";

/** What a NIC can be used for. */
export interface UsableInterface {
	readonly name: string;
	readonly nic: NicInfo;
	/** The families with a default or gateway route: the way to the Internet, or to where the gateway leads. */
	readonly wan: readonly OsFamily[];
	/** The families with an address that reaches beyond its link. */
	readonly lan: readonly OsFamily[];
	/** A tunnel or VPN: what leaves here comes out somewhere else. */
	readonly tunnel: boolean;
}

/**
 * What a NIC is of use for, or `null` when it is of none. A default or gateway route outranks the kind, so the veth
 * of a container and a bridge that holds the host's own address count; without one, bridges and their ports do not.
 * The loopback and links that are down never do.
 */
function usabilityOf(nic: NicInfo): UsableInterface | null {
	if (nic.kind === "loopback" || nic.up === false || nic.running === false) return null;
	const reaches = (af: OsFamily): boolean =>
		nic.addresses.some((address) => address.af === af && address.scope === "global" && !address.tentative);
	const hasWayOut = (af: OsFamily): boolean =>
		nic.isDefault[af] ||
		nic.gateways[af].length > 0 ||
		nic.routes.some((route) => route.af === af && route.gateway !== null);
	const has = (af: OsFamily): boolean => nic.addresses.some((address) => address.af === af);
	const wan = FAMILIES.filter((af) => has(af) && hasWayOut(af));
	const lan = FAMILIES.filter(reaches);
	const partOfBridge = nic.kind === "bridge" || nic.bridgePort;
	if (wan.length === 0 && (lan.length === 0 || partOfBridge)) return null;
	return { name: nic.name, nic, wan, lan, tunnel: nic.kind === "tunnel" };
}

/** Those of use, default NICs first (IPv4's before IPv6's), the others in the order of their index. */
export function usableOf(nics: readonly NicInfo[]): UsableInterface[] {
	const usable = nics.map(usabilityOf).filter((each): each is UsableInterface => each !== null);
	const rank = ({ nic }: UsableInterface): number => (nic.isDefault[4] ? 0 : nic.isDefault[6] ? 1 : 2);
	return usable.sort((a, b) => rank(a) - rank(b));
}
