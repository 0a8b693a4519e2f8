import type { NatSpec } from "../../topology.js";
import { TCP_LIFETIME_MS } from "../defaults.js";
import type { ManualClock } from "../manual-clock.js";
import type { DropReason, IcmpPacket, Packet, PortedPacket } from "../packet.js";
import type { SeededRandom } from "../seeded-random.js";
import type { HostPort } from "../types.js";
import { Contacts, remoteKey } from "./filtering.js";
import { type NatSettings, natSettings } from "./nat-settings.js";
import { PortAllocator } from "./port-allocator.js";
import type { Translator } from "./translator.js";

/** One mapping, as the NAT knows it. */
interface Mapping {
	readonly key: string;
	readonly proto: PortedPacket["proto"];
	readonly inside: HostPort;
	readonly external: HostPort;
	/** The endpoint it was made for; tells mappings of an overloaded port apart. */
	readonly remote: HostPort;
	readonly contacts: Contacts;
}

/** A mapping as tests see it. */
export interface NatMapping {
	readonly proto: "udp" | "tcp";
	readonly inside: HostPort;
	readonly external: HostPort;
}

/** What a NAT is made of. */
export interface NatParts {
	/** For error messages. */
	readonly name: string;
	readonly spec: NatSpec;
	/** External addresses of the family, at least one. */
	readonly externalIps: readonly string[];
	readonly clock: ManualClock;
	readonly random: SeededRandom;
}

const endpointKey = (proto: string, { ip, port }: HostPort): string => `${proto}|${ip}|${port}`;
const sourceOf = (packet: PortedPacket): HostPort => ({ ip: packet.src, port: packet.srcPort });
const destinationOf = (packet: PortedPacket): HostPort => ({ ip: packet.dst, port: packet.dstPort });

/**
 * A NAT with port translation, every setting of RFC 4787 on its own. Mappings end by lack of traffic; an ended
 * one is found out when somebody next asks for it or for its port.
 */
export class Nat implements Translator {
	readonly hairpins: boolean;
	readonly settings: NatSettings;
	readonly #clock: ManualClock;
	readonly #random: SeededRandom;
	readonly #externalIps: readonly string[];
	readonly #bucket: TokenBucket | null;
	readonly #byInside = new Map<string, Mapping>();
	readonly #byExternal = new Map<string, Mapping[]>();
	readonly #allocators = new Map<string, PortAllocator>();
	readonly #paired = new Map<string, string>();
	#resets = 0;

	/** @throws TopologyError for settings that make no sense */
	constructor({ name, spec, externalIps, clock, random }: NatParts) {
		this.settings = natSettings(name, spec);
		this.hairpins = this.settings.hairpinning;
		this.#clock = clock;
		this.#random = random;
		this.#externalIps = externalIps;
		const rate = this.settings.bindingRate;
		this.#bucket = rate === null ? null : new TokenBucket(rate.perSecond, rate.burst, clock.now());
	}

