import type { Dependence } from "../../topology.js";
import type { ManualClock } from "../manual-clock.js";
import type { DropReason, Packet } from "../packet.js";
import { Contacts, type Lifetime } from "./contacts.js";
import type { Translator } from "./translator.js";

/** Lets in only what answers traffic from inside; changes nothing. */
export class Firewall implements Translator {
	readonly hairpins = false;
	readonly #clock: ManualClock;
	readonly #filtering: Dependence;
	readonly #lifetime: Lifetime;
	readonly #pinholes = new Map<string, Contacts>();

	constructor(clock: ManualClock, filtering: Dependence, lifetime: Lifetime) {
		this.#clock = clock;
		this.#filtering = filtering;
		this.#lifetime = lifetime;
	}

	outbound(packet: Packet): Packet {
		if (packet.proto === "icmp") return packet;
		const now = this.#clock.now();
		const key = `${packet.proto}|${packet.src}|${packet.srcPort}`;
		let contacts = this.#pinholes.get(key);
		if (contacts === undefined) {
			contacts = new Contacts(this.#filtering, this.#lifetime, now);
			this.#pinholes.set(key, contacts);
		}
		contacts.sent({ ip: packet.dst, port: packet.dstPort }, now);
		return packet;
	}

	/** An ICMP error comes in when it is about a packet that went out. */
	inbound(packet: Packet): Packet | DropReason {
		const { proto, local, remote } =
			packet.proto === "icmp"
				? {
						proto: packet.about.proto,
						local: `${packet.about.src}|${packet.about.srcPort}`,
						remote: { ip: packet.about.dst, port: packet.about.dstPort },
					}
				: {
						proto: packet.proto,
						local: `${packet.dst}|${packet.dstPort}`,
						remote: { ip: packet.src, port: packet.srcPort },
					};
		const now = this.#clock.now();
		const contacts = this.#pinholes.get(`${proto}|${local}`);
		return contacts?.admits(remote, now) ? packet : "filtered";
	}

	claims(): boolean {
		return false;
	}
}
