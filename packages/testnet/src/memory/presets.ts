import type { Dependence, FirewallSpec, NatSpec, PortAllocation } from "../topology.js";

/** A gateway as it was met somewhere. */
export interface Preset<T extends NatSpec | FirewallSpec = NatSpec> {
	readonly spec: T;
	/** The device or service that it models. */
	readonly models: string;
	/** Where this behaviour was seen or is documented, and what of the settings is only an assumption. */
	readonly seen: string;
	/** What can be observed from inside, where it differs from how the device works. */
	readonly looksLike?: { readonly mapping: Dependence; readonly filtering: Dependence };
}

const EVERY = "address-and-port-dependent";
const ANY = "endpoint-independent";

/**
 * A Linux router with nftables or iptables masquerade, which is most home routers. Each flow has a mapping of
 * its own, but flows of one local port share the external port, so it looks endpoint-independent.
 */
export const LINUX_MASQUERADE: Preset = {
	spec: {
		kind: "nat",
		mapping: EVERY,
		filtering: EVERY,
		allocation: { kind: "equal" },
		onCollision: "overload",
		lifetime: { ms: 120_000, refresh: "both" },
	},
	models: "home router: Linux netfilter, masquerade",
	seen:
		"this laboratory's namespaces: `masquerade` with unsolicited WAN input dropped; 120 s is the kernel's " +
		"nf_conntrack_udp_timeout_stream (Documentation/networking/nf_conntrack-sysctl.rst). The 30 s that an " +
		"unanswered flow gets are left out",
	looksLike: { mapping: ANY, filtering: EVERY },
};

/** The same with `random,fully-random`: a symmetric NAT. */
export const LINUX_FULLY_RANDOM: Preset = {
	spec: {
		kind: "nat",
		mapping: EVERY,
		filtering: EVERY,
		allocation: { kind: "random" },
		lifetime: { ms: 120_000, refresh: "both" },
	},
	models: "hardened Linux router: netfilter, masquerade random,fully-random",
	seen: "this laboratory's namespaces",
};

/** A home router with its filtering set to open, as game consoles ask for. */
export const HOME_FULL_CONE: Preset = {
	spec: {
		kind: "nat",
		mapping: ANY,
		filtering: ANY,
		allocation: { kind: "equal" },
		hairpinning: true,
	},
	models: "home router with full-cone NAT",
	seen: "this laboratory's namespaces (masquerade and a DNAT of the UDP ports); hairpinning is an assumption",
};

/** What RFC 6888 asks of a carrier-grade NAT. */
export const CARRIER_GRADE: Preset = {
	spec: {
		kind: "nat",
		mapping: ANY,
		filtering: ANY,
		allocation: { kind: "random" },
		pooling: "paired",
		hairpinning: true,
		lifetime: { ms: 300_000, refresh: "both" },
	},
	models: "carrier-grade NAT that keeps to the RFCs",
	seen: "RFC 6888 (REQ-1 and RFC 4787 by it, REQ-2 pooling, REQ-7 filtering); 300 s as RFC 4787 REQ-5 recommends",
};

/** A mobile carrier's NAT: symmetric, within the block of ports that a subscriber was given. */
export const MOBILE: Preset = {
	spec: {
		kind: "nat",
		mapping: EVERY,
		filtering: EVERY,
		allocation: { kind: "random" },
		ports: [20_480, 24_575],
		lifetime: { ms: 60_000, refresh: "both" },
	},
	models: "mobile carrier: symmetric carrier-grade NAT, a chunk of 4096 ports for each subscriber",
	seen:
		"chunked port allocation: Richter et al., A Multi-perspective Analysis of Carrier-Grade NAT Deployment, " +
		"IMC 2016 (arXiv 1605.05606); the size of the chunk and the lifetime are assumptions",
};

/** A managed NAT of a cloud: symmetric, one address for each subnet. */
export const AWS_NAT_GATEWAY: Preset = {
	spec: {
		kind: "nat",
		mapping: EVERY,
		filtering: EVERY,
		allocation: { kind: "random" },
		lifetime: { ms: 350_000, refresh: "both" },
	},
	models: "cloud: AWS NAT gateway",
	seen: "AWS's documentation of NAT gateways for the idle time-out of 350 s; random ports are an assumption",
};

/** A managed NAT of a cloud that offers endpoint-independent mapping, with few ports for each machine. */
export const GCP_CLOUD_NAT: Preset = {
	spec: {
		kind: "nat",
		mapping: ANY,
		filtering: EVERY,
		allocation: { kind: "random" },
		ports: [32_768, 32_831],
		lifetime: { ms: 30_000, refresh: "both" },
	},
	models: "cloud: Google Cloud NAT with enableEndpointIndependentMapping",
	seen:
		"Google's reference of RouterNat: enableEndpointIndependentMapping, minPortsPerVm 64, udpIdleTimeoutSec 30; " +
		"which 64 ports, and the filtering, are assumptions",
};

/** A company's firewall that rewrites every source port: symmetric. */
export const PFSENSE: Preset = {
	spec: {
		kind: "nat",
		mapping: EVERY,
		filtering: EVERY,
		allocation: { kind: "random" },
		lifetime: { ms: 60_000, refresh: "both" },
	},
	models: "corporate firewall: pfSense, automatic outbound NAT",
	seen:
		"docs.netgate.com/pfsense/en/latest/nat/outbound.html: the source port of all but UDP 500 is rewritten " +
		"(the exception is left out); the lifetime is that of pf's udp.multiple",
};

/** Public addresses behind a stateful firewall: no translation, and nothing unsolicited comes in. */
export const SYMMETRIC_UDP_FIREWALL: Preset<FirewallSpec> = {
	spec: { kind: "firewall", filtering: EVERY },
	models: "corporate or campus firewall in front of public IPv4 addresses",
	seen: "named in RFC 3489 section 5 and decided in its section 10.1 as `Symmetric UDP Firewall`",
};

/** What guards the IPv6 side of a home router. */
export const IPV6_HOME_FIREWALL: Preset<FirewallSpec> = {
	spec: { kind: "firewall", filtering: EVERY, lifetimeMs: 120_000 },
	models: "home router, IPv6: stateful firewall without translation",
	seen: "RFC 6092 section 3; the strictest of the filters that REC-11 and REC-12 speak of, as Linux does it",
};

/** Every preset of an IPv4 gateway by name, for tables of cases. */
export const NAT_PRESETS: Readonly<Record<string, Preset>> = {
	LINUX_MASQUERADE,
	LINUX_FULLY_RANDOM,
	HOME_FULL_CONE,
	CARRIER_GRADE,
	MOBILE,
	AWS_NAT_GATEWAY,
	GCP_CLOUD_NAT,
	PFSENSE,
};

/** The three dependences of RFC 4787, weakest first. */
export const DEPENDENCES: readonly Dependence[] = [
	"endpoint-independent",
	"address-dependent",
	"address-and-port-dependent",
];

/** The five ways of picking ports, with a step of 3 where there is one. */
export const ALLOCATIONS: readonly PortAllocation[] = [
	{ kind: "equal" },
	{ kind: "preserving" },
	{ kind: "independent", step: 3 },
	{ kind: "dependent", step: 3 },
	{ kind: "random" },
];

/** All 45 cells of mapping x filtering x allocation, everything else at its default. */
export const NAT_CELLS: readonly NatSpec[] = DEPENDENCES.flatMap((mapping) =>
	DEPENDENCES.flatMap((filtering) =>
		ALLOCATIONS.map((allocation): NatSpec => ({ kind: "nat", mapping, filtering, allocation })),
	),
);
