import type { Dependence } from "../../topology.js";
import type { ManualClock } from "../manual-clock.js";
import type { DropReason, Packet } from "../packet.js";
import type { HostPort } from "../types.js";
import type { Translator } from "./translator.js";

/** How long an entry lives without traffic, and whose traffic keeps it. */
export interface Lifetime {
	readonly ms: number;
	readonly refresh: "outbound" | "inbound" | "both";
}

/** What of a remote endpoint a dependence looks at. */
export function remoteKey(dependence: Dependence, { ip, port }: HostPort): string {
	if (dependence === "endpoint-independent") return "";
	return dependence === "address-dependent" ? ip : `${ip}|${port}`;
}

/** Whom one inside endpoint has spoken to, and so who may answer (RFC 4787 section 5). */
export class Contacts {
	readonly #filtering: Dependence;
	readonly #lifetime: Lifetime;
	readonly #seen = new Map<string, number>();
	#last: number;

	constructor(filtering: Dependence, lifetime: Lifetime, now: number) {
		this.#filtering = filtering;
		this.#lifetime = lifetime;
		this.#last = now;
	}

	/** Whether there was traffic, of the kind that counts, within the lifetime. */
	isAlive(now: number): boolean {
		return now - this.#last < this.#lifetime.ms;
	}

	/** A packet left towards `remote`. */
	sent(remote: HostPort, now: number): void {
		const key = remoteKey(this.#filtering, remote);
		const known = this.#fresh(key, now);
		if (known && this.#lifetime.refresh === "inbound") return;
		this.#seen.set(key, now);
		if (this.#lifetime.refresh !== "inbound") this.#last = now;
	}

	/** Whether a packet from `remote` may come in; if so it counts as traffic. */
	admits(remote: HostPort, now: number): boolean {
		const key = remoteKey(this.#filtering, remote);
		if (!this.#fresh(key, now)) return false;
		if (this.#lifetime.refresh !== "outbound") {
			this.#seen.set(key, now);
			this.#last = now;
		}
		return true;
	}

	#fresh(key: string, now: number): boolean {
		const at = this.#seen.get(key);
		return at !== undefined && now - at < this.#lifetime.ms;
	}
}

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
