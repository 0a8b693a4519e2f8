/**
 * One network as plain data, for both halves of the laboratory: the in-memory network and the network
 * namespaces are built from the same description, so that one scenario can run in both where both can do it.
 *
 * ```
 *   outside hosts (globally routable addresses, e.g. STUN servers)
 *        |            |
 *   =====+============+=========== the outside: one routed network
 *        |            |
 *     gateway      gateway          router, NAT or firewall, one behaviour a family
 *        |            |
 *     gateway         |             `behind`: NAT behind NAT, CGN
 *        |            |
 *        +--- host ---+             inside host: one or more NICs
 * ```
 */

/** What a mapping or a filter depends on, in the terms of RFC 4787 sections 4.1 and 5. */
export type Dependence = "endpoint-independent" | "address-dependent" | "address-and-port-dependent";

/**
 * How a NAT picks the external port of a new mapping (local = the port inside):
 *
 * - `equal`: external = local (port preservation, RFC 4787 section 4.2.1)
 * - `preserving`: external = first external + (local - first local); the first external port is random
 * - `independent`: external = last external + `step`, for every new mapping
 * - `dependent`: external = last external + `step` when local = last local + 1, otherwise random
 * - `random`: any free port of the range
 */
export type PortAllocation =
	| { readonly kind: "equal" }
	| { readonly kind: "preserving" }
	| { readonly kind: "independent"; readonly step: number }
	| { readonly kind: "dependent"; readonly step: number }
	| { readonly kind: "random" };

/** A NAT with port translation (NAPT). Every setting is orthogonal to the others. */
export interface NatSpec {
	readonly kind: "nat";
	/** RFC 4787 section 4.1. */
	readonly mapping: Dependence;
	/** RFC 4787 section 5. */
	readonly filtering: Dependence;
	/** @default { kind: "random" } */
	readonly allocation?: PortAllocation;
	/**
	 * What happens when the wanted external port is taken by another mapping, also by one of the same local
	 * port: `next-free` takes the next higher free one of the range, wrapping; `random` a free one by chance;
	 * `overload` shares the port as long as no two mappings of it have the same remote endpoint.
	 * @default "next-free"
	 */
	readonly onCollision?: "next-free" | "random" | "overload";
	/** First and last external port, both included. @default [1024, 65535] */
	readonly ports?: readonly [number, number];
	/**
	 * Which of several external addresses a mapping gets: `paired` keeps one for each inside address,
	 * `arbitrary` takes any for each mapping (RFC 4787 section 4.1, REQ-2). @default "paired"
	 */
	readonly pooling?: "paired" | "arbitrary";
	/** Whether inside hosts reach each other by their external endpoints (RFC 4787 section 6). @default false */
	readonly hairpinning?: boolean;
	/** When an idle mapping ends, in ms, and which direction of traffic keeps it alive (RFC 4787 section 4.3). @default 120000, "outbound" */
	readonly lifetime?: { readonly ms: number; readonly refresh: "outbound" | "inbound" | "both" };
	/** New mappings a second, and how many may come at once; packets that would need more are dropped. @default no limit */
	readonly bindingRate?: { readonly perSecond: number; readonly burst: number };
}

/** One external address for one inside address, ports untouched. */
export interface OneToOneSpec {
	readonly kind: "one-to-one";
	/** Who may send in; the mapping is always there, so `endpoint-independent` lets in everybody. */
	readonly filtering: Dependence;
}

/** Routes without translating; lets in only what answers traffic from inside ("symmetric UDP firewall", IPv6 firewall). */
export interface FirewallSpec {
	readonly kind: "firewall";
	/** Who may send in: RFC 4787 filtering. `endpoint-independent` is "who was ever spoken from". */
	readonly filtering: Dependence;
	/** Idle time in ms after which a pinhole closes. @default 120000 */
	readonly lifetimeMs?: number;
}

