import { REFRESH_MARGIN, REFRESH_PART } from "../defaults.js";

/** Something that the server grants for a time: an allocation, a permission, a channel. */
export class Lease {
	/** When it is over; Infinity while it was never granted. */
	expiresAt = Number.POSITIVE_INFINITY;
	/** When it is to be refreshed. */
	refreshAt = Number.POSITIVE_INFINITY;
	/** A request for it is under way. */
	asking = false;

	/** Whether it was ever granted. */
	get granted(): boolean {
		return this.expiresAt !== Number.POSITIVE_INFINITY;
	}

	/** It was granted for `lifetime` ms from `now`. */
	grant(lifetime: number, now: number): void {
		this.asking = false;
		this.expiresAt = now + lifetime;
		this.refreshAt = this.expiresAt - Math.min(REFRESH_MARGIN, lifetime * REFRESH_PART);
	}

	/** The request for it came to nothing; it is made again at `at`. */
	retry(at: number): void {
		this.asking = false;
		this.refreshAt = at;
	}

	/** It is over, and can be asked for again. */
	end(): void {
		this.asking = false;
		this.expiresAt = Number.POSITIVE_INFINITY;
		this.refreshAt = Number.POSITIVE_INFINITY;
	}

	/** Whether its refresh is due. */
	due(now: number): boolean {
		return !this.asking && this.refreshAt <= now;
	}

	/** When there is something to do for it, beside what its request does. */
	nextAt(): number {
		return this.asking ? this.expiresAt : Math.min(this.refreshAt, this.expiresAt);
	}
}
