import { IpAddress } from "@p2pd/address";
import { isDeltaType, isNatType } from "@p2pd/nat";
import type { Endpoint } from "@p2pd/net";
import { MAX_LAN, MAX_PORTS } from "./defaults.js";
import { PunchMessageError } from "./errors.js";
import type { NatKind } from "./kind.js";

/** What one side tells the other of itself for a round. */
export interface Offer {
	readonly kind: NatKind;
	/** Its external address, and the ports seen or predicted there, in the order of its sockets. */
	readonly external: { readonly ip: string; readonly ports: readonly number[] } | null;
	/** Where it can be reached inside its own network. */
	readonly lan: readonly Endpoint[];
}

/** Why a peer ends a punch. */
export type EndReason = "gave-up" | "relay" | "needs-listener";

/** A message on the channel. Times are whole tenths of a millisecond, modulo 2^32. */
export type Message = {
	/** Chosen by the sender for this call; a secret of the channel. */
	readonly from: Uint8Array;
	/** The receiver's, or null while it is not known. */
	readonly to: Uint8Array | null;
} & (
	| {
			/** Leader: "prepare round n". Follower: "I am ready". Leader: "start". */
			readonly type: "prepare" | "ready" | "start";
			readonly round: number;
			/** `prepare`: the leader's time. `ready`: that time returned. `start`: 0. */
			readonly stamp: number;
			/** `ready`: how long the follower held the `prepare`. `start`: how long to wait. */
			readonly wait: number;
			readonly offer: Offer;
	  }
	| { readonly type: "end"; readonly reason: EndReason }
);

/** Bytes of the secret that each side adds. */
export const NONCE_SIZE = 16;

const MAGIC = [0x50, 0x4e, 1] as const;
const TYPES = ["prepare", "ready", "start", "end"] as const;
const REASONS: readonly EndReason[] = ["gave-up", "relay", "needs-listener"];
/** More would not be an honest message: 4 + 2 x 16 + 14 + 18 + 64 + 4 x 19 bytes. */
const MAX_SIZE = 256;

/**
 * ```
 *  "PN" version type | from 16 | to 16 (zeros: unknown) | round 1 | stamp 4 | wait 4 | NAT type 1, delta 1, step 2
 *  | external: family 1 (0: none), ip 4 or 16, count 1, ports 2 each | count 1, LAN: family 1, ip, port 2 each
 * ```
 * An `end` has one byte after `to`: the reason.
 */
export function encodeMessage(message: Message): Uint8Array {
	const out: number[] = [...MAGIC, TYPES.indexOf(message.type), ...message.from];
	out.push(...(message.to ?? new Uint8Array(NONCE_SIZE)));
	if (message.type === "end") return Uint8Array.from([...out, REASONS.indexOf(message.reason)]);
	const { kind, external, lan } = message.offer;
	out.push(
		message.round,
		...u32(message.stamp),
		...u32(message.wait),
		kind.type,
		kind.delta,
		...u16(kind.step),
	);
	if (external === null) out.push(0);
	else out.push(...ipBytes(external.ip), external.ports.length, ...external.ports.flatMap(u16));
	out.push(lan.length, ...lan.flatMap(({ ip, port }) => [...ipBytes(ip), ...u16(port)]));
	return Uint8Array.from(out);
}

/**
 * Reads a message. Everything is checked: nothing that a peer says can be longer, or mean other values, than this
 * package itself would send.
 *
 * @throws PunchMessageError (`ERR_PUNCH_MESSAGE`)
 */
export function decodeMessage(bytes: Uint8Array): Message {
	if (bytes.length > MAX_SIZE) throw new PunchMessageError(`${bytes.length} bytes`);
	const reader = new Reader(bytes);
	if (!MAGIC.every((byte) => reader.u8() === byte)) throw new PunchMessageError("wrong magic or version");
	const type = TYPES[reader.u8()];
	const from = reader.take(NONCE_SIZE);
	const to = reader.take(NONCE_SIZE);
	const head = { from, to: to.every((byte) => byte === 0) ? null : to };
	if (type === undefined) throw new PunchMessageError("unknown type");
	if (type === "end") {
		const reason = REASONS[reader.u8()];
		if (reason === undefined) throw new PunchMessageError("unknown reason");
		reader.end();
		return { ...head, type, reason };
	}
	const round = reader.u8();
	const stamp = reader.u32();
	const wait = reader.u32();
	const kind = readKind(reader);
	const ip = reader.ip();
	const external = ip === null ? null : { ip, ports: reader.list(MAX_PORTS, () => reader.port()) };
	const lan = reader.list(MAX_LAN, () => {
		const lanIp = reader.ip();
		if (lanIp === null) throw new PunchMessageError("an address without family");
		return { ip: lanIp, port: reader.port() };
	});
	reader.end();
	return { ...head, type, round, stamp, wait, offer: { kind, external, lan } };
}

function readKind(reader: Reader): NatKind {
	const type = reader.u8();
	const delta = reader.u8();
	const step = (reader.u16() << 16) >> 16;
	if (!isNatType(type) || !isDeltaType(delta)) throw new PunchMessageError("unknown kind of NAT");
	return { type, delta, step };
}

const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];

function ipBytes(text: string): number[] {
	const ip = IpAddress.parse(text);
	return [ip.af, ...ip.toBytes()];
}

class Reader {
	readonly #bytes: Uint8Array;
	#at = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	take(size: number): Uint8Array {
		const part = this.#bytes.slice(this.#at, this.#at + size);
		if (part.length < size) throw new PunchMessageError("it ends too early");
		this.#at += size;
		return part;
	}

	u8(): number {
		return this.take(1)[0] ?? 0;
	}

	u16(): number {
		return this.u8() * 256 + this.u8();
	}

	u32(): number {
		return this.u16() * 65_536 + this.u16();
	}

	port(): number {
		const port = this.u16();
		if (port === 0) throw new PunchMessageError("port 0");
		return port;
	}

	ip(): string | null {
		const family = this.u8();
		if (family === 0) return null;
		if (family !== 4 && family !== 6) throw new PunchMessageError("unknown family");
		const ip = IpAddress.fromBytes(this.take(family === 4 ? 4 : 16));
		if (ip.isUnspecified || ip.isMulticast || ip.toString() === "255.255.255.255") {
			throw new PunchMessageError("an address that nobody can have");
		}
		return ip.toString();
	}

	list<T>(max: number, read: () => T): T[] {
		const count = this.u8();
		if (count > max) throw new PunchMessageError(`a list of ${count}`);
		return Array.from({ length: count }, read);
	}

	end(): void {
		if (this.#at !== this.#bytes.length) throw new PunchMessageError("bytes are left over");
	}
}
