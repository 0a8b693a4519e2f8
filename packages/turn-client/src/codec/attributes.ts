import { IpAddress } from "@p2pd/address";
import type { Endpoint, Family } from "@p2pd/net";
import { MAGIC_COOKIE, type RawAttribute, type StunMessage } from "@p2pd/stun-client/codec";

/*
 * The one module that joins TURN's methods and attributes to the STUN codec, which carries them as raw attributes.
 */

/** Methods by name: RFC 8656 section 17, RFC 6062 section 6.1. */
export const METHODS = {
	Allocate: 0x003,
	Refresh: 0x004,
	Send: 0x006,
	Data: 0x007,
	CreatePermission: 0x008,
	ChannelBind: 0x009,
	Connect: 0x00a,
	ConnectionBind: 0x00b,
	ConnectionAttempt: 0x00c,
} as const;

/** The name of a method. */
export type MethodName = keyof typeof METHODS;

/** Attribute types by name: RFC 8656 section 18, RFC 6062 section 6.2. */
export const ATTRIBUTES = {
	"CHANNEL-NUMBER": 0x000c,
	LIFETIME: 0x000d,
	"XOR-PEER-ADDRESS": 0x0012,
	DATA: 0x0013,
	"XOR-RELAYED-ADDRESS": 0x0016,
	"REQUESTED-ADDRESS-FAMILY": 0x0017,
	"EVEN-PORT": 0x0018,
	"REQUESTED-TRANSPORT": 0x0019,
	"DONT-FRAGMENT": 0x001a,
	"RESERVATION-TOKEN": 0x0022,
	"CONNECTION-ID": 0x002a,
	"ADDITIONAL-ADDRESS-FAMILY": 0x8000,
	/** The number that coturn took from a draft, and still has. */
	"ADDITIONAL-ADDRESS-FAMILY-DRAFT": 0x8032,
	"ADDRESS-ERROR-CODE": 0x8001,
} as const;

/** A transport behind the relay, as IP numbers it: 17 is UDP, 6 is TCP. */
export const TRANSPORTS = { udp: 17, tcp: 6 } as const;

const FAMILY_CODES = { 4: 1, 6: 2 } as const;

const COOKIE_BYTES = [0x21, 0x12, 0xa4, 0x42] as const;

/** The bytes of an IP without zone. */
export function ipBytes(ip: string): Uint8Array {
	return IpAddress.parse(ip).toBytes();
}

/*
 * RFC 8489 section 14.2: 0, family, port XOR cookie's first half, address XOR cookie and transaction id.
 */

/** Writes an XORed address at `offset`. `transactionId` has 12 bytes. */
export function writeXorAddress(
	into: Uint8Array,
	offset: number,
	address: Uint8Array,
	port: number,
	transactionId: Uint8Array,
): void {
	into[offset] = 0;
	into[offset + 1] = address.length === 4 ? FAMILY_CODES[4] : FAMILY_CODES[6];
	into[offset + 2] = (port >> 8) ^ COOKIE_BYTES[0];
	into[offset + 3] = (port & 0xff) ^ COOKIE_BYTES[1];
	for (let at = 0; at < address.length; at++) {
		into[offset + 4 + at] = (address[at] ?? 0) ^ (COOKIE_BYTES[at] ?? transactionId[at - 4] ?? 0);
	}
}

/** Reads an XORed address; null if it is not one. */
export function readXorAddress(raw: Uint8Array, transactionId: Uint8Array): Endpoint | null {
	const family = raw[1];
	const size = family === FAMILY_CODES[4] ? 4 : family === FAMILY_CODES[6] ? 16 : 0;
	if (size === 0 || raw.length !== 4 + size) return null;
	const port = (((raw[2] ?? 0) << 8) | (raw[3] ?? 0)) ^ (MAGIC_COOKIE >>> 16);
	if (size === 4) {
		const byte = (at: number): number => (raw[4 + at] ?? 0) ^ (COOKIE_BYTES[at] ?? 0);
		return { ip: `${byte(0)}.${byte(1)}.${byte(2)}.${byte(3)}`, port };
	}
	const address = new Uint8Array(16);
	for (let at = 0; at < 16; at++) {
		address[at] = (raw[4 + at] ?? 0) ^ (COOKIE_BYTES[at] ?? transactionId[at - 4] ?? 0);
	}
	return { ip: IpAddress.fromBytes(address).toString(), port };
}

