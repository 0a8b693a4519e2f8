import { IpAddress, isIp } from "@p2pd/address";
import { type Check, type Family, is } from "@p2pd/net";
import {
	DEFAULT_STUN_SERVERS,
	parseStunServer,
	StunConfigError,
	type StunServerSpec,
	stunServersFromEnv,
} from "@p2pd/stun-client";
import { NetifArgumentError } from "./errors.js";
import { inNetwork } from "./os/address-text.js";
import type { NicInfo } from "./os/types.js";
import type { StunServerOption } from "./types.js";

const anyServer = { port: is.remotePort };

/** The check of the option `stunServers`. */
export const isStunServers: Check = is.listOf(
	is.either(
		'"host:port", { host, port } or { ip, port }',
		is.filledText,
		is.shape({ ...anyServer, ip: is.filledText }, { required: ["ip", "port"], open: true }),
		is.shape(
			{ ...anyServer, host: is.filledText, families: is.listOf(is.family) },
			{ required: ["host", "port"], open: true },
		),
	),
);

/**
 * Reads the option `stunServers`.
 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT) for a text that is not a server
 */
export function readStunServers(option: readonly StunServerOption[]): readonly StunServerSpec[] {
	return option.map((server, index) => {
		if (typeof server !== "string") return "host" in server ? server : { host: server.ip, port: server.port };
		try {
			return parseStunServer(server);
		} catch (cause) {
			if (!(cause instanceof StunConfigError)) throw cause;
			throw new NetifArgumentError(`stunServers[${index}]`, `is invalid: ${cause.message}`, { cause });
		}
	});
}

/**
 * The servers to ask if no option names any: those of P2PD_STUN_SERVERS, else the public default list.
 * @throws StunConfigError (ERR_STUN_CONFIG) if the variable is invalid
 */
export function defaultStunServers(
	env: Readonly<Record<string, string | undefined>>,
): readonly StunServerSpec[] {
	return stunServersFromEnv(env) ?? DEFAULT_STUN_SERVERS;
}

/** The servers that a NIC has a route to, or why there are none. */
export type ReachableServers =
	| { readonly servers: readonly StunServerSpec[] }
	| { readonly servers: readonly []; readonly reason: string };

/**
 * Leaves out the servers that packets from this NIC cannot reach, so that a NIC without a gateway has a reason at once
 * instead of a time-out: on a socket bound to the device Linux takes every address for a neighbour. A server given by
 * name is taken to be behind the gateway.
 *
 * @param routesKnown whether the OS told the routes of this family; if not, no server is left out for lack of a route
 */
export function reachableServers(
	nic: NicInfo,
	af: Family,
	all: readonly StunServerSpec[],
	routesKnown: boolean,
): ReachableServers {
	const servers = all.filter((server) => hasFamily(server, af));
	if (servers.length === 0) return { servers: [], reason: `no STUN server has IPv${af}` };
	const hasGateway = nic.gateways[af].length > 0 || nic.isDefault[af];
	const reachable = servers.filter(({ host }) => {
		const ip = isIp(host) ? IpAddress.parse(host) : null;
		// A loopback server (RFC 6761 section 6.3) is this host itself, and answers any of its addresses.
		if (ip?.isLoopback || /^(.+\.)?localhost\.?$/i.test(host)) return true;
		if (nic.kind === "loopback") return false;
		if (hasGateway || !routesKnown) return true;
		return ip !== null && isOnNic(nic, `${ip}`);
	});
	if (reachable.length > 0) return { servers: reachable };
	return {
		servers: [],
		reason:
			nic.kind === "loopback"
				? "the loopback leads to no STUN server"
				: `${nic.name} has no IPv${af} gateway and no STUN server on its link`,
	};
}

function hasFamily({ host, families }: StunServerSpec, af: Family): boolean {
	if (isIp(host)) return IpAddress.parse(host).af === af;
	return families === undefined || families.includes(af);
}

function isOnNic(nic: NicInfo, ip: string): boolean {
	return (
		nic.addresses.some((address) => address.cidr !== null && inNetwork(ip, address.ip, address.cidr)) ||
		nic.routes.some((route) => inNetwork(ip, route.destination, route.cidr))
	);
}
