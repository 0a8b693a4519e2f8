import type { Cable } from "./cable.js";
import type { Ip } from "./ip.js";
import type { Packet } from "./packet.js";
import { type Prefix, parseAddress } from "./prefix.js";
import type { Segment } from "./segment.js";
import type { Family } from "./types.js";

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
		this.addresses = parts.addresses.map(parseAddress);
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
