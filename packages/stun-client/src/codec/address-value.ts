import { canonicalIp, IpAddress } from "@p2pd/address";
import type { Endpoint } from "@p2pd/net";
import { StunEncodeError } from "../errors.js";
import { packAddress, packXorAddress, unpackAddress, unpackXorAddress } from "./stun-package.js";
import type { AddressValue, AttributeCodec } from "./types.js";
import { AttributeProblem } from "./values.js";

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

/** An address with a zone is refused: a zone means something on one machine only. */
function write(address: Endpoint, pack: (address: Endpoint) => Uint8Array | undefined): Uint8Array {
	const { ip, port } = address;
	if (!Number.isInteger(port) || port < 1 || port > 65535) throw new StunEncodeError(`port ${port}`);
	const bytes = typeof ip !== "string" || ip.includes("%") ? undefined : pack(address);
	if (bytes === undefined) throw new StunEncodeError(`${JSON.stringify(ip)} is not an IP without a zone`);
	return bytes;
}

const value = (ip: string, port: number): AddressValue => ({ family: ip.includes(":") ? 6 : 4, ip, port });

const ipFromBytes = (bytes: Uint8Array): string =>
	bytes.length === 4 ? bytes.join(".") : IpAddress.fromBytes(bytes).toString();

/** A plain address, as in MAPPED-ADDRESS. Port 0 can be read: some RFC 3489 servers send 0.0.0.0:0 for "none". */
export const addressValue: AttributeCodec<AddressValue, Endpoint> = {
	decode(raw) {
		checkShape(raw);
		const { address, port } = unpackAddress(raw);
		return value(ipFromBytes(address), port);
	},
	encode(address, { type }) {
		return write(address, (each) => packAddress(type, each));
	},
};

/** XORs port and address with the 16-byte id of an RFC 3489 message. It is its own inverse. */
function xorWithId(raw: Uint8Array, id: Uint8Array): Uint8Array {
	return raw.map((byte, at) => (at < 2 ? byte : byte ^ (id[at < 4 ? at - 2 : at - 4] ?? 0)));
}

/**
 * An address XORed with the cookie and the id (RFC 8489 section 14.2). In an RFC 3489 message the first bytes of the
 * id take the place of the cookie, as servers of that time do it.
 */
export const xorAddressValue: AttributeCodec<AddressValue, Endpoint> = {
	decode(raw, context) {
		checkShape(raw);
		const { type, transactionId, classic } = context;
		if (classic) return addressValue.decode(xorWithId(raw, transactionId), context);
		const { ip, port } = unpackXorAddress(type, raw, transactionId);
		return value(ip.includes(":") ? canonicalIp(ip) : ip, port);
	},
	encode(address, { type, transactionId, classic }) {
		if (classic)
			return xorWithId(addressValue.encode(address, { type, transactionId, classic }), transactionId);
		return write(address, (each) => packXorAddress(type, each, transactionId));
	},
};
