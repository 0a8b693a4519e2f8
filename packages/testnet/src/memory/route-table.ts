import { requireIp } from "./ip.js";
import type { Nic } from "./nic.js";
import { contains, everything, type Prefix } from "./prefix.js";
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
