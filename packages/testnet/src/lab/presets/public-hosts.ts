import type { LabTopology } from "../types.js";
import { PORT_RESTRICTED } from "./home-routers.js";
import { OUTSIDE } from "./outside.js";

/** The addresses of a host that is on the Internet itself. */
export const OPEN_IP4 = "185.12.64.20";
/** @see OPEN_IP4 */
export const OPEN_IP6 = "2a01:4f9:2b::20";

/** A server with public addresses of both families on its NIC and nothing in the way. Host `client`, NIC `eth0`. */
export function openInternet(): LabTopology {
	return {
		...OUTSIDE,
		gateways: [],
		hosts: [
			{
				name: "client",
				nics: [{ name: "eth0", addresses: [`${OPEN_IP4}/24`, `${OPEN_IP6}/64`], gateway: null }],
			},
		],
	};
}

/** A public IPv4 address behind a firewall that lets in answers only and translates nothing (RFC 3489's "symmetric UDP firewall"). */
export function firewalledHost(): LabTopology {
	return {
		...OUTSIDE,
		gateways: [
			{
				name: "router",
				outside: ["81.2.69.142"],
				inside: ["185.12.64.1/24"],
				ipv4: { kind: "firewall", filtering: "address-and-port-dependent" },
			},
		],
		hosts: [{ name: "client", nics: [{ name: "eth0", addresses: [`${OPEN_IP4}/24`], gateway: "router" }] }],
	};
}

/**
 * The documentation's first route example, whole: a private address, a block and an address that are not the
 * host's own outside (all three leave as 1.3.3.7), and 8.8.0.0/16, which is really routed to it. Both blocks
 * are local as a whole (AnyIP), so that each of their addresses can be bound.
 */
export function publicBlock(): LabTopology {
	return {
		...OUTSIDE,
		gateways: [
			{
				name: "router",
				outside: ["1.3.3.7"],
				inside: ["192.168.0.1/24"],
				ipv4: { ...PORT_RESTRICTED, onCollision: "overload" },
				routed: ["8.8.0.0/16"],
			},
		],
		hosts: [
			{
				name: "client",
				nics: [
					{
						name: "eth0",
						addresses: ["192.168.0.20/24", "193.168.0.0/16", "7.7.7.7/32", "8.8.0.0/16"],
						gateway: "router",
					},
				],
			},
		],
	};
}
