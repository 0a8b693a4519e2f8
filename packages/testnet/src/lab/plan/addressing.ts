import { type Cidr, contains, isBlock, isBogon, isLinkLocal, parseCidr, prefixText } from "../../ip.js";
import { FAMILIES } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import type { LabFamily, LabGateway, LabNic, LabTopology } from "../types.js";

/** What hangs on the inside network of a gateway, or directly on the core: a NIC, or another gateway's outside. */
export interface Attached {
	readonly namespace: string;
	/** The interface's name in that namespace. */
	readonly nic: string;
	/** Addresses in their order; a gateway's outside ones without their neighbour's prefix. */
	readonly addresses: readonly Cidr[];
	/** The address that its neighbours on the link know it by in IPv6. */
	readonly linkLocal: Cidr;
	/** What lies behind it, as far as its neighbour has to know. */
	readonly behind: readonly Cidr[];
}

/** Reads an address of the topology, with a prefix or without. @throws LabTopologyError `ERR_LAB_TOPOLOGY`. */
export function readCidr(text: string): Cidr {
	try {
		return parseCidr(text);
	} catch (cause) {
		throw new LabTopologyError(`"${text}" is not an address with a prefix`, { cause });
	}
}

/** The gateway of a name. @throws LabTopologyError `ERR_LAB_TOPOLOGY`. */
export function gatewayOf(topology: LabTopology, name: string): LabGateway {
	const gateway = topology.gateways.find((one) => one.name === name);
	if (gateway === undefined) throw new LabTopologyError(`there is no gateway "${name}"`);
	return gateway;
}

/** The addresses of a family, parsed. */
export function ofFamily(addresses: readonly string[], af: LabFamily): Cidr[] {
	return addresses.map(readCidr).filter((cidr) => cidr.af === af);
}

const isWithin = (prefixes: readonly Cidr[], cidr: Cidr): boolean =>
	prefixes.some((prefix) => contains(prefix.prefix, cidr.prefix));

/** A NIC's own blocks, and those of its addresses outside the link's prefixes. */
function ownOffLink(attached: Attached, prefixes: readonly Cidr[]): Cidr[] {
	return attached.addresses
		.filter((cidr) => !isLinkLocal(cidr) && (isBlock(cidr) || !isWithin(prefixes, cidr)))
		.map((cidr) => (isBlock(cidr) ? cidr : readCidr(cidr.ip.text)));
}

function behindGateway(topology: LabTopology, gateway: LabGateway, af: LabFamily, serial: Serial): Cidr[] {
	const prefixes = ofFamily(gateway.inside, af);
	const inside = [
		...prefixes.map((cidr) => readCidr(prefixText(cidr.prefix))),
		...attachedTo(topology, gateway.name, serial).flatMap((one) => [
			...ownOffLink(one, prefixes),
			...one.behind,
		]),
	].filter((cidr) => cidr.af === af);
	const routed = (gateway.routed ?? []).map(readCidr);
	const spec = (af === 4 ? gateway.ipv4 : gateway.ipv6) ?? { kind: "router" };
	switch (spec.kind) {
		case "router":
		case "firewall":
			return inside;
		case "npt":
			return [readCidr(spec.outside), ...inside.filter((cidr) => isWithin(routed, cidr))];
		case "nat":
		case "one-to-one":
			return inside.filter((cidr) => isWithin(routed, cidr));
	}
}

/** The number of an attached NIC or gateway, unique in the laboratory; it makes its IPv6 link-local address. */
export type Serial = (namespace: string, nic: string) => number;

/** Numbers every attached NIC and gateway by its place in the topology, from 2 (1 is the upstream side of each link). */
export function serialsOf(topology: LabTopology): Serial {
	const keys = [
		...topology.outside.map((host) => `${host.name}/${OUTSIDE_NIC}`),
		...topology.gateways.map((gateway) => `${gateway.name}/wan`),
		...topology.hosts.flatMap((host) => host.nics.map((nic) => `${host.name}/${nic.name}`)),
	];
	return (namespace, nic) => keys.indexOf(`${namespace}/${nic}`) + 2;
}

/** The NIC's name of every outside host. */
export const OUTSIDE_NIC = "eth0";

/** A NIC as its neighbours see it. */
export function attachedNic(namespace: string, nic: LabNic, serial: Serial): Attached {
	const addresses = nic.addresses.map(readCidr);
	const linkLocal = addresses.find((cidr) => cidr.af === 6 && isLinkLocal(cidr));
	return {
		namespace,
		nic: nic.name,
		addresses,
		linkLocal: linkLocal ?? readCidr(`fe80::${serial(namespace, nic.name).toString(16)}/64`),
		behind: [],
	};
}

/** Everything on a gateway's inside network, or (`null`) directly outside, in the topology's order. */
export function attachedTo(topology: LabTopology, name: string | null, serial: Serial): Attached[] {
	const outside = name === null ? topology.outside : [];
	return [
		...outside.map((host) =>
			attachedNic(host.name, { name: OUTSIDE_NIC, addresses: host.ips, gateway: null }, serial),
		),
		...topology.gateways
			.filter((gateway) => (gateway.behind ?? null) === name)
			.map((gateway): Attached => {
				const behind = FAMILIES.flatMap((af) => behindGateway(topology, gateway, af, serial));
				return {
					namespace: gateway.name,
					nic: "wan",
					addresses: gateway.outside.map(readCidr),
					linkLocal: readCidr(`fe80::${serial(gateway.name, "wan").toString(16)}/64`),
					// Nobody outside routes to private networks.
					behind: name === null ? behind.filter((cidr) => !isBogon(cidr)) : behind,
				};
			}),
		...topology.hosts.flatMap((host) =>
			host.nics.filter((nic) => nic.gateway === name).map((nic) => attachedNic(host.name, nic, serial)),
		),
	];
}

/** `ip -batch` lines of a neighbour's routes to what it does not see on the link anyway. */
export function routesTo(attached: Attached, prefixes: readonly Cidr[], dev: string): string[] {
	const hop4 = attached.addresses.find((cidr) => cidr.af === 4 && !isBlock(cidr));
	const direct = (cidr: Cidr): string => `route add ${prefixText(cidr.prefix)} dev ${dev}`;
	const via6 = (cidr: Cidr): string =>
		`route add ${prefixText(cidr.prefix)} via ${attached.linkLocal.ip.text} dev ${dev}`;
	// A host answers ARP for every address that its routing calls local, a block's too; not so the neighbour discovery of IPv6.
	const own = ownOffLink(attached, prefixes).map((cidr) =>
		cidr.af === 6 && isBlock(cidr) ? via6(cidr) : direct(cidr),
	);
	const behind = attached.behind.map((cidr) => {
		if (cidr.af === 6) return via6(cidr);
		if (hop4 === undefined)
			throw new LabTopologyError(`${attached.namespace}: networks behind it and no IPv4 address outside`);
		return `route add ${prefixText(cidr.prefix)} via ${hop4.ip.text} dev ${dev} onlink`;
	});
	return [...own, ...behind];
}
