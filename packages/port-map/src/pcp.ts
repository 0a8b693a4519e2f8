import { IpAddress } from "@p2pd/address";
import type { Endpoint } from "@p2pd/net";
import { PortMapDecodeError } from "./errors.js";
import type { PortMapProtocol } from "./types.js";

/*
 * PCP messages (RFC 6887 sections 7 and 11).
 *
 * Request:  version 2 | R=0, opcode | reserved (2) | lifetime in s (4) | client's IP (16)
 * Response: version 2 | R=1, opcode | reserved (1) | result code (1) | lifetime in s (4) | epoch in s (4) | reserved (12)
 * MAP:      nonce (12) | protocol (1) | reserved (3) | internal port (2) | external port (2) | external IP (16)
 */

/** PCP's version number. */
const PCP_VERSION = 2;
const HEADER = 24;
const MAP_SIZE = 36;
/** The longest message (RFC 6887 section 7). */
const MAX_MESSAGE = 1100;
/** Bytes of a mapping's nonce. */
export const NONCE_SIZE = 12;

const OPCODES = { announce: 0, map: 1 } as const;
/** IANA protocol numbers. */
const PROTOCOLS: Readonly<Record<PortMapProtocol, number>> = { tcp: 6, udp: 17 };

/** What each result code means (RFC 6887 section 7.4). */
const RESULTS: readonly string[] = [
	"success",
	"unsupported version",
	"not authorized",
	"malformed request",
	"unsupported opcode",
	"unsupported option",
	"malformed option",
	"network failure",
	"no resources",
	"unsupported protocol",
	"user exceeds quota",
	"cannot provide the external port or address",
	"address mismatch: there is a NAT between this host and the router",
	"excessive remote peers",
];

/** A PCP result code in words. */
export const pcpResultText = (code: number): string => RESULTS[code] ?? "unknown result";

/** A MAP request. A lifetime of 0 deletes the mapping. */
export interface PcpMapRequest {
	readonly clientIp: string;
	/** 12 bytes, the same for every request about one mapping. */
	readonly nonce: Uint8Array;
	readonly protocol: PortMapProtocol;
	readonly internalPort: number;
	/** The address and port to ask for; port 0 and the any-address have no wish. */
	readonly suggested: Endpoint;
	/** In s. */
	readonly lifetime: number;
}

/** A response of a PCP server. */
export interface PcpResponse {
	readonly opcode: "announce" | "map";
	/** 0 is success. */
	readonly result: number;
	/** In s: of the mapping, or how long an error lasts. */
	readonly lifetime: number;
	/** Seconds since the server's state began; it goes back when the server restarts (RFC 6887 section 8.5). */
	readonly epoch: number;
	/** Of a MAP response. */
	readonly map: {
		readonly nonce: Uint8Array;
		readonly protocol: PortMapProtocol;
		readonly internalPort: number;
		readonly external: Endpoint;
	} | null;
}

/** Writes an ANNOUNCE request (RFC 6887 section 14.1): asks for the epoch and changes nothing. */
export function encodePcpAnnounce(clientIp: string): Uint8Array {
	return header(OPCODES.announce, 0, clientIp, HEADER);
}

/** Writes a MAP request (RFC 6887 section 11.1). */
export function encodePcpMap(request: PcpMapRequest): Uint8Array {
	const bytes = header(OPCODES.map, request.lifetime, request.clientIp, HEADER + MAP_SIZE);
	const view = new DataView(bytes.buffer);
	bytes.set(request.nonce.subarray(0, NONCE_SIZE), HEADER);
	view.setUint8(HEADER + 12, PROTOCOLS[request.protocol]);
	view.setUint16(HEADER + 16, request.internalPort);
	view.setUint16(HEADER + 18, request.suggested.port);
	bytes.set(sixteen(request.suggested.ip), HEADER + 20);
	return bytes;
}

function header(opcode: number, lifetime: number, clientIp: string, size: number): Uint8Array {
	const bytes = new Uint8Array(size);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, PCP_VERSION);
	view.setUint8(1, opcode);
	view.setUint32(4, lifetime);
	bytes.set(sixteen(clientIp), 8);
	return bytes;
}

/**
 * Reads a PCP response.
 *
 * @throws PortMapDecodeError (ERR_PORT_MAP_DECODE) if it is not one
 */
export function decodePcp(bytes: Uint8Array): PcpResponse {
	if (bytes.length < HEADER || bytes.length > MAX_MESSAGE || bytes.length % 4 !== 0) {
		throw new PortMapDecodeError("PCP", `a response of ${bytes.length} bytes`);
	}
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	if (view.getUint8(0) !== PCP_VERSION) throw new PortMapDecodeError("PCP", `version ${view.getUint8(0)}`);
	const kind = view.getUint8(1);
	if ((kind & 0x80) === 0) throw new PortMapDecodeError("PCP", "a request");
	const opcode = kind & 0x7f;
	const base = { result: view.getUint8(3), lifetime: view.getUint32(4), epoch: view.getUint32(8) };
	if (opcode === OPCODES.announce) return { opcode: "announce", ...base, map: null };
	if (opcode !== OPCODES.map) throw new PortMapDecodeError("PCP", `opcode ${opcode}`);
	// An error need not repeat the payload (RFC 6887 section 8.2 copies what fits).
	if (bytes.length < HEADER + MAP_SIZE) {
		if (base.result === 0) throw new PortMapDecodeError("PCP", "a MAP response without its payload");
		return { opcode: "map", ...base, map: null };
	}
	const number = view.getUint8(HEADER + 12);
	const protocol = number === PROTOCOLS.tcp ? "tcp" : number === PROTOCOLS.udp ? "udp" : null;
	if (protocol === null) throw new PortMapDecodeError("PCP", `protocol ${number}`);
	return {
		opcode: "map",
		...base,
		map: {
			nonce: bytes.slice(HEADER, HEADER + NONCE_SIZE),
			protocol,
			internalPort: view.getUint16(HEADER + 16),
			external: {
				ip: ipOf(bytes.subarray(HEADER + 20, HEADER + 36)),
				port: view.getUint16(HEADER + 18),
			},
		},
	};
}

/** An address as PCP has it: IPv4 as an IPv4-mapped IPv6 address (RFC 6887 section 5). */
function sixteen(ip: string): Uint8Array {
	const address = IpAddress.parse(ip);
	if (address.af === 6) return address.toBytes();
	const bytes = new Uint8Array(16);
	bytes.set([0xff, 0xff], 10);
	bytes.set(address.toBytes(), 12);
	return bytes;
}

function ipOf(bytes: Uint8Array): string {
	const isMapped =
		bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
	return IpAddress.fromBytes(isMapped ? bytes.slice(12) : bytes.slice()).toString();
}
