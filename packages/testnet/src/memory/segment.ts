import { contains, hostMask, type Ip, type Prefix, requireIp } from "../ip.js";
import { TopologyError } from "./errors.js";
import type { Fabric } from "./fabric.js";
import type { Packet } from "./packet.js";

/** What a segment needs of a NIC that is attached to it. */
interface Member {
	readonly cable: { readonly name: string };
	readonly addresses: readonly { readonly ip: Ip; readonly prefix: Prefix }[];
	readonly owner: { readonly takesBroadcasts: boolean };
	accept(packet: Packet): void;
}

/** A network that NICs are attached to: an inside network, or the whole outside. */
export class Segment {
	readonly name: string;
	readonly #fabric: Fabric;
	readonly #byIp = new Map<string, Member>();
	readonly #nics: Member[] = [];
	/** Blocks that lie behind one of the attached; longest first. */
	readonly #routes: { readonly prefix: Prefix; readonly nic: Member }[] = [];

	constructor(name: string, fabric: Fabric) {
		this.name = name;
		this.#fabric = fabric;
	}

	/** @throws TopologyError when an address is taken */
	attach(nic: Member): void {
		for (const { ip } of nic.addresses) {
			const holder = this.#byIp.get(ip.text);
			if (holder !== undefined) {
				throw new TopologyError(
					this.name,
					`${ip.text} is both ${holder.cable.name}'s and ${nic.cable.name}'s`,
				);
			}
			this.#byIp.set(ip.text, nic);
		}
		this.#nics.push(nic);
	}

	/** From now on packets for the block go to `nic`, unless one of the attached has the very address. */
	route(prefix: Prefix, nic: Member): void {
		this.#routes.push({ prefix, nic });
		this.#routes.sort((a, b) => b.prefix.length - a.prefix.length);
	}

	/** Whether the address is one that all of a NIC's network listen to. */
	isBroadcast(address: string, nic: Member): boolean {
		if (address === "255.255.255.255" || address === "ff02::1") return true;
		const ip = requireIp(address);
		return nic.addresses.some(
			({ prefix }) =>
				ip.af === 4 &&
				prefix.length < 31 &&
				contains(prefix, ip) &&
				(ip.value & hostMask(prefix)) === hostMask(prefix),
		);
	}

	/** Delivers a packet to the NIC with that address; without one the packet is lost. */
	deliver(packet: Packet, nextHop: string, from: Member): void {
		const nic = this.#byIp.get(nextHop);
		if (nic !== undefined && nic !== from) nic.accept(packet);
		else if (this.isBroadcast(nextHop, from)) this.#spread(packet, from);
		else this.#forward(packet, nextHop, from);
	}

	#spread(packet: Packet, from: Member): void {
		for (const nic of this.#nics) if (nic !== from && nic.owner.takesBroadcasts) nic.accept(packet);
	}

	#forward(packet: Packet, nextHop: string, from: Member): void {
		const nic = this.#routed(nextHop);
		if (nic !== undefined && nic !== from) nic.accept(packet);
		else this.#fabric.report("dropped", this.name, packet, "no-such-host");
	}

	#routed(address: string): Member | undefined {
		const ip = requireIp(address);
		return this.#routes.find(({ prefix }) => contains(prefix, ip))?.nic;
	}
}
