import type { NatSpec } from "../../topology.js";
import type { LabGateway, LabNic, LabTopology } from "../types.js";
import { OUTSIDE } from "./outside.js";

/** The address that the hosts behind a preset's router are seen by from outside. */
export const HOME_IP4 = "81.2.69.142";

/** What Linux's `masquerade` does on its own: it keeps the port, and only the addressed endpoint may answer. */
export const PORT_RESTRICTED: NatSpec = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
	allocation: { kind: "equal" },
};

function behind(gateway: Partial<LabGateway>): LabTopology {
	return {
		...OUTSIDE,
		gateways: [{ name: "router", outside: [HOME_IP4], inside: ["192.168.1.1/24"], ...gateway }],
		hosts: [{ name: "client", nics: [{ name: "eth0", addresses: ["192.168.1.20/24"], gateway: "router" }] }],
	};
}

/** A home router as most are: port-restricted, drops what comes unasked. Host `client`, NIC `eth0`, IPv4. */
export function homeRouter(): LabTopology {
	return behind({ ipv4: PORT_RESTRICTED });
}

/** As {@link homeRouter}, but every remote endpoint sees another, random port (nft `fully-random`). */
export function symmetricRouter(): LabTopology {
	return behind({
		ipv4: { ...PORT_RESTRICTED, mapping: "address-and-port-dependent", allocation: { kind: "random" } },
	});
}

/** As {@link homeRouter}, but anyone may send to a port that something was sent from. */
export function fullConeRouter(): LabTopology {
	return behind({ ipv4: { ...PORT_RESTRICTED, filtering: "endpoint-independent" } });
}

/** As {@link homeRouter}, but every port of an address that was sent to may answer. */
export function addressRestrictedRouter(): LabTopology {
	return behind({ ipv4: { ...PORT_RESTRICTED, filtering: "address-dependent" } });
}

/**
 * A Linux router without input rules, as a bare server that shares its address. Its connection tracking
 * remembers unsolicited packets, and moves the port of a mapping to a peer that sent first.
 */
export function unfilteredRouter(): LabTopology {
	return behind({ ipv4: PORT_RESTRICTED, unsolicited: "accept" });
}

/** A home router that lets no UDP through, as some offices' and hotels'; names resolve over TCP. */
export function udpBlocked(): LabTopology {
	return behind({ ipv4: PORT_RESTRICTED, udpBlocked: true });
}

/** A cloud machine: a private address, and a public address translated to it one to one, with a stateful firewall. */
export function oneToOneCloud(): LabTopology {
	return behind({ ipv4: { kind: "one-to-one", filtering: "address-and-port-dependent" } });
}

/** A home router behind its provider's (100.64.0.0/10, RFC 6598); both keep ports and are port-restricted. */
export function doubleNat(): LabTopology {
	const home = homeRouter();
	return {
		...home,
		gateways: [
			{ name: "provider", outside: [HOME_IP4], inside: ["100.64.0.1/24"], ipv4: PORT_RESTRICTED },
			{
				name: "router",
				behind: "provider",
				outside: ["100.64.0.20"],
				inside: ["192.168.1.1/24"],
				ipv4: PORT_RESTRICTED,
			},
		],
	};
}

/** The address that the second NIC of {@link multiHomed} is seen by from outside; the first has `HOME_IP4`. */
export const SECOND_IP4 = "85.214.10.20";

/** What is special about the second NIC. */
export type SecondNic = "default-route" | "no-gateway" | "strict-rp-filter";

const SECOND: Readonly<Record<SecondNic, Partial<LabNic>>> = {
	"default-route": { metric: 200 },
	"no-gateway": { defaultRoute: false },
	"strict-rp-filter": { metric: 200, rpFilter: 1 },
};

/**
 * A client with two NICs, `lan0` (the default one) and `lan1`, behind different home routers. The second has
 * a default route of a higher metric, so that only a socket bound to the device uses it; with `no-gateway`
 * even that gets nowhere, and with `strict-rp-filter` its replies are dropped.
 */
export function multiHomed(second: SecondNic = "default-route"): LabTopology {
	return {
		...OUTSIDE,
		gateways: [
			{ name: "router0", outside: [HOME_IP4], inside: ["192.168.1.1/24"], ipv4: PORT_RESTRICTED },
			{ name: "router1", outside: [SECOND_IP4], inside: ["192.168.2.1/24"], ipv4: PORT_RESTRICTED },
		],
		hosts: [
			{
				name: "client",
				nics: [
					{ name: "lan0", addresses: ["192.168.1.20/24"], gateway: "router0", metric: 100 },
					{ name: "lan1", addresses: ["192.168.2.20/24"], gateway: "router1", ...SECOND[second] },
				],
			},
		],
	};
}
