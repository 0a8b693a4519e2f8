import { IpAddress } from "@p2pd/address";
import { ANSWERS_KEPT } from "../defaults.js";
import { placeFor } from "./place.js";
import type { Place, Seat } from "./types.js";

/**
 * Where the sockets of a seat sit, by the destination's text. A program connects to the same few places again
 * and again, and reading an address costs as much as all else that is decided before the socket.
 */
export class Places {
	readonly #seat: Seat;
	readonly #kept = new Map<string, Place & { readonly to: IpAddress }>();

	constructor(seat: Seat) {
		this.#seat = seat;
	}

	/** @throws AddressSyntaxError, and as {@link placeFor} */
	of(ip: string): Place & { readonly to: IpAddress } {
		const kept = this.#kept.get(ip);
		if (kept !== undefined) return kept;
		const given = IpAddress.parse(ip);
		const place = placeFor(this.#seat, given);
		const known = { ...place, to: place.to ?? given };
		if (this.#kept.size >= ANSWERS_KEPT) this.#kept.clear();
		this.#kept.set(ip, known);
		return known;
	}
}
