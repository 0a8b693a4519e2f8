import { IpAddress } from "@p2pd/address";
import type { Family, SocketFactory } from "@p2pd/net";
import { type Interface, loadInterfaces, type NicAddress, watchInterfaces } from "@p2pd/netif";
import type { CandidateNat } from "@p2pd/peer";
import { kernelRoute, sourceRoute } from "@p2pd/route";
import type { NodeBase, NodeOptions } from "./types.js";

/** What a node needs of the host: its addresses, and sockets. */
export interface NodeNetwork {
	/** The host's addresses with what is outside of them. What is not found out in time is left out. */
	gather(limits: { readonly timeout: number; readonly signal: AbortSignal }): Promise<readonly NodeBase[]>;
	/** Sockets on every address of a family: what the node listens with. */
	sockets(af: Family): SocketFactory;
	/** Tells when the network has changed or the machine has slept, until the signal aborts. */
	changes(signal: AbortSignal): AsyncIterable<unknown>;
}

/** This host's network. */
export function systemNetwork(options: Pick<NodeOptions, "stunServers" | "nics" | "families">): NodeNetwork {
	return {
		gather: (limits) => gather(options, limits),
		sockets: (af) => kernelRoute(af),
		changes: (signal) => watchInterfaces({ signal }),
	};
}

/** The NAT test gets the rest of the time; external addresses come first. */
async function gather(
	{ families, nics, stunServers }: Pick<NodeOptions, "stunServers" | "nics" | "families">,
	{ signal, timeout }: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<NodeBase[]> {
	const loaded = await loadInterfaces({
		signal,
		timeout: timeout / 2,
		natTimeout: timeout / 2,
		...(stunServers === undefined ? {} : { stunServers }),
		...(families === undefined ? {} : { families }),
		...(nics === undefined ? {} : { names: nics }),
	});
	return loaded.slice(0, 16).flatMap((nic, number) => basesOf(nic, number, families ?? [4, 6]));
}

function basesOf(nic: Interface, number: number, families: readonly Family[]): NodeBase[] {
	const addresses = (nic.info?.addresses ?? []).filter(
		({ af, deprecated, scope, tentative }) =>
			families.includes(af) && scope !== "host" && scope !== "link" && !deprecated && !tentative,
	);
	return addresses.map((address) => {
		const { af, ip } = address;
		return {
			nic: number,
			nicName: nic.name,
			af,
			ip,
			isPublic: IpAddress.parse(ip).isPublic,
			external: externalOf(nic, address),
			nat: natOf(nic, af),
			sockets: sourceRoute({ af, nic, ip }),
		};
	});
}

/** The external address of the verified route that the address belongs to. */
function externalOf(nic: Interface, { af, ip }: NicAddress): string | null {
	const route = nic
		.routes(af)
		.routes.find((one) => one.isVerified && one.nicIps.some((range) => range.contains(ip)));
	if (route === undefined)
		return nic
			.routes(af)
			.routes.find((one) => one.isVerified && one.extIps.some((range) => range.contains(ip)))
			? ip
			: null;
	return route.extIps[0]?.first.toString() ?? null;
}

function natOf(nic: Interface, af: Family): CandidateNat | null {
	const report = nic.natReports[af];
	if (report === null || report.type === "unknown" || report.delta.type === "unknown") return null;
	return { type: report.type, delta: { type: report.delta.type, value: report.delta.value } };
}
