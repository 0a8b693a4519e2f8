import type { LabNic, LabTopology } from "../types.js";
import { HOME_IP4, PORT_RESTRICTED } from "./home-routers.js";
import { OUTSIDE } from "./outside.js";

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