/** Attributes of requests, by name. Those with an address depend on the transaction id. */
export const attribute = {
	peer: ({ ip, port }: Endpoint, transactionId: Uint8Array): RawAttribute => {
		const address = ipBytes(ip);
		const value = new Uint8Array(4 + address.length);
		writeXorAddress(value, 0, address, port, transactionId);
		return { type: ATTRIBUTES["XOR-PEER-ADDRESS"], value };
	},
	/** Seconds. */
	lifetime: (seconds: number): RawAttribute => ({ type: ATTRIBUTES.LIFETIME, value: uint32(seconds) }),
	channel: (number: number): RawAttribute => ({
		type: ATTRIBUTES["CHANNEL-NUMBER"],
		value: uint32(number * 0x10000),
	}),
	transport: (transport: keyof typeof TRANSPORTS): RawAttribute => ({
		type: ATTRIBUTES["REQUESTED-TRANSPORT"],
		value: Uint8Array.of(TRANSPORTS[transport], 0, 0, 0),
	}),
	family: (af: Family): RawAttribute => ({
		type: ATTRIBUTES["REQUESTED-ADDRESS-FAMILY"],
		value: Uint8Array.of(FAMILY_CODES[af], 0, 0, 0),
	}),
	/** Under both numbers: servers know one of them, and ignore the other. */
	additionalFamily: (af: Family): RawAttribute[] =>
		[ATTRIBUTES["ADDITIONAL-ADDRESS-FAMILY"], ATTRIBUTES["ADDITIONAL-ADDRESS-FAMILY-DRAFT"]].map((type) => ({
			type,
			value: Uint8Array.of(FAMILY_CODES[af], 0, 0, 0),
		})),
	evenPort: (reserveNext: boolean): RawAttribute => ({
		type: ATTRIBUTES["EVEN-PORT"],
		value: Uint8Array.of(reserveNext ? 0x80 : 0),
	}),
	dontFragment: (): RawAttribute => ({ type: ATTRIBUTES["DONT-FRAGMENT"], value: new Uint8Array(0) }),
	reservation: (token: Uint8Array): RawAttribute => ({
		type: ATTRIBUTES["RESERVATION-TOKEN"],
		value: token,
	}),
	connectionId: (id: number): RawAttribute => ({ type: ATTRIBUTES["CONNECTION-ID"], value: uint32(id) }),
} as const;

/** The relayed addresses in an answer to Allocate: one, or one of each family. */
export function relayedAddressesOf(message: StunMessage): Endpoint[] {
	const found: Endpoint[] = [];
	for (const { type, raw } of message.attributes) {
		if (type !== ATTRIBUTES["XOR-RELAYED-ADDRESS"]) continue;
		const endpoint = readXorAddress(raw, message.transactionId);
		if (endpoint !== null && endpoint.port !== 0) found.push(endpoint);
	}
	return found;
}

/** LIFETIME in seconds, or null. */
export const lifetimeOf = (message: StunMessage): number | null =>
	uint32Of(rawValue(message, ATTRIBUTES.LIFETIME));

/** CONNECTION-ID, or null. */
export const connectionIdOf = (message: StunMessage): number | null =>
	uint32Of(rawValue(message, ATTRIBUTES["CONNECTION-ID"]));

/** XOR-PEER-ADDRESS, or null. */
export function peerOf(message: StunMessage): Endpoint | null {
	const raw = rawValue(message, ATTRIBUTES["XOR-PEER-ADDRESS"]);
	return raw === null ? null : readXorAddress(raw, message.transactionId);
}

/** RESERVATION-TOKEN, a copy of its 8 bytes, or null. */
export function reservationTokenOf(message: StunMessage): Buffer | null {
	const raw = rawValue(message, ATTRIBUTES["RESERVATION-TOKEN"]);
	return raw?.length === 8 ? Buffer.from(raw) : null;
}

/** Why an answer to Allocate lacks a family (RFC 8656 section 18.12): the family and the error's number, or null. */
export function addressErrorOf(
	message: StunMessage,
): { readonly af: Family; readonly status: number } | null {
	const raw = rawValue(message, ATTRIBUTES["ADDRESS-ERROR-CODE"]);
	if (raw === null || raw.length < 4) return null;
	const status = ((raw[2] ?? 0) & 7) * 100 + (raw[3] ?? 0);
	return { af: raw[0] === FAMILY_CODES[6] ? 6 : 4, status };
}

function rawValue(message: StunMessage, type: number): Uint8Array | null {
	for (const attribute of message.attributes) if (attribute.type === type) return attribute.raw;
	return null;
}

function uint32(value: number): Uint8Array {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
}

function uint32Of(raw: Uint8Array | null): number | null {
	if (raw?.length !== 4) return null;
	return new DataView(raw.buffer, raw.byteOffset, 4).getUint32(0);
}
