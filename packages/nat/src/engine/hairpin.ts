import { HAIRPIN_SENDS, HAIRPIN_WAIT } from "../defaults.js";
import type { Seen } from "../types.js";
import { probeId } from "./ids.js";
import type { Ledger } from "./ledger.js";
import type { Train } from "./train.js";
import type { ProbeSpec } from "./types.js";

/** Two sockets behind the NAT write to one another's external ends, so that filtering lets both in. */
export class Hairpin {
	#specs: readonly ProbeSpec[] = [];
	#seen = false;
	#startedAt: number | null = null;

	/** Begin with the first two sockets of a train whose mapped ends have the same IP. */
	start(train: Train, ledger: Ledger, now: number): void {
		if (this.#startedAt !== null) return;
		const ends = train.ends(ledger);
		const a = ends[0];
		const b = ends.find((end) => end !== a && end.mapped.ip === a?.mapped.ip);
		this.#startedAt = now;
		if (a === undefined || b === undefined) return;
		this.#specs = [[a, b, 0, 1] as const, [b, a, 1, 0] as const].map(([from, to, first, second]) => ({
			id: probeId.hairpin(first, second),
			role: "hairpin" as const,
			socket: from.socket,
			server: -1,
			to: to.mapped,
			change: "none" as const,
			maxSends: HAIRPIN_SENDS,
			classic: false,
			unknownAttribute: false,
		}));
	}

	/** A request of ours came back in. */
	arrived(): void {
		this.#seen = true;
	}

	get hasStarted(): boolean {
		return this.#startedAt !== null;
	}

	/** What is to be sent now. */
	due(ledger: Ledger, now: number): readonly ProbeSpec[] {
		if (this.#seen) return [];
		return this.#specs.filter(({ id, maxSends }) => {
			const sends = ledger.get(id)?.sends ?? [];
			const last = sends[sends.length - 1];
			return sends.length < maxSends && (last === undefined || now >= last + HAIRPIN_WAIT / 2);
		});
	}

	isOver(ledger: Ledger, now: number): boolean {
		if (this.#startedAt === null) return false;
		return this.#seen || this.#specs.length === 0 || now >= this.#endsAt(ledger);
	}

	/** When something changes by time alone. */
	nextAt(ledger: Ledger, now: number): number {
		const again = this.#sends(ledger).map((at) => at + HAIRPIN_WAIT / 2);
		return Math.min(...again.filter((at) => at > now), this.#endsAt(ledger));
	}

	/** After the last send, or as long after the first as all sends take, if some could not be afforded. */
	#endsAt(ledger: Ledger): number {
		const sends = this.#sends(ledger);
		const all = sends.length >= this.#specs.length * HAIRPIN_SENDS;
		if (all) return Math.max(...sends) + HAIRPIN_WAIT;
		return (this.#startedAt ?? 0) + HAIRPIN_WAIT * (HAIRPIN_SENDS + 1);
	}

	#sends(ledger: Ledger): readonly number[] {
		return this.#specs.flatMap(({ id }) => ledger.get(id)?.sends ?? []);
	}

	get verdict(): Seen {
		if (this.#seen) return "yes";
		return this.#specs.length === 0 ? "not-checked" : "no-answer";
	}
}
