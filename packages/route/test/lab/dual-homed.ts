import {
	HOME_IP4,
	type LabNic,
	type LabTopology,
	OUTSIDE,
	PORT_RESTRICTED,
	SECOND_IP4,
} from "@p2pd/testnet/lab";

/**
 * The multi-homed preset with both families: `lan0` is the default NIC, `lan1` has a default route of a higher
 * metric (or what `second` says), each behind a router of its own.
 */
export function dualHomed(second: Partial<LabNic> = {}): LabTopology {
	const firewall = { kind: "firewall", filtering: "address-and-port-dependent" } as const;
	return {
		...OUTSIDE,
		gateways: [
			{
				name: "router0",
				outside: [HOME_IP4, "2a02:8010::2"],
				inside: ["192.168.1.1/24", "2a02:8010:6000:1::1/64"],
				ipv4: PORT_RESTRICTED,
				ipv6: firewall,
			},
			{
				name: "router1",
				outside: [SECOND_IP4, "2a02:8010::3"],
				inside: ["192.168.2.1/24", "2a02:8010:6000:2::1/64"],
				ipv4: PORT_RESTRICTED,
				ipv6: firewall,
			},
		],
		hosts: [
			{
				name: "client",
				nics: [
					{ name: "lan0", addresses: [`${LAN0[4]}/24`, `${LAN0[6]}/64`], gateway: "router0", metric: 100 },
					{
						name: "lan1",
						addresses: [`${LAN1[4]}/24`, `${LAN1[6]}/64`],
						gateway: "router1",
						metric: 200,
						...second,
					},
				],
			},
		],
	};
}

/** The client's addresses on its two NICs. */
export const LAN0 = { 4: "192.168.1.20", 6: "2a02:8010:6000:1::20" } as const;
export const LAN1 = { 4: "192.168.2.20", 6: "2a02:8010:6000:2::20" } as const;
