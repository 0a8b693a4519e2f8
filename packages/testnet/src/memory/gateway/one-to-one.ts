import type { Dependence } from "../../topology.js";
import type { ManualClock } from "../manual-clock.js";
import type { DropReason, Packet } from "../packet.js";
import type { Lifetime } from "./contacts.js";
import { Firewall } from "./firewall.js";
import { moveDestination, moveSource } from "./readdress.js";
import type { Translator } from "./translator.js";

/** One external address for each inside one, ports untouched (basic NAT); anybody may come in unless filtered. */
export class OneToOne implements Translator {
	readonly hairpins = true;
	readonly #toOutside: ReadonlyMap<string, string>;
	readonly #toInside: ReadonlyMap<string, string>;
	readonly #firewall: Firewall | null;

	/** @param pairs inside address to external address */
	constructor(
		pairs: ReadonlyMap<string, string>,
		clock: ManualClock,
		filtering: Dependence,
		lifetime: Lifetime,
	) {
		this.#toOutside = pairs;
		this.#toInside = new Map([...pairs].map(([inside, outside]) => [outside, inside]));
		// The mapping is always there, so a filter that asks for nothing but a mapping asks for nothing.
		this.#firewall = filtering === "endpoint-independent" ? null : new Firewall(clock, filtering, lifetime);
	}

	claims(ip: string): boolean {
		return this.#toInside.has(ip);
	}

	outbound(packet: Packet): Packet | DropReason {
		const outside = this.#toOutside.get(packet.src);
		if (outside === undefined) return "not-translatable";
		this.#firewall?.outbound(packet);
		return moveSource(packet, outside);
	}

	inbound(packet: Packet): Packet | DropReason {
		const inside = this.#toInside.get(packet.dst);
		if (inside === undefined) return "no-mapping";
		const moved = moveDestination(packet, inside);
		return this.#firewall === null ? moved : this.#firewall.inbound(moved);
	}
}
