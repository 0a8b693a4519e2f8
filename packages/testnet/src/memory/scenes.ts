import type { GatewaySpec, LinkSpec, OutsideTopology, Topology } from "../topology.js";

/** What `oneGateway` can be told. */
export interface SceneOptions {
	/** STUN servers outside, each on two ports. @default 1 */
	readonly servers?: number;
	/** Addresses of each family that a server has. @default 2 */
	readonly serverAddresses?: 1 | 2;
	/** For IPv6 as well. @default router */
	readonly ipv6?: GatewaySpec;
	/** The gateway's external IPv4 addresses. @default one */
	readonly externalIps?: readonly string[];
	/** Inside hosts `client`, `client2`, ... @default 1 */
	readonly clients?: number;
	/** The link between the gateway and the outside; a latency of 25 gives a round trip of 50. */
	readonly link?: LinkSpec;
	/** @default false */
	readonly udpBlocked?: boolean;
}

/**
 * STUN servers `stun0`, `stun1`, ... on globally routable addresses, in networks of their own.
 * @param addresses of each family, for each server; with 1 there is no second address to change to. @default 2
 */
export function stunServers(count: number, addresses: 1 | 2 = 2): OutsideTopology[] {
	return Array.from({ length: count }, (_, i) => ({
		name: `stun${i}`,
		ips: [
			`8.${40 + i}.1.1`,
			`2a00:${(0x1450 + i).toString(16)}:1::1`,
			...(addresses === 2 ? [`9.${40 + i}.2.2`, `2a01:${(0x1450 + i).toString(16)}:2::2`] : []),
		],
		services: [{ kind: "stun" as const, port: 3478, alternatePort: 3479 }],
	}));
}

/**
 * Clients behind one gateway `gateway`, and STUN servers outside:
 * `client` (192.168.1.20, 2a02:8070:1:1::20) -- `gateway` (82.1.1.1) -- `stun0`...
 */
export function oneGateway(ipv4: GatewaySpec, options: SceneOptions = {}): Topology {
	const { servers = 1, ipv6 = { kind: "router" }, externalIps = ["82.1.1.1"], clients = 1 } = options;
	return {
		outside: stunServers(servers, options.serverAddresses),
		gateways: [
			{
				name: "gateway",
				outside: [...externalIps, "2a02:8070::1"],
				inside: ["192.168.1.1/24", "2a02:8070:1:1::1/64"],
				ipv4,
				ipv6,
				udpBlocked: options.udpBlocked ?? false,
				link: options.link ?? {},
			},
		],
		hosts: Array.from({ length: clients }, (_, i) => ({
			name: i === 0 ? "client" : `client${i + 1}`,
			nics: [
				{
					name: "eth0",
					addresses: [`192.168.1.${20 + i}/24`, `2a02:8070:1:1::${20 + i}/64`],
					gateway: "gateway",
				},
			],
		})),
	};
}