/** IPv6 prefix translation, stateless (RFC 6296); both prefixes of one length. */
export interface PrefixTranslationSpec {
	readonly kind: "npt";
	/** E.g. "fd00:1::/48". */
	readonly inside: string;
	/** E.g. "2a00:1450:4001::/48". */
	readonly outside: string;
	/** A firewall on top of the translation. @default no filter */
	readonly filtering?: Dependence;
}

/** Routes and nothing else. */
export interface RouterSpec {
	readonly kind: "router";
}

/** What a gateway does to the traffic of one family. */
export type GatewaySpec = NatSpec | OneToOneSpec | FirewallSpec | PrefixTranslationSpec | RouterSpec;

/** A link's properties, for each direction. Only the in-memory half can make them; the namespaces refuse them. */
export interface LinkSpec {
	/** One way, ms. @default 0 */
	readonly latency?: number;
	/** Added at random, evenly from 0 to this, ms; packets keep their order unless `reorder` says otherwise. @default 0 */
	readonly jitter?: number;
	/** Chance that a packet is lost, 0 to 1. @default 0 */
	readonly loss?: number;
	/** Chance that a packet comes twice, 0 to 1. @default 0 */
	readonly duplicate?: number;
	/** Chance that a packet is held back by `reorderBy`, 0 to 1. @default 0 */
	readonly reorder?: number;
	/** How long a reordered packet is held back, ms. @default 10 */
	readonly reorderBy?: number;
}

/** A box between an inside network and the network outside it. */
export interface GatewayTopology {
	readonly name: string;
	/** The gateway on whose inside network this one's outside lies. @default none: directly on the outside */
	readonly behind?: string;
	/** External addresses without prefix, both families mixed; more than one of a family is a pool. */
	readonly outside: readonly string[];
	/** Inside addresses with prefix, one a family, e.g. ["192.168.1.1/24", "fd00:1::1/64"]. */
	readonly inside: readonly string[];
	/** @default router */
	readonly ipv4?: GatewaySpec;
	/** @default router */
	readonly ipv6?: GatewaySpec;
	/** Drops every UDP datagram that is to cross it. @default false */
	readonly udpBlocked?: boolean;
	/**
	 * How it answers a SYN from outside that it does not let in: not at all, or with a RST (RFC 5382 REQ-4 asks for
	 * silence). Memory only.
	 * @default "drop"
	 */
	readonly unsolicitedSyn?: "drop" | "reset";
	/** The link between the gateway and its outside. */
	readonly link?: LinkSpec;
}

/** A network interface of an inside host. */
export interface NicTopology {
	readonly name: string;
	/** Addresses with prefix, e.g. ["192.168.1.20/24"]. */
	readonly addresses: readonly string[];
	/** The gateway that it is attached to, or null: directly on the outside. */
	readonly gateway: string | null;
	/** Whether it has a default route. @default true */
	readonly defaultRoute?: boolean;
	/** Of its default route; the lowest is the default NIC. @default its place in the list */
	readonly metric?: number;
	/** The link of this NIC. */
	readonly link?: LinkSpec;
}

/** An inside host: what the tests run on. */
export interface HostTopology {
	readonly name: string;
	readonly nics: readonly NicTopology[];
}

/** A service of an outside host. What `stun` and `echo` run is the half's own business. */
export interface ServiceTopology {
	readonly kind: "stun" | "echo";
	/** UDP port (and TCP, where the half offers it). */
	readonly port: number;
	/** The second port of a STUN server that has two addresses (RFC 5780). */
	readonly alternatePort?: number;
}

/** A host outside, on globally routable addresses. */
export interface OutsideTopology {
	readonly name: string;
	/** Without prefix; a STUN server with two of a family serves RFC 5780 on both. */
	readonly ips: readonly string[];
	readonly services?: readonly ServiceTopology[];
	/** The link of this host. */
	readonly link?: LinkSpec;
}

/** A whole network. Names are unique over gateways, hosts and outside hosts. */
export interface Topology {
	readonly outside: readonly OutsideTopology[];
	readonly gateways: readonly GatewayTopology[];
	readonly hosts: readonly HostTopology[];
}
