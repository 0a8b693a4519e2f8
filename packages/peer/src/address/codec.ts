import { IpAddress, isIp } from "@p2pd/address";
import { isDeltaType, isNatType } from "@p2pd/nat";
import { is, objectProblem } from "@p2pd/net";
import { ByteReader, BytesError, ByteWriter } from "../bytes.js";
import {
	MAX_ADDRESS_BYTES,
	MAX_CANDIDATES,
	MAX_SIGNAL_BYTES,
	MAX_SIGNALS,
	PUBLIC_KEY_BYTES,
	SIGNATURE_BYTES,
} from "../defaults.js";
import { PeerAddressError, PeerArgumentError } from "../errors.js";
import type {
	CandidateKind,
	CandidateNat,
	MappingProtocol,
	PeerAddressFields,
	PeerCandidate,
	PeerKeys,
} from "../types.js";

/*
 * The bytes of an address. Numbers are in network byte order.
 *
 *   signing key 32 | agreement key 32 | sequence 4 | expires 4 | signals 1 | { length 1 | URL }... |
 *   candidates 1 | { flags 1 | nic and mapping 1 | IP 4 or 16 | port 2 | [ NAT and delta type 1 | delta value 1 to 5 ] }... |
 *   signature 64
 *
 *   flags:            bit 0 IPv6, bits 1-2 kind, bit 3 TCP, bit 4 UDP, bit 5 the NAT is known, bits 6-7 zero
 *   nic and mapping:  low four bits the NIC, high four bits the mapping protocol
 *   NAT:              low four bits the NAT's type, high four bits the delta's type
 */
const KINDS: readonly CandidateKind[] = ["lan", "external", "mapped", "relay"];
const MAPPINGS: readonly (MappingProtocol | null)[] = [null, "pcp", "nat-pmp", "upnp"];
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_DELTA = 65_535;

/** The URL schemes of signal servers. */
const SIGNAL_SCHEMES = ["mqtt:", "mqtts:", "ws:", "wss:"] as const;

/** Why a text is not the URL of a signal server that others may be told; null if it is one. */
export function signalUrlProblem(text: string): string | null {
	if (!URL.canParse(text)) return "is not a URL";
	const url = new URL(text);
	if (!SIGNAL_SCHEMES.some((scheme) => scheme === url.protocol))
		return "must begin with mqtt, mqtts, ws or wss";
	if (url.hostname === "") return "has no host";
	if (url.username !== "" || url.password !== "") return "must not contain a user or a password";
	if (Buffer.byteLength(text) > MAX_SIGNAL_BYTES) return `is longer than ${MAX_SIGNAL_BYTES} bytes`;
	if (!/^[\x21-\x7e]+$/.test(text)) return "has characters that a URL cannot have";
	return null;
}

/** Encodes everything but the signature. @throws PeerArgumentError */
export function encodeAddress(keys: PeerKeys, fields: PeerAddressFields): Buffer {
	const problem = objectProblem(fields, "fields", FIELDS, { required: Object.keys(FIELDS) });
	if (problem !== null) throw new PeerArgumentError(problem.path, problem.message);
	const writer = new ByteWriter()
		.bytes(keys.signing)
		.bytes(keys.agreement)
		.uint(fields.sequence, 4)
		.uint(fields.expires, 4)
		.uint(fields.signals.length, 1);
	for (const [index, url] of fields.signals.entries()) {
		const wrong = signalUrlProblem(url);
		if (wrong !== null) throw new PeerArgumentError(`fields.signals[${index}]`, wrong);
		writer.sized(Buffer.from(url), 1);
	}
	writer.uint(fields.candidates.length, 1);
	for (const [index, candidate] of fields.candidates.entries()) {
		encodeCandidate(writer, candidate, `fields.candidates[${index}]`);
	}
	const body = writer.toBuffer();
	if (body.length + SIGNATURE_BYTES > MAX_ADDRESS_BYTES)
		throw new PeerArgumentError("fields", "are too long");
	return body;
}

const FIELDS = {
	signals: is.listOf(is.text, { max: MAX_SIGNALS }),
	candidates: is.listOf(is.object, { max: MAX_CANDIDATES }),
	sequence: is.whole(0, MAX_UINT32),
	expires: is.whole(0, MAX_UINT32),
};

const CANDIDATE = {
	kind: is.oneOf(...KINDS),
	af: is.family,
	ip: is.a(
		"an IP address without a zone",
		(value) => typeof value === "string" && isIp(value) && !value.includes("%"),
	),
	port: is.remotePort,
	tcp: is.boolean,
	udp: is.boolean,
	nic: is.whole(0, 15),
	nat: is.nullOr(is.object),
	mappedBy: is.oneOf(...MAPPINGS),
};

