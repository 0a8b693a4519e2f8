import { StunEncodeError } from "../../errors.js";
import { canonicalIp, familyOf, ipFromBytes } from "../../ip-text.js";
import type { HostPort } from "../../types.js";
import { packAddress, packXorAddress, unpackAddress, unpackXorAddress } from "../stun-package.js";
import type { AddressValue } from "../types.js";
import { AttributeProblem } from "./problem.js";
import type { AttributeCodec } from "./types.js";

/*
 * RFC 8489 section 14.1:
 *
 *    0        8        16               32
 *    +--------+--------+----------------+
 *    | 0      | Family |     Port       |   family 1: IPv4, 4 bytes of address
 *    +--------+--------+----------------+   family 2: IPv6, 16 bytes
 *    | Address                          |
 *    +----------------------------------+
 */
const FAMILY_BYTES: ReadonlyMap<number | undefined, number> = new Map([
	[1, 4],
	[2, 16],
]);

function checkShape(raw: Uint8Array): void {
	const size = FAMILY_BYTES.get(raw[1]);
	if (size === undefined) throw new AttributeProblem(`address family ${raw[1] ?? "missing"}`);
	if (raw.length !== 4 + size) throw new AttributeProblem(`${raw.length} bytes for an address of ${size}`);
}

/** Writes an address, or says that it cannot be one: a zone has a meaning on one machine only. */
function write(address: HostPort, pack: (address: HostPort) => Uint8Array | undefined): Uint8Array {
	const { ip, port } = address;
	if (!Number.isInteger(port) || port < 1 || port > 65535) throw new StunEncodeError(`port ${port}`);
	const bytes = ip.includes("%") ? undefined : pack(address);
	if (bytes === undefined) throw new StunEncodeError(`${JSON.stringify(ip)} is not an IP without zone`);
	return bytes;
}

const value = (ip: string, port: number): AddressValue => ({ family: familyOf(ip), ip, port });

/** A plain address (MAPPED-ADDRESS and its like). Port 0 is read: some RFC 3489 servers send 0.0.0.0:0 for "none". */
export const addressCodec: AttributeCodec<AddressValue, HostPort> = {
	decode(raw) {
		checkShape(raw);
		const { address, port } = unpackAddress(raw);
		return value(ipFromBytes(address), port);
	},
	encode(address, { type }) {
		return write(address, (each) => packAddress(type, each));
	},
};

/** XORs port and address with the 16-byte id of an RFC 3489 message; its own inverse. */
function xorWithId(raw: Uint8Array, id: Uint8Array): Uint8Array {
	return raw.map((byte, at) => (at < 2 ? byte : byte ^ (id[at < 4 ? at - 2 : at - 4] ?? 0)));
}

/**
 * An address XORed with cookie and id (RFC 8489 section 14.2), under its number and under the draft's 0x8020.
 * In an RFC 3489 message the first bytes of the id take the cookie's place, as servers of that time do it.
 */
export const xorAddressCodec: AttributeCodec<AddressValue, HostPort> = {
	decode(raw, context) {
		checkShape(raw);
		const { type, transactionId, classic } = context;
		if (classic) return addressCodec.decode(xorWithId(raw, transactionId), context);
		const { ip, port } = unpackXorAddress(type, raw, transactionId);
		return value(ip.includes(":") ? (canonicalIp(ip) ?? ip) : ip, port);
	},
	encode(address, { type, transactionId, classic }) {
		if (classic)
			return xorWithId(addressCodec.encode(address, { type, transactionId, classic }), transactionId);
		return write(address, (each) => packXorAddress(type, each, transactionId));
	},
};
