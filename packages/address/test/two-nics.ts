import type { GatewayTopology, HostTopology, NatSpec } from "@p2pd/testnet";

/*
 * A client with two NICs behind different routers.
 *
 *  client  eth0 (192.168.1.20, default) -- gateway one (82.1.1.1) --+-- outside
 *          eth1 (192.168.2.20)          -- gateway two (83.1.1.1) --+
 */

const NAT: NatSpec = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
};

const behind = (name: string, net: number, outside: string): GatewayTopology => ({
	name,
	outside: [outside],
	inside: [`192.168.${net}.1/24`],
	ipv4: NAT,
});

export const gateways: readonly GatewayTopology[] = [
	behind("one", 1, "82.1.1.1"),
	behind("two", 2, "83.1.1.1"),
];

export const client: HostTopology = {
	name: "client",
	nics: [
		{ name: "eth0", addresses: ["192.168.1.20/24"], gateway: "one" },
		{ name: "eth1", addresses: ["192.168.2.20/24"], gateway: "two" },
	],
};
