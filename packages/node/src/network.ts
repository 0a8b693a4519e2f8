import { IpAddress } from "@p2pd/address";
import type { Family, SocketFactory } from "@p2pd/net";
import {
	type Interface,
	listInterfaces,
	loadInterfaces,
	type NicAddress,
	watchInterfaces,
} from "@p2pd/netif";
import type { CandidateNat } from "@p2pd/peer";
import { type MapPortOptions, type MapPortResult, mapPort } from "@p2pd/port-map";
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
	/**
	 * The routers before this host's private IPv4 addresses, which are asked to forward the node's port. Sends nothing.
	 * @default there is none
	 */
	routers?(limits: { readonly signal: AbortSignal }): Promise<readonly NodeRouter[]>;
}

/** A router before a private address of this host. */
export interface NodeRouter {
	/** The host's address, as in {@link NodeBase}: the router forwards to it. */
	readonly ip: string;
	/** The router's own address. */
	readonly gateway: string;
	/** Asks it to forward a port, as `mapPort` of `@p2pd/port-map` does. */
	mapPort(options: MapPortOptions): Promise<MapPortResult>;
}

/** This host's network. */
export function systemNetwork(options: Pick<NodeOptions, "stunServers" | "nics" | "families">): NodeNetwork {
	return {
		gather: (limits) => gather(options, limits),
		sockets: (af) => kernelRoute(af),
		changes: (signal) => watchInterfaces({ signal }),
		routers: (limits) => routers(options, limits),
	};
}

/** The preferred gateway of each NIC whose first IPv4 address is private. */
async function routers(
	{ families, nics }: Pick<NodeOptions, "nics" | "families">,
	{ signal }: { readonly signal: AbortSignal },
): Promise<NodeRouter[]> {
	if (families?.includes(4) === false) return [];
	const listed = await listInterfaces({ signal });
	const wanted = listed.filter(({ name, tunnel }) => !tunnel && (nics?.includes(name) ?? true));
	return wanted.slice(0, 16).flatMap(({ nic }) => {
		const { addresses, gateways, index, isDefault, name } = nic;
		const gateway = gateways[4].find(({ ip }) => ip !== null)?.ip ?? null;
		const ip = addresses.find((one) => one.af === 4 && isUsable(one))?.ip ?? null;
		if (gateway === null || ip === null || IpAddress.parse(ip).isPublic) return [];
		const sockets = sourceRoute({ af: 4, nic: { name, index, isDefault: (af) => isDefault[af] }, ip });
		return [{ ip, gateway, mapPort: (request) => mapPort(request, { gateway, sockets }) }];
	});
}

/** Whether an address reaches beyond its link, and may be used. */
function isUsable({ deprecated, scope, tentative }: NicAddress): boolean {
	return scope !== "host" && scope !== "link" && !deprecated && !tentative;
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
		(address) => families.includes(address.af) && isUsable(address),
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