function encodeCandidate(writer: ByteWriter, candidate: PeerCandidate, path: string): void {
	const problem = objectProblem(candidate, path, CANDIDATE, { required: Object.keys(CANDIDATE) });
	if (problem !== null) throw new PeerArgumentError(problem.path, problem.message);
	const { af, kind, mappedBy, nat, nic, port, tcp, udp } = candidate;
	const ip = IpAddress.parse(candidate.ip);
	if (ip.af !== af) throw new PeerArgumentError(`${path}.ip`, `is not of IPv${af}`);
	const flags =
		(af === 6 ? 1 : 0) |
		(KINDS.indexOf(kind) << 1) |
		(tcp ? 8 : 0) |
		(udp ? 16 : 0) |
		(nat === null ? 0 : 32);
	writer
		.uint(flags, 1)
		.uint(nic | (MAPPINGS.indexOf(mappedBy) << 4), 1)
		.bytes(ip.toBytes())
		.uint(port, 2);
	if (nat === null) return;
	if (!isNatType(nat.type) || !isDeltaType(nat.delta.type))
		throw new PeerArgumentError(`${path}.nat`, "is not known");
	if (!Number.isInteger(nat.delta.value) || Math.abs(nat.delta.value) > MAX_DELTA) {
		throw new PeerArgumentError(
			`${path}.nat.delta.value`,
			`must be a whole number from -${MAX_DELTA} to ${MAX_DELTA}`,
		);
	}
	writer.uint(nat.type | (nat.delta.type << 4), 1).signed(nat.delta.value);
}

/** Decodes an address. The signature is only counted, not checked. @throws PeerAddressError */
export function decodeAddress(data: Uint8Array): PeerAddressFields & PeerKeys {
	const reader = new ByteReader(data);
	try {
		const signing = reader.bytes(PUBLIC_KEY_BYTES);
		const agreement = reader.bytes(PUBLIC_KEY_BYTES);
		const sequence = reader.uint(4);
		const expires = reader.uint(4);
		const signals = list(reader, MAX_SIGNALS, "signal URLs", () => decodeSignal(reader));
		const candidates = list(reader, MAX_CANDIDATES, "candidates", () => decodeCandidate(reader));
		reader.bytes(SIGNATURE_BYTES);
		if (reader.left > 0) {
			throw new PeerAddressError("trailing", `${reader.left} bytes follow the end of the address`);
		}
		return { signing, agreement, sequence, expires, signals, candidates };
	} catch (error) {
		if (!(error instanceof BytesError)) throw error;
		const message =
			error.problem === "truncated"
				? `the address is cut off: ${error.message}`
				: `the address is damaged: ${error.message}`;
		throw new PeerAddressError(error.problem, message, { cause: error });
	}
}

function list<T>(reader: ByteReader, max: number, what: string, item: () => T): T[] {
	const count = reader.uint(1);
	if (count > max) throw new BytesError("value", `${count} ${what}, which is more than ${max}`);
	return Array.from({ length: count }, item);
}

function decodeSignal(reader: ByteReader): string {
	const text = reader.sized(1).toString("latin1");
	const wrong = signalUrlProblem(text);
	if (wrong !== null) throw new BytesError("value", `a signal URL ${wrong}`);
	return text;
}

function decodeCandidate(reader: ByteReader): PeerCandidate {
	const flags = reader.uint(1);
	const second = reader.uint(1);
	const kind = KINDS[(flags >> 1) & 3];
	const mappedBy = MAPPINGS[second >> 4];
	if (kind === undefined || mappedBy === undefined || flags > 63)
		throw new BytesError("value", "a candidate has unknown flags");
	const af = (flags & 1) === 1 ? 6 : 4;
	const ip = IpAddress.fromBytes(reader.bytes(af === 6 ? 16 : 4)).toString();
	const port = reader.uint(2);
	if (port === 0) throw new BytesError("value", "a candidate has port 0");
	return {
		kind,
		af,
		ip,
		port,
		tcp: (flags & 8) !== 0,
		udp: (flags & 16) !== 0,
		nic: second & 15,
		nat: (flags & 32) === 0 ? null : decodeNat(reader),
		mappedBy,
	};
}

function decodeNat(reader: ByteReader): CandidateNat {
	const types = reader.uint(1);
	const value = reader.signed();
	const type = types & 15;
	const deltaType = types >> 4;
	if (!isNatType(type) || !isDeltaType(deltaType) || Math.abs(value) > MAX_DELTA) {
		throw new BytesError("value", "a candidate has an unknown NAT");
	}
	return { type, delta: { type: deltaType, value } };
}
