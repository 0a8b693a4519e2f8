import { endianness } from "node:os";
import { IpAddress } from "@p2pd/address";
import type { Family } from "@p2pd/net";
import type { SocketNumbers } from "./numbers.js";

/** Whether this machine is little-endian, as DataView takes it. */
export const LITTLE = endianness() === "LE";

/** A 32-bit integer as C stores it on this machine. */
export function int32(value: number): Uint8Array {
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setInt32(0, value, LITTLE);
	return bytes;
}

/** The native 32-bit integer at `offset`. */
export function readInt32(bytes: Uint8Array, offset = 0): number {
	return new DataView(bytes.buffer, bytes.byteOffset).getInt32(offset, LITTLE);
}

/** The native 16-bit integer at `offset`. */
export function readUint16(bytes: Uint8Array, offset: number): number {
	return new DataView(bytes.buffer, bytes.byteOffset).getUint16(offset, LITTLE);
}

/**
 * An address and port as `bind()` and `connect()` take them.
 *
 * ```text
 * sockaddr_in    family:16  port:16 (network order)  address:32             zero:64
 * sockaddr_in6   family:16  port:16 (network order)  flow:32  address:128  scope:32
 * ```
 * macOS has the structure's length in the first byte and the family in the second.
 */
export function sockaddr(numbers: SocketNumbers, ip: IpAddress, port: number, scope: number): Uint8Array {
	const bytes = new Uint8Array(ip.af === 4 ? 16 : 28);
	const view = new DataView(bytes.buffer);
	const family = ip.af === 4 ? numbers.AF_INET : numbers.AF_INET6;
	if (numbers.sockaddrHasLength) {
		bytes[0] = bytes.length;
		bytes[1] = family;
	} else {
		view.setUint16(0, family, LITTLE);
	}
	view.setUint16(2, port);
	bytes.set(ip.toBytes(), ip.af === 4 ? 4 : 8);
	if (ip.af === 6) view.setUint32(24, scope, LITTLE);
	return bytes;
}

/** The address of a sockaddr, without its zone. */
export function ipOfSockaddr(af: Family, bytes: Uint8Array): IpAddress {
	return IpAddress.fromBytes(af === 4 ? bytes.subarray(4, 8) : bytes.subarray(8, 24));
}
