import type { LabOutside, LabTopology } from "../types.js";

/*
 * Outside addresses are ones that the IANA tables call globally routable, because documentation ranges are
 * not public and the code under test must see public ones. They exist in namespaces only.
 */

/** coturn: two addresses of each family, ports 3478 and 3479 (RFC 5780). */
export const COTURN: LabOutside = {
	name: "coturn",
	ips: ["194.9.10.11", "194.9.10.12", "2a01:4f8:c0c::11", "2a01:4f8:c0c::12"],
	services: [{ kind: "stun", port: 3478, alternatePort: 3479 }],
};

/** stund, a classic RFC 3489 server, on two IPv4 addresses. */
export const STUND: LabOutside = {
	name: "stund",
	ips: ["195.8.20.21", "195.8.20.22"],
	services: [{ kind: "classic-stun", port: 3478, alternatePort: 3479 }],
};

/** Sends back what comes to port 80, over TCP and UDP. */
export const ECHO: LabOutside = {
	name: "echo",
	ips: ["93.184.215.14", "2606:2800:21f:cb07::14"],
	services: [{ kind: "echo", port: 80 }],
};

/** The one DNS server. */
export const DNS: LabOutside = {
	name: "dns",
	ips: ["9.9.9.9", "2620:fe::fe"],
	services: [{ kind: "dns", port: 53 }],
};

/** What every preset finds outside: STUN servers of both generations, an echo server, and DNS names for all of them. */
export const OUTSIDE: Pick<LabTopology, "outside" | "names"> = {
	outside: [COTURN, STUND, ECHO, DNS],
	names: {
		"example.com": ECHO.ips,
		"v4.example.com": ["93.184.215.14"],
		"v6.example.com": ["2606:2800:21f:cb07::14"],
		"stun.example.com": ["194.9.10.11", "2a01:4f8:c0c::11"],
		"classic.example.com": ["195.8.20.21"],
	},
};
