import { PortMapDecodeError } from "./errors.js";
import type { PortMapProtocol } from "./types.js";

/*
 * NAT-PMP messages (RFC 6886 sections 3.2 and 3.3).
 *
 * External address, request:  version 0 | opcode 0
 *                   response: version 0 | opcode 128 | result (2) | epoch in s (4) | external IPv4 (4)
 * Mapping,          request:  version 0 | opcode 1 (UDP) or 2 (TCP) | reserved (2) | internal port (2) |
 *                             suggested external port (2) | lifetime in s (4)
 *                   response: version 0 | opcode + 128 | result (2) | epoch in s (4) | internal port (2) |
 *                             mapped external port (2) | lifetime in s (4)
 */

const OPCODES: Readonly<Record<PortMapProtocol, number>> = { udp: 1, tcp: 2 };
const RESULTS: readonly string[] = [
	"success",
	"unsupported version",
	"not authorized",
	"network failure",
	"out of resources",
	"unsupported opcode",
];

/** A NAT-PMP result code in words (RFC 6886 section 3.5). */
export const natPmpResultText = (code: number): string => RESULTS[code] ?? "unknown result";

/** A response of a NAT-PMP router. */
export interface NatPmpResponse {
	/** 0 is success. */
	readonly result: number;
	/** Seconds since the router's table began; it goes back when the router restarts (RFC 6886 section 3.6). */
	readonly epoch: number;
	/** The external address, of a response to that question. */
	readonly externalIp: string | null;
	/** The mapping, of a response to such a request. */
	readonly map: {
		readonly protocol: PortMapProtocol;
		readonly internalPort: number;
		readonly externalPort: number;
		/** In s. */
		readonly lifetime: number;
	} | null;
}

/** Writes the question for the external address. */
export function encodeNatPmpAddress(): Uint8Array {
	return Uint8Array.of(0, 0);
}

/** Writes a mapping request. A lifetime (in s) of 0 deletes the mapping. */
export function encodeNatPmpMap(
	protocol: PortMapProtocol,
	internalPort: number,
	externalPort: number,
	lifetime: number,
): Uint8Array {
	const bytes = new Uint8Array(12);
	const view = new DataView(bytes.buffer);
	view.setUint8(1, OPCODES[protocol]);
	view.setUint16(4, internalPort);
	view.setUint16(6, externalPort);
	view.setUint32(8, lifetime);
	return bytes;
}

/**
 * Reads a NAT-PMP response.
 *
 * @throws PortMapDecodeError (ERR_PORT_MAP_DECODE) if it is not one
 */
export function decodeNatPmp(bytes: Uint8Array): NatPmpResponse {
	if (bytes.length < 8) throw new PortMapDecodeError("NAT-PMP", `a response of ${bytes.length} bytes`);
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	if (view.getUint8(0) !== 0) throw new PortMapDecodeError("NAT-PMP", `version ${view.getUint8(0)}`);
	const kind = view.getUint8(1);
	if (kind < 128) throw new PortMapDecodeError("NAT-PMP", "a request");
	const opcode = kind - 128;
	const base = { result: view.getUint16(2), epoch: view.getUint32(4) };
	if (opcode === 0) {
		if (base.result !== 0 && bytes.length < 12) return { ...base, externalIp: null, map: null };
		if (bytes.length !== 12)
			throw new PortMapDecodeError("NAT-PMP", `an address response of ${bytes.length} bytes`);
		return { ...base, externalIp: bytes.subarray(8, 12).join("."), map: null };
	}
	const protocol = opcode === OPCODES.udp ? "udp" : opcode === OPCODES.tcp ? "tcp" : null;
	if (protocol === null) throw new PortMapDecodeError("NAT-PMP", `opcode ${opcode}`);
	if (bytes.length !== 16) {
		if (base.result !== 0) return { ...base, externalIp: null, map: null };
		throw new PortMapDecodeError("NAT-PMP", `a mapping response of ${bytes.length} bytes`);
	}
	return {
		...base,
		externalIp: null,
		map: {
			protocol,
			internalPort: view.getUint16(8),
			externalPort: view.getUint16(10),
			lifetime: view.getUint32(12),
		},
	};
}
