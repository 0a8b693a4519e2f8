import type { GatewaySpec, LinkSpec, OutsideTopology, Topology } from "../topology.js";
import type { MemoryNetwork } from "./network.js";

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

/** The network of one of two peers. */
export interface PairSide {
	readonly ipv4: GatewaySpec;
	/** @default a firewall that only lets answers in */
	readonly ipv6?: GatewaySpec;
	/** @default false */
	readonly udpBlocked?: boolean;
}

/** What `twoGateways` can be told. */
export interface TwoGatewaysOptions {
	/** The link of each gateway: a latency of 25 gives 50 to a server and 100 between the peers. */
	readonly link?: LinkSpec;
	/** How both gateways answer a SYN that they do not let in. @default "drop" */
	readonly unsolicitedSyn?: "drop" | "reset";
	/** Servers outside, `stun0`, `stun1`, ... @default 1 */
	readonly servers?: number;
}

/**
 * Two peers, each behind a gateway of its own, with a neighbour, and a meeting point:
 *
 * ```
 *   alice 192.168.1.20, alice-neighbour 192.168.1.21 -- gateway-a 82.1.1.1 --+-- gateway-b 82.2.1.1 -- bob, bob-neighbour
 *                                                                            |                        192.168.2.20, .21
 *                                                                          stun0
 * ```
 *
 * Where a gateway does not translate, its inside is 83.1.1.0/24 and 83.2.1.0/24.
 */
export function twoGateways(a: PairSide, b: PairSide, options: TwoGatewaysOptions = {}): Topology {
	const { link = {}, unsolicitedSyn = "drop", servers = 1 } = options;
	const sides = [
		{ name: "alice", gateway: "gateway-a", number: 1, spec: a },
		{ name: "bob", gateway: "gateway-b", number: 2, spec: b },
	];
	return {
		outside: stunServers(servers),
		gateways: sides.map(({ gateway, number, spec }) => ({
			name: gateway,
			outside: [`82.${number}.1.1`, `2a02:807${number}::1`],
			inside: [`${insideOf(spec, number)}.1/24`, `2a02:807${number}:1:1::1/64`],
			ipv4: spec.ipv4,
			ipv6: spec.ipv6 ?? { kind: "firewall", filtering: "address-and-port-dependent" },
			udpBlocked: spec.udpBlocked ?? false,
			unsolicitedSyn,
			link,
		})),
		hosts: sides.flatMap(({ name, gateway, number, spec }) =>
			[name, `${name}-neighbour`].map((host, i) => ({
				name: host,
				nics: [
					{
						name: "eth0",
						addresses: [`${insideOf(spec, number)}.${20 + i}/24`, `2a02:807${number}:1:1::${20 + i}/64`],
						gateway,
					},
				],
			})),
		),
	};
}

function insideOf({ ipv4 }: PairSide, number: number): string {
	return ipv4.kind === "nat" || ipv4.kind === "one-to-one" ? `192.168.${number}` : `83.${number}.1`;
}

/** What `keepBusy` makes a host do. */
export interface BusyOptions {
	/** New flows a second, on average, at random times. */
	readonly perSecond: number;
	readonly transport: "udp" | "tcp";
	/** Where they go. */
	readonly to: { readonly ip: string; readonly port: number };
}

/**
 * Lets a host open new flows, as a neighbour that uses the same NAT: each takes a mapping.
 * @returns what ends it
 */
export function keepBusy(
	network: MemoryNetwork,
	host: string,
	{ perSecond, transport, to }: BusyOptions,
): () => void {
	const { clock } = network;
	const random = network.random.fork(`${host} is busy`);
	const sockets = network.host(host).sockets(to.ip.includes(":") ? 6 : 4);
	const ending = new AbortController();
	let timer: unknown = null;
	const flow = async (): Promise<void> => {
		if (transport === "tcp") {
			const socket = await sockets.connect({ ...to, signal: ending.signal });
			socket.destroy();
			return;
		}
		const socket = await sockets.udp();
		socket.send("busy", to.port, to.ip, () => socket.close());
	};
	const next = (): void => {
		const wait = (-Math.log(1 - random.float()) * 1000) / perSecond;
		timer = clock.setTimeout(() => {
			// A flow that the network refuses has taken its mapping all the same.
			flow().catch(() => undefined);
			next();
		}, wait);
	};
	next();
	return () => {
		clock.clearTimeout(timer);
		ending.abort();
	};
}
