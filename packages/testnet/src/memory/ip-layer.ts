import { contains, everything, type Prefix, parseIp, parsePrefix, requireIp } from "../ip.js";
import { SystemError, TopologyError } from "./errors.js";
import type { Fabric } from "./fabric.js";
import type { Nic, NicAddress } from "./nic.js";
import type { Packet } from "./packet.js";
import type { Family } from "./types.js";

/** Where packets for a block go. */
export interface RouteEntry {
	readonly prefix: Prefix;
	readonly nic: Nic;
	/** Null: the destination is in the NIC's own network. */
	readonly gateway: string | null;
	/** Of equally long prefixes, the lowest wins. */
	readonly metric: number;
}

/** A kernel's route table: the longest prefix wins, then the lowest metric. */
export class RouteTable {
	readonly #entries: RouteEntry[] = [];
	readonly #found = new Map<string, RouteEntry | null>();

	add(entry: RouteEntry): void {
		this.#entries.push(entry);
		this.#entries.sort((a, b) => b.prefix.length - a.prefix.length || a.metric - b.metric);
		this.#found.clear();
	}

	/** The way to an address, by one NIC only if given. */
	lookup(destination: string, nic: Nic | null): RouteEntry | null {
		const key = nic === null ? destination : `${destination}@${nic.name}`;
		let found = this.#found.get(key);
		if (found === undefined) {
			const ip = requireIp(destination);
			found =
				this.#entries.find((entry) => (nic === null || entry.nic === nic) && contains(entry.prefix, ip)) ??
				null;
			this.#found.set(key, found);
		}
		return found;
	}

	/** The NIC of the default route of a family. */
	defaultNic(af: Family): Nic | null {
		const all = everything(af);
		return this.#entries.find(({ prefix }) => prefix.af === af && prefix.length === all.length)?.nic ?? null;
	}
}

const LOOPBACK4 = parsePrefix("127.0.0.0/8");
const LINK_LOCAL6 = parsePrefix("fe80::/10");

/** Whether an address has a meaning on one link only, and so needs a zone (RFC 4007). */
export const isLinkLocal6 = (text: string): boolean => contains(LINK_LOCAL6, requireIp(text));

const isLoopback = (text: string): boolean =>
	text === "::1" || (text.startsWith("127.") && contains(LOOPBACK4, requireIp(text)));

/** A host's addresses and routes: which way a packet goes, and what source it gets. */
export class IpLayer {
	readonly name: string;
	readonly fabric: Fabric;
	readonly nics: Nic[] = [];
	readonly routes = new RouteTable();
	readonly #own = new Set<string>();
	readonly #broadcast = new Map<string, boolean>();
	readonly #deliver: (packet: Packet, nic: Nic | null) => void;

	/** @param deliver takes what is for this host; the NIC is null when it came from the host itself */
	constructor(name: string, fabric: Fabric, deliver: (packet: Packet, nic: Nic | null) => void) {
		this.name = name;
		this.fabric = fabric;
		this.#deliver = deliver;
	}

	/** Adds a NIC with the routes to its own networks. */
	add(nic: Nic): void {
		this.nics.push(nic);
		for (const { ip, prefix } of nic.addresses) {
			this.#own.add(ip.text);
			this.routes.add({ prefix, nic, gateway: null, metric: nic.index });
		}
	}

	/** Adds a default route; without gateway the NIC's network is itself the way out. */
	addDefault(af: Family, nic: Nic, gateway: string | null, metric: number): void {
		this.routes.add({ prefix: everything(af), nic, gateway, metric });
	}

	/** @throws TopologyError if there is no NIC of that name */
	nic(name: string): Nic {
		const nic = this.nics.find((one) => one.name === name);
		if (nic === undefined) throw new TopologyError(this.name, `no NIC ${name}`);
		return nic;
	}

	isOwn(ip: string): boolean {
		return this.#own.has(ip) || isLoopback(ip);
	}

	/** Separates a zone, and says which NIC it means. @throws SystemError `EINVAL`, `ENETUNREACH` */
	parse(text: string, syscall: string): { readonly ip: string; readonly nic: Nic | null } {
		const [address = "", zone] = text.split("%");
		const ip = parseIp(address);
		if (ip === null) throw new SystemError("EINVAL", syscall, text);
		if (zone === undefined) return { ip: ip.text, nic: null };
		const nic = this.nics.find((one) => one.name === zone || String(one.index) === zone);
		if (nic === undefined) throw new SystemError("ENETUNREACH", syscall, text);
		return { ip: ip.text, nic };
	}

	/** The address as its owner writes it: link-local ones with the zone. */
	withZone(ip: string, nic: Nic | null): string {
		return nic !== null && ip.startsWith("fe80:") ? `${ip}%${nic.name}` : ip;
	}

	/** The source that the kernel would pick. @throws SystemError `ENETUNREACH`, `EADDRNOTAVAIL` */
	sourceFor(destination: string, nic: Nic | null): string {
		if (this.isOwn(destination)) return destination;
		const way = this.#way(destination, nic);
		const { af } = requireIp(destination);
		const best = pickSource(way.nic.ips(af), destination) ?? this.#anySource(af);
		if (best === undefined) throw new SystemError("EADDRNOTAVAIL", "connect", destination);
		return best;
	}

	/** Sends at once; no listener is called before the caller returns. */
	output(packet: Packet, nic: Nic | null): void {
		const { dst } = packet;
		if (this.isOwn(dst)) {
			this.fabric.report("sent", this.name, packet);
			this.fabric.clock.schedule(() => this.#deliver(packet, null), 0);
			return;
		}
		const way = this.#way(dst, nic);
		this.fabric.report("sent", this.name, packet);
		this.fabric.clock.schedule(() => way.nic.transmit(packet, way.gateway ?? dst), 0);
	}

	/** Whether the address reaches all of a network that this host is on. */
	isBroadcast(destination: string): boolean {
		let known = this.#broadcast.get(destination);
		if (known === undefined) {
			known = this.nics.some((nic) => nic.segment.isBroadcast(destination, nic));
			this.#broadcast.set(destination, known);
		}
		return known;
	}

	#way(destination: string, nic: Nic | null): { readonly nic: Nic; readonly gateway: string | null } {
		const limited = destination === "255.255.255.255" ? (nic ?? this.routes.defaultNic(4)) : null;
		if (limited !== null) return { nic: limited, gateway: null };
		if (nic === null && isLinkLocal6(destination)) throw new SystemError("EINVAL", "send", destination);
		const way = this.routes.lookup(destination, nic);
		if (way === null) throw new SystemError("ENETUNREACH", "connect", destination);
		return way;
	}

	#anySource(af: Family): string | undefined {
		return this.nics.flatMap((nic) => nic.ips(af)).find(({ ip }) => !isLinkLocal6(ip.text))?.ip.text;
	}
}

/** Of a NIC's addresses: one in the destination's own network, else the first of more than link scope. */
function pickSource(addresses: readonly NicAddress[], destination: string): string | undefined {
	const ip = requireIp(destination);
	const near = addresses.find(({ prefix }) => contains(prefix, ip));
	const wide = addresses.find(({ ip: own }) => own.af === 4 || !isLinkLocal6(own.text));
	return (near ?? wide)?.ip.text;
}
