import { type Ip, type Prefix, parseCidr } from "../ip.js";
import type { LinkSpec } from "../topology.js";
import { REORDER_BY_MS } from "./defaults.js";
import type { Fabric } from "./fabric.js";
import type { Packet } from "./packet.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Segment } from "./segment.js";
import type { Family } from "./types.js";

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

/** An address of a NIC with the block that it lies in. */
export interface NicAddress {
	readonly ip: Ip;
	readonly prefix: Prefix;
}

/** Who takes the packets that arrive at a NIC. */
export interface NicOwner {
	readonly name: string;
	/** Whether what is sent to all of a network is for it too; a gateway neither takes nor forwards that. */
	readonly takesBroadcasts: boolean;
	receive(packet: Packet, nic: Nic): void;
}

/** A network interface: its addresses, its cable, and the network at the cable's other end. */
export class Nic {
	readonly name: string;
	/** As the kernel numbers them; 1 is the loopback. */
	readonly index: number;
	readonly addresses: readonly NicAddress[];
	readonly segment: Segment;
	readonly cable: Cable;
	readonly owner: NicOwner;

	constructor(parts: {
		readonly name: string;
		readonly index: number;
		readonly addresses: readonly string[];
		readonly segment: Segment;
		readonly cable: Cable;
		readonly owner: NicOwner;
	}) {
		this.name = parts.name;
		this.index = parts.index;
		this.addresses = parts.addresses.map(parseCidr);
		this.segment = parts.segment;
		this.cable = parts.cable;
		this.owner = parts.owner;
		this.segment.attach(this);
	}

	/** The addresses of a family, in the order they were given. */
	ips(af: Family): readonly NicAddress[] {
		return this.addresses.filter(({ ip }) => ip.af === af);
	}

	/** Sends towards the host of the network with that address (a gateway, or the destination itself). */
	transmit(packet: Packet, nextHop: string): void {
		this.cable.carry("up", packet, (sent) => this.segment.deliver(sent, nextHop, this));
	}

	/** From the network down the cable to the owner. */
	accept(packet: Packet): void {
		this.cable.carry("down", packet, (arrived) => this.owner.receive(arrived, this));
	}
}
