import { type DecodedPacket, decode, encode, RECURSION_DESIRED, TRUNCATED_RESPONSE } from "dns-packet";
import { IP4 } from "../family.js";
import { ipVersion } from "../ip/predicates.js";
import type { Family } from "../types.js";

/*
 * RFC 1035 section 4.1. Encoding and decoding are dns-packet's; what is ours is to say whether a message
 * answers our question, and what it answers.
 *
 *   0         2         4         6         8         10        12
 *   | id      | flags   | QDCOUNT | ANCOUNT | NSCOUNT | ARCOUNT | question, answers, ...
 */

/** A question for the addresses of one family. */
export interface Question {
	/** 0 to 65535, random. */
	readonly id: number;
	readonly host: string;
	readonly af: Family;
}

/** What a message means for a question. */
export type Reply =
	/** Not an answer to this question: wait on. */
	| { readonly kind: "not-ours" }
	/** Cut short: ask again over TCP. */
	| { readonly kind: "truncated" }
	/** Right id, but no message that can be read. */
	| { readonly kind: "malformed"; readonly cause: unknown }
	/** The name has these addresses. */
	| { readonly kind: "addresses"; readonly addresses: readonly string[] }
	/** The server says for certain that there are none: no such name, or no address of this family. */
	| { readonly kind: "none"; readonly rcode: "NXDOMAIN" | "NODATA" }
	/** The server could not or would not say. */
	| { readonly kind: "failed"; readonly rcode: string };

const HEADER_BYTES = 12;
const RESPONSE_FLAG = 0x8000;

/**
 * The query message. Without EDNS: its answers stay below 512 bytes, which no path fragments, and the rare
 * longer one comes over TCP.
 */
export function encodeQuery({ id, host, af }: Question): Uint8Array {
	return encode({
		type: "query",
		id,
		flags: RECURSION_DESIRED,
		questions: [{ type: typeOf(af), name: absolute(host) }],
	});
}

/** Reads a message as the answer to a question. Never throws, whatever the bytes. */
export function readReply(data: Uint8Array, question: Question): Reply {
	if (data.length < HEADER_BYTES) return { kind: "not-ours" };
	const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
	const flags = bytes.readUInt16BE(2);
	if (bytes.readUInt16BE(0) !== question.id || !(flags & RESPONSE_FLAG)) return { kind: "not-ours" };
	// Before it is decoded: a server may cut in the middle of a record.
	if (flags & TRUNCATED_RESPONSE) return { kind: "truncated" };
	let packet: DecodedPacket & { readonly rcode?: string };
	try {
		packet = decode(bytes);
		// dns-packet reads past the end of a record's data without a word.
		if (decode.bytes > bytes.length) throw new RangeError("a record is longer than the message");
	} catch (cause) {
		return { kind: "malformed", cause };
	}
	return answersTo(packet, question);
}

function answersTo(packet: DecodedPacket & { readonly rcode?: string }, question: Question): Reply {
	const rcode = packet.rcode ?? "NOERROR";
	const asked = packet.questions?.[0];
	// A server that refuses may leave the question out.
	if (!asked && rcode !== "NOERROR" && rcode !== "NXDOMAIN") return { kind: "failed", rcode };
	if (!asked || asked.type !== typeOf(question.af) || !sameName(asked.name, question.host)) {
		return { kind: "not-ours" };
	}
	if (rcode === "NXDOMAIN") return { kind: "none", rcode };
	if (rcode !== "NOERROR") return { kind: "failed", rcode };
	const addresses = addressesOf(packet, question);
	const bad = addresses.find((address) => ipVersion(address) !== question.af);
	if (bad !== undefined) return { kind: "malformed", cause: new TypeError(`${bad} is no address`) };
	return addresses.length > 0 ? { kind: "addresses", addresses } : { kind: "none", rcode: "NODATA" };
}

/** The addresses of the name, or of the names that it is an alias for, in the answer's order. */
function addressesOf(packet: DecodedPacket, { host, af }: Question): string[] {
	const answers = packet.answers ?? [];
	const aliases = new Map(
		answers.flatMap((answer) =>
			answer.type === "CNAME" ? [[absolute(answer.name), absolute(answer.data)] as const] : [],
		),
	);
	const names = new Set<string>();
	for (let name: string | undefined = absolute(host); name !== undefined && !names.has(name); ) {
		names.add(name);
		name = aliases.get(name);
	}
	return answers.flatMap((answer) => {
		if (answer.type !== typeOf(af) || !names.has(absolute(answer.name))) return [];
		const { data } = answer as { readonly data: unknown };
		return [String(data)];
	});
}

function typeOf(af: Family): "A" | "AAAA" {
	return af === IP4 ? "A" : "AAAA";
}

/** A name without the root's dot and in lower case, as names are compared: RFC 1035 section 2.3.3. */
function absolute(name: string): string {
	return (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
}

function sameName(a: string, b: string): boolean {
	return absolute(a) === absolute(b);
}
