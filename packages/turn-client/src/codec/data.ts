import type { Endpoint } from "@p2pd/net";
import { MAGIC_COOKIE } from "@p2pd/stun-client/codec";
import { FIRST_CHANNEL, LAST_CHANNEL } from "../defaults.js";
import { ATTRIBUTES, METHODS, readXorAddress, writeXorAddress } from "./attributes.js";

/*
 * What carries peers' data: ChannelData (RFC 8656 section 12.4) and the Send and Data indications (section 11).
 * Every datagram passes here, so the payload is never copied: what is written goes before and after it, and what is
 * read is a view.
 */

/** Bytes before a ChannelData's payload. */
export const CHANNEL_HEADER_LENGTH = 4;

/** Zeros to fill a payload up to a multiple of 4, by how many are missing. */
export const PADDING: readonly Buffer[] = [0, 1, 2, 3].map((size) => Buffer.alloc(size));

/** How many bytes fill `length` up to a multiple of 4. */
export const paddingOf = (length: number): number => -length & 3;

/*
 *    0                16               32
 *    +----------------+----------------+
 *    | Channel number | Length         |   0x4000 to 0x4fff; the length is the payload's
 *    +----------------+----------------+   payload; over a stream, padded to a multiple of 4
 */

/** The header of a ChannelData message. */
export function channelHeader(channel: number, length: number): Buffer {
	const header = Buffer.allocUnsafe(CHANNEL_HEADER_LENGTH);
	header[0] = channel >> 8;
	header[1] = channel & 0xff;
	header[2] = length >> 8;
	header[3] = length & 0xff;
	return header;
}

/** The channel number of a datagram or frame that is ChannelData; 0 for anything else, also for a cut one. */
export function channelOf(packet: Buffer): number {
	if (packet.length < CHANNEL_HEADER_LENGTH) return 0;
	const channel = ((packet[0] ?? 0) << 8) | (packet[1] ?? 0);
	if (channel < FIRST_CHANNEL || channel > LAST_CHANNEL) return 0;
	return channelDataLength(packet) + CHANNEL_HEADER_LENGTH <= packet.length ? channel : 0;
}

/** The payload's length in a ChannelData message. */
function channelDataLength(packet: Buffer): number {
	return ((packet[2] ?? 0) << 8) | (packet[3] ?? 0);
}

/** The payload of a ChannelData message that {@link channelOf} knows: a view. Bytes after it are padding. */
export function channelPayload(packet: Buffer): Buffer {
	return packet.subarray(CHANNEL_HEADER_LENGTH, CHANNEL_HEADER_LENGTH + channelDataLength(packet));
}

/** Request, indication: the class's two bits, between a method's (RFC 8489 section 5). All our methods are below 16. */
const INDICATION = 0x010;

const SEND_INDICATION = METHODS.Send | INDICATION;
const DATA_INDICATION = METHODS.Data | INDICATION;

/** A Send indication up to its payload, which {@link paddingOf} zeros follow. */
export function sendHeader(
	address: Uint8Array,
	port: number,
	length: number,
	transactionId: Uint8Array,
	dontFragment: boolean,
): Buffer {
	const peerLength = 4 + address.length;
	const size = 20 + 4 + peerLength + (dontFragment ? 4 : 0) + 4;
	const header = Buffer.allocUnsafe(size);
	header.writeUInt16BE(SEND_INDICATION, 0);
	header.writeUInt16BE(size - 20 + length + paddingOf(length), 2);
	header.writeUInt32BE(MAGIC_COOKIE, 4);
	header.set(transactionId, 8);
	header.writeUInt16BE(ATTRIBUTES["XOR-PEER-ADDRESS"], 20);
	header.writeUInt16BE(peerLength, 22);
	writeXorAddress(header, 24, address, port, transactionId);
	if (dontFragment) header.writeUInt32BE(ATTRIBUTES["DONT-FRAGMENT"] * 0x10000, size - 8);
	header.writeUInt16BE(ATTRIBUTES.DATA, size - 4);
	header.writeUInt16BE(length, size - 2);
	return header;
}

/** Whether a message is a Data indication, by its type. */
function isDataIndication(packet: Buffer): boolean {
	return packet.length >= 20 && packet[0] === 0 && packet[1] === DATA_INDICATION;
}

/**
 * Reads a Data indication: whom the data is from, and the data as a view. Null if the message is damaged, or has no
 * peer or no data (an ICMP report, RFC 8656 section 11.6, has none).
 */
export function readDataIndication(
	packet: Buffer,
): { readonly from: Endpoint; readonly data: Buffer } | null {
	if (!isDataIndication(packet) || packet.readUInt32BE(4) !== MAGIC_COOKIE) return null;
	const end = 20 + packet.readUInt16BE(2);
	if (end !== packet.length || end % 4 !== 0) return null;
	let from: Endpoint | null = null;
	let data: Buffer | null = null;
	for (let at = 20; at + 4 <= end; ) {
		const type = packet.readUInt16BE(at);
		const length = packet.readUInt16BE(at + 2);
		const next = at + 4 + length + paddingOf(length);
		if (next > end) return null;
		const value = packet.subarray(at + 4, at + 4 + length);
		if (type === ATTRIBUTES.DATA) data ??= value;
		else if (type === ATTRIBUTES["XOR-PEER-ADDRESS"]) from ??= readXorAddress(value, packet.subarray(8, 20));
		at = next;
	}
	return from === null || data === null || from.port === 0 ? null : { from, data };
}
