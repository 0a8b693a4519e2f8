import { HAIRPIN_SENDS, HAIRPIN_WAIT } from "./defaults.js";
import type { PortTrain } from "./port-train.js";
import type { ProbeTable } from "./probe-table.js";
import { type ProbeSpec, probeId } from "./probes.js";
import type { NatSeen } from "./types.js";

/** Two sockets behind the NAT write to one another's external ends, so that filtering lets both in. */
export class Hairpin {
	readonly #table: ProbeTable;
	#specs: readonly ProbeSpec[] = [];
	#seen = false;
	#startedAt: number | null = null;

	constructor(table: ProbeTable) {
		this.#table = table;
	}

	/**
	 * Begins with the first two sockets of a train that are mapped to the external IP that enough servers agree on. What
	 * a single server reports is not sent to: it may be a victim.
	 */
	start(train: PortTrain, externalIp: string | null, now: number): void {
		if (this.#startedAt !== null) return;
		const [a, b] = train.ends().filter(({ mapped }) => mapped.ip === externalIp);
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
	due(now: number): readonly ProbeSpec[] {
		if (this.#seen) return [];
		return this.#specs.filter(({ id, maxSends }) => {
			const sends = this.#table.get(id)?.sends ?? [];
			const last = sends[sends.length - 1];
			return sends.length < maxSends && (last === undefined || now >= last + HAIRPIN_WAIT / 2);
		});
	}

	isOver(now: number): boolean {
		if (this.#startedAt === null) return false;
		return this.#seen || this.#specs.length === 0 || now >= this.#endsAt();
	}

	/** When something changes by time alone. */
	nextAt(now: number): number {
		const again = this.#sends().map((at) => at + HAIRPIN_WAIT / 2);
		return Math.min(...again.filter((at) => at > now), this.#endsAt());
	}

	/** After the last send, or as long after the first as all sends take, if some could not be afforded. */
	#endsAt(): number {
		const sends = this.#sends();
		const all = sends.length >= this.#specs.length * HAIRPIN_SENDS;
		if (all) return Math.max(...sends) + HAIRPIN_WAIT;
		return (this.#startedAt ?? 0) + HAIRPIN_WAIT * (HAIRPIN_SENDS + 1);
	}

	#sends(): readonly number[] {
		return this.#specs.flatMap(({ id }) => this.#table.get(id)?.sends ?? []);
	}

	get verdict(): NatSeen {
		if (this.#seen) return "yes";
		return this.#specs.length === 0 ? "not-checked" : "no-answer";
	}
}