	/** The mappings that live now. */
	mappings(): readonly NatMapping[] {
		const now = this.#clock.now();
		return [...this.#byInside.values()]
			.filter(({ contacts }) => contacts.isAlive(now))
			.map(({ proto, inside, external }) => ({ proto, inside, external }));
	}

	/** Forgets everything, as a reboot does; the allocation starts again too. */
	reset(): void {
		this.#byInside.clear();
		this.#byExternal.clear();
		this.#allocators.clear();
		this.#paired.clear();
		this.#resets += 1;
	}

	claims(ip: string): boolean {
		return this.#externalIps.includes(ip);
	}

	outbound(packet: Packet): Packet | DropReason {
		if (packet.proto === "icmp") return this.#outboundError(packet);
		const inside = sourceOf(packet);
		const remote = destinationOf(packet);
		const known = this.#find(packet.proto, inside, remote);
		const mapping = known ?? this.#create(packet.proto, inside, remote);
		if (typeof mapping === "string") return mapping;
		mapping.contacts.sent(remote, this.#clock.now());
		return { ...packet, src: mapping.external.ip, srcPort: mapping.external.port };
	}

	inbound(packet: Packet): Packet | DropReason {
		if (packet.proto === "icmp") return this.#inboundError(packet);
		const remote = sourceOf(packet);
		const sharing = this.#sharing(packet.proto, destinationOf(packet));
		const mapping = sharing.find((one) => sameEndpoint(one.remote, remote)) ?? sharing.at(-1);
		if (mapping === undefined) return "no-mapping";
		if (!mapping.contacts.admits(remote, this.#clock.now())) return "filtered";
		return { ...packet, dst: mapping.inside.ip, dstPort: mapping.inside.port };
	}

	/** An inside host says that a packet which came through a mapping met no socket (RFC 5508 section 4). */
	#outboundError(packet: IcmpPacket): Packet | DropReason {
		const mapping = this.#find(packet.about.proto, destinationOf(packet.about), sourceOf(packet.about));
		if (mapping === undefined) return "no-mapping";
		const { ip, port } = mapping.external;
		return { ...packet, src: ip, about: { ...packet.about, dst: ip, dstPort: port } };
	}

	/** Somebody outside says so about a packet that left through a mapping. */
	#inboundError(packet: IcmpPacket): Packet | DropReason {
		const { about } = packet;
		const sharing = this.#sharing(about.proto, sourceOf(about));
		const mapping = sharing.find((one) => sameEndpoint(one.remote, destinationOf(about))) ?? sharing.at(-1);
		if (mapping === undefined) return "no-mapping";
		const { ip, port } = mapping.inside;
		return { ...packet, dst: ip, about: { ...about, src: ip, srcPort: port } };
	}

	#key(proto: string, inside: HostPort, remote: HostPort): string {
		return `${endpointKey(proto, inside)}|${remoteKey(this.settings.mapping, remote)}`;
	}

	#find(proto: string, inside: HostPort, remote: HostPort): Mapping | undefined {
		const mapping = this.#byInside.get(this.#key(proto, inside, remote));
		if (mapping === undefined || mapping.contacts.isAlive(this.#clock.now())) return mapping;
		this.#end(mapping);
		return undefined;
	}

	#create(proto: PortedPacket["proto"], inside: HostPort, remote: HostPort): Mapping | DropReason {
		const now = this.#clock.now();
		if (this.#bucket !== null && !this.#bucket.take(now)) return "binding-rate";
		const ip = this.#externalIpFor(inside.ip);
		const port = this.#allocator(proto, ip).pick(inside.port, (wanted) =>
			this.#isTaken(proto, { ip, port: wanted }, remote),
		);
		if (port === null) return "no-free-port";
		const { filtering, lifetime } = this.settings;
		const life = proto === "udp" ? lifetime : { ...lifetime, ms: TCP_LIFETIME_MS };
		const mapping: Mapping = {
			key: this.#key(proto, inside, remote),
			proto,
			inside,
			external: { ip, port },
			remote,
			contacts: new Contacts(filtering, life, now),
		};
		this.#byInside.set(mapping.key, mapping);
		const external = endpointKey(proto, mapping.external);
		const sharing = this.#byExternal.get(external);
		if (sharing === undefined) this.#byExternal.set(external, [mapping]);
		else sharing.push(mapping);
		return mapping;
	}

	#isTaken(proto: string, external: HostPort, remote: HostPort): boolean {
		const sharing = this.#sharing(proto, external);
		if (this.settings.onCollision !== "overload") return sharing.length > 0;
		return sharing.some((one) => sameEndpoint(one.remote, remote));
	}

	/** The live mappings of an external endpoint; more than one only when ports are overloaded. */
	#sharing(proto: string, external: HostPort): readonly Mapping[] {
		const key = endpointKey(proto, external);
		const all = this.#byExternal.get(key);
		if (all === undefined) return [];
		const now = this.#clock.now();
		if (all.every(({ contacts }) => contacts.isAlive(now))) return all;
		for (const mapping of all.filter(({ contacts }) => !contacts.isAlive(now))) this.#end(mapping);
		return this.#byExternal.get(key) ?? [];
	}

	#end(mapping: Mapping): void {
		this.#byInside.delete(mapping.key);
		const key = endpointKey(mapping.proto, mapping.external);
		const left = (this.#byExternal.get(key) ?? []).filter((one) => one !== mapping);
		if (left.length === 0) this.#byExternal.delete(key);
		else this.#byExternal.set(key, left);
	}

	#allocator(proto: string, externalIp: string): PortAllocator {
		const key = `${proto}|${externalIp}`;
		let allocator = this.#allocators.get(key);
		if (allocator === undefined) {
			const { allocation, onCollision, ports } = this.settings;
			allocator = new PortAllocator(
				allocation,
				onCollision,
				ports,
				this.#random.fork(`${key}|${this.#resets}`),
			);
			this.#allocators.set(key, allocator);
		}
		return allocator;
	}

	#externalIpFor(insideIp: string): string {
		const pick = (): string => this.#externalIps[this.#random.int(0, this.#externalIps.length - 1)] ?? "";
		if (this.#externalIps.length === 1 || this.settings.pooling === "arbitrary") return pick();
		const paired = this.#paired.get(insideIp) ?? pick();
		this.#paired.set(insideIp, paired);
		return paired;
	}
}

const sameEndpoint = (a: HostPort, b: HostPort): boolean => a.ip === b.ip && a.port === b.port;

/** So many at once, and so many more a second. */
export class TokenBucket {
	readonly #perMs: number;
	readonly #burst: number;
	#tokens: number;
	#at: number;

	constructor(perSecond: number, burst: number, now: number) {
		this.#perMs = perSecond / 1000;
		this.#burst = burst;
		this.#tokens = burst;
		this.#at = now;
	}

	/** Whether one more is allowed now; if so it is counted. */
	take(now: number): boolean {
		this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
		this.#at = now;
		if (this.#tokens < 1) return false;
		this.#tokens -= 1;
		return true;
	}
}
