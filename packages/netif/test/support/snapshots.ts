import type { NicAddress, NicInfo, NicKind, NicRoute, NicSnapshot, PerFamily } from "../../src/index.js";
import { Netifaces } from "../../src/index.js";

/** What a test says of a NIC; the rest is that of an Ethernet card that is up. */
export interface NicSpec {
	readonly name: string;
	readonly index?: number;
	readonly kind?: NicKind;
	/** With prefix: `192.168.1.20/24`. */
	readonly addresses?: readonly string[];
	/** Next hops of default routes, by family. */
	readonly gateways?: Partial<PerFamily<string>>;
	readonly up?: boolean;
	readonly running?: boolean;
	readonly bridgePort?: boolean;
	readonly info?: Partial<NicInfo>;
}

/** A NIC as the OS would have it. */
export function nic(spec: NicSpec): NicInfo {
	const { gateways = {} } = spec;
	const addresses = (spec.addresses ?? []).map((text): NicAddress => {
		const [ip = "", cidr] = text.split("/");
		const af = ip.includes(":") ? 6 : 4;
		const scope = /^(fe80|169\.254)/.test(ip) ? "link" : /^(127\.|::1$)/.test(ip) ? "host" : "global";
		return { af, ip, cidr: Number(cidr), scope };
	});
	const gatewaysOf = (af: 4 | 6) => (gateways[af] === undefined ? [] : [{ ip: gateways[af], metric: 100 }]);
	const routes = ([4, 6] as const).flatMap((af): NicRoute[] =>
		gatewaysOf(af).map(({ ip, metric }) => ({
			af,
			destination: af === 4 ? "0.0.0.0" : "::",
			cidr: 0,
			gateway: ip,
			metric,
		})),
	);
	return {
		index: spec.index ?? null,
		name: spec.name,
		displayName: spec.name,
		kind: spec.kind ?? "ethernet",
		kindFrom: "os",
		up: spec.up ?? true,
		running: spec.running ?? spec.up ?? true,
		mtu: 1500,
		mac: "00:1e:67:fa:5d:42",
		master: null,
		bridgePort: spec.bridgePort ?? false,
		addresses,
		addressesKnown: { 4: true, 6: true },
		gateways: { 4: gatewaysOf(4), 6: gatewaysOf(6) },
		routes,
		isDefault: { 4: false, 6: false },
		reversePathFilter: null,
		...spec.info,
	};
}

/** A snapshot of NICs, the first of a family with a gateway being its default. */
export function snapshot(nics: readonly NicInfo[], change: Partial<NicSnapshot> = {}): NicSnapshot {
	const defaultOf = (af: 4 | 6) =>
		nics.find((each) => each.gateways[af].length > 0 && each.running !== false);
	const chosen = { 4: defaultOf(4), 6: defaultOf(6) };
	const default_ = (af: 4 | 6) => {
		const found = chosen[af];
		if (!found) return null;
		const source = found.addresses.find((each) => each.af === af && each.scope === "global")?.ip ?? null;
		return { name: found.name, source, from: "kernel", confirmed: true } as const;
	};
	return {
		platform: "linux",
		nics: nics.map((each) => ({ ...each, isDefault: { 4: each === chosen[4], 6: each === chosen[6] } })),
		defaults: { 4: default_(4), 6: default_(6) },
		routesKnown: { 4: true, 6: true },
		missing: [],
		...change,
	};
}

/** Netifaces of one snapshot. */
export function netifacesOf(taken: NicSnapshot): Netifaces {
	const netifaces = new Netifaces(
		async () => taken,
		() => 0,
	);
	netifaces.take(taken);
	return netifaces;
}
