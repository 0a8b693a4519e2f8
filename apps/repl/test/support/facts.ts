import type { NicAddress, NicInfo, NicSnapshot } from "@p2pd/core";
import type { Facts, LookupFact, NatFact, StunFact } from "../../src/doctor/types.js";

/** An address on a NIC. */
export function address(ip: string, cidr: number, more: Partial<NicAddress> = {}): NicAddress {
	return {
		af: ip.includes(":") ? 6 : 4,
		ip,
		cidr,
		scope: ip.startsWith("fe80") ? "link" : "global",
		...more,
	};
}

/** A NIC that runs, with one private IPv4 address and a gateway. */
export function nicInfo(more: Partial<NicInfo> = {}): NicInfo {
	const name = more.name ?? "eth0";
	return {
		index: 2,
		name,
		displayName: name,
		kind: "ethernet",
		kindFrom: "os",
		up: true,
		running: true,
		mtu: 1500,
		mac: "02:00:00:00:00:01",
		master: null,
		bridgePort: false,
		addresses: [address("192.168.1.20", 24)],
		addressesKnown: { 4: true, 6: true },
		gateways: { 4: [{ ip: "192.168.1.1", metric: 100 }], 6: [] },
		routes: [],
		isDefault: { 4: true, 6: false },
		reversePathFilter: "off",
		...more,
	};
}

/** One look at a machine with these NICs, of which the first is the default one of IPv4. */
export function snapshotOf(nics: readonly NicInfo[], more: Partial<NicSnapshot> = {}): NicSnapshot {
	const [first] = nics;
	const chosen =
		first === undefined
			? null
			: { name: first.name, source: "192.168.1.20", from: "kernel" as const, confirmed: true };
	return {
		platform: "linux",
		nics,
		defaults: { 4: chosen, 6: null },
		routesKnown: { 4: true, 6: true },
		missing: [],
		...more,
	};
}

/** A lookup that found an address. */
export function lookup(more: Partial<LookupFact> = {}): LookupFact {
	return {
		name: "stun.example.com",
		af: 4,
		way: "system",
		server: null,
		outcome: { status: "found", ips: ["194.9.10.11"] },
		took: 5,
		...more,
	};
}

/** A STUN request that was answered. */
export function stunFact(more: Partial<StunFact> = {}): StunFact {
	return {
		server: "stun.example.com:3478",
		ip: "194.9.10.11",
		af: 4,
		transport: "udp",
		outcome: { status: "answered", mapped: "81.2.69.142:40000", rtt: 12 },
		...more,
	};
}

/** The NAT of a home router. */
export function natFact(more: Partial<NatFact> = {}): NatFact {
	return {
		type: 5,
		mapping: "endpoint-independent",
		filtering: "address-and-port-dependent",
		delta: { type: 2, value: 0 },
		reason: "Type 5, restrict port.",
		local: { ip: "192.168.1.20", port: 40000 },
		externalIps: ["81.2.69.142"],
		sharedAddressSpace: false,
		doubleNat: { verdict: "no-sign", reasons: [] },
		hairpinning: "no-answer",
		...more,
	};
}

/** What is gathered of IPv4 behind a home router where everything works. */
export function facts(more: Partial<Facts> = {}): Facts {
	const nic = more.nic === undefined ? nicInfo() : more.nic;
	return {
		snapshot: snapshotOf(nic === null ? [] : [nic]),
		nic,
		chosen: false,
		families: [4],
		servers: ["stun.example.com:3478"],
		resolvers: ["9.9.9.9"],
		lookups: [lookup(), lookup({ way: "direct", server: "9.9.9.9" })],
		stun: [stunFact(), stunFact({ transport: "tcp" })],
		external: {
			4: { addresses: ["81.2.69.142/32"], nonPublic: false, singleServer: false, reason: null },
			6: null,
		},
		nat: { 4: natFact(), 6: null },
		natAsked: true,
		nat64: null,
		routerWan: null,
		clock: { now: Date.UTC(2027, 0, 1), step: 0, synchronised: true },
		...more,
	};
}
