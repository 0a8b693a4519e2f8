import type { LabTopology } from "../types.js";
import { OUTSIDE } from "./outside.js";

/** The address that a home router's hosts are seen from outside by. */
export const HOME_IP4 = "81.2.69.142";

/**
 * A home router as most are: it keeps the port where it can, lets only the addressed endpoint answer (a
 * port-restricted cone), and drops what else comes from outside. IPv4 only. Host `client`, NIC `eth0`.
 */
export function homeRouter(): LabTopology {
	return {
		...OUTSIDE,
		gateways: [
			{
				name: "router",
				outside: [HOME_IP4],
				inside: ["192.168.1.1/24"],
				ipv4: {
					kind: "nat",
					mapping: "endpoint-independent",
					filtering: "address-and-port-dependent",
					allocation: { kind: "equal" },
				},
			},
		],
		hosts: [{ name: "client", nics: [{ name: "eth0", addresses: ["192.168.1.20/24"], gateway: "router" }] }],
	};
}
