import type { LabTopology } from "../types.js";
import { HOME_IP4, PORT_RESTRICTED } from "./home-routers.js";
import { OUTSIDE } from "./outside.js";

/** The client's global IPv6 address in the presets of this file that have one. */
export const HOME_IP6 = "2a02:8010:6000:1::20";

/** A home with both families: IPv4 as in `homeRouter`, IPv6 untranslated behind a firewall (RFC 6092). */
export function ipv6Firewall(): LabTopology {
	return {
		...OUTSIDE,
		gateways: [
			{
				name: "router",
				outside: [HOME_IP4, "2a02:8010::2"],
				inside: ["192.168.1.1/24", "2a02:8010:6000:1::1/64"],
				ipv4: PORT_RESTRICTED,
				ipv6: { kind: "firewall", filtering: "address-and-port-dependent" },
			},
		],
		hosts: [
			{
				name: "client",
				nics: [{ name: "eth0", addresses: ["192.168.1.20/24", `${HOME_IP6}/64`], gateway: "router" }],
			},
		],
	};
}

/** No IPv4 on the client at all; IPv6 as in {@link ipv6Firewall}. Names resolve over IPv6. */
export function ipv6Only(): LabTopology {
	return {
		...OUTSIDE,
		gateways: [
			{
				name: "router",
				outside: ["2a02:8010::2"],
				inside: ["2a02:8010:6000:1::1/64"],
				ipv6: { kind: "firewall", filtering: "address-and-port-dependent" },
			},
		],
		hosts: [{ name: "client", nics: [{ name: "eth0", addresses: [`${HOME_IP6}/64`], gateway: "router" }] }],
	};
}

/** The address that {@link prefixTranslation}'s client is seen by from outside. */
export const TRANSLATED_IP6 = "2a02:8010:6000::20";

/** NPTv6 (RFC 6296): unique local addresses inside, a provider's prefix outside, no filter. */
export function prefixTranslation(): LabTopology {
	return {
		...OUTSIDE,
		gateways: [
			{
				name: "router",
				outside: ["2a02:8010::2"],
				inside: ["fd00:1::1/48"],
				ipv6: { kind: "npt", inside: "fd00:1::/48", outside: "2a02:8010:6000::/48" },
			},
		],
		hosts: [{ name: "client", nics: [{ name: "eth0", addresses: ["fd00:1::20/48"], gateway: "router" }] }],
	};
}

/**
 * The documentation's second route example: a link-local address, a single global one and a whole /64 (local
 * as a whole, which in IPv6 needs `ip_nonlocal_bind`, so every address can be bound) on one NIC, with nothing
 * in the way.
 */
export function ipv6Block(): LabTopology {
	return {
		...OUTSIDE,
		gateways: [
			{
				name: "router",
				outside: ["2a02:8010::2"],
				inside: ["2a02:8010:6000:1::1/64"],
				ipv6: { kind: "router" },
			},
		],
		hosts: [
			{
				name: "client",
				nics: [
					{
						name: "eth0",
						addresses: ["fe80:deed:beef::/128", "2020:deed:beef::/128", "2020:deed:deed::/64"],
						gateway: "router",
					},
				],
			},
		],
	};
}
