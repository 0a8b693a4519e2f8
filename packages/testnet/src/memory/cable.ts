import type { LinkSpec } from "../topology.js";
import { REORDER_BY_MS } from "./defaults.js";
import type { Fabric } from "./fabric.js";
import type { Packet } from "./packet.js";
import type { SeededRandom } from "./seeded-random.js";

type Deliver = (packet: Packet) => void;

/** What a perfect cable does: nothing, at once. */
const PERFECT: Required<LinkSpec> = {
	latency: 0,
	jitter: 0,
	loss: 0,
	duplicate: 0,
	reorder: 0,
	reorderBy: REORDER_BY_MS,
};

/** Checks a link's numbers. @throws RangeError */
function completeLink(spec: LinkSpec): Required<LinkSpec> {
	const whole = { ...PERFECT, ...spec };
	for (const key of ["loss", "duplicate", "reorder"] as const) {
		if (!(whole[key] >= 0 && whole[key] <= 1)) throw new RangeError(`${key} is a chance from 0 to 1`);
	}
	for (const key of ["latency", "jitter", "reorderBy"] as const) {
		if (!(whole[key] >= 0 && whole[key] < Number.POSITIVE_INFINITY)) throw new RangeError(`${key} is ms`);
	}
	return whole;
}

/**
 * The cable of one NIC. Each direction delays, loses, doubles and reorders on its own; packets of one
 * direction keep their order, whatever the jitter, unless they are picked to be held back.
 */
export class Cable {
	readonly name: string;
	readonly #fabric: Fabric;
	readonly #random: SeededRandom;
	#spec: Required<LinkSpec> = PERFECT;
	/** When the last packet of each direction arrives that keeps the order. */
	readonly #last = { up: 0, down: 0 };

	constructor(name: string, fabric: Fabric, random: SeededRandom, spec: LinkSpec = {}) {
		this.name = name;
		this.#fabric = fabric;
		this.#random = random;
		this.set(spec);
	}

	/** Changes the link from now on; what is under way is not touched. @throws RangeError */
	set(spec: LinkSpec): void {
		this.#spec = completeLink(spec);
	}

	/** Carries a packet; `deliver` is called at once when there is nothing to wait for. */
	carry(direction: "up" | "down", packet: Packet, deliver: Deliver): void {
		const { loss, duplicate } = this.#spec;
		if (this.#random.chance(loss)) {
			this.#fabric.report("dropped", this.name, packet, "link-loss");
			return;
		}
		this.#send(direction, packet, deliver);
		if (this.#random.chance(duplicate)) this.#send(direction, packet, deliver);
	}

	#send(direction: "up" | "down", packet: Packet, deliver: Deliver): void {
		const { latency, jitter, reorder, reorderBy } = this.#spec;
		const now = this.#fabric.clock.now();
		let arrival = now + latency + (jitter > 0 ? this.#random.float() * jitter : 0);
		if (this.#random.chance(reorder)) arrival += reorderBy;
		else this.#last[direction] = arrival = Math.max(arrival, this.#last[direction]);
		if (arrival <= now) deliver(packet);
		else this.#fabric.clock.schedule(() => deliver(packet), arrival - now);
	}
}
