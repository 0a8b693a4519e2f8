import { type Family, IP4 } from "@p2pd/net";
import { IpAddress } from "../ip/ip-address.js";

/*
 * The part of DNS messages that address lookups need: RFC 1035 section 4.1, AAAA from RFC 3596.
 *
 *   0         2         4         6         8         10        12
 *   | id      | flags   | QDCOUNT | ANCOUNT | NSCOUNT | ARCOUNT | questions, answers, ...
 *
 *   question: name | type 2 | class 2
 *   record:   name | type 2 | class 2 | TTL 4 | length 2 | data
 *   name:     labels (length 1, bytes) up to a zero byte, or up to a pointer (11xxxxxx xxxxxxxx) to an earlier name
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
	/** Not an answer to this question. */
	| { readonly kind: "not-ours" }
	/** Cut short: to be asked again over TCP. */
	| { readonly kind: "truncated" }
	/** The right id, but not a valid message. */
	| { readonly kind: "malformed"; readonly cause: Error }
	/** The name has these addresses. */
	| { readonly kind: "addresses"; readonly addresses: readonly string[] }
	/** A definite answer that there are none: no such name, or no address of this family. */
	| { readonly kind: "none"; readonly rcode: "NXDOMAIN" | "NODATA" }
	/** The server failed or refused. */
	| { readonly kind: "failed"; readonly rcode: string };

const HEADER_BYTES = 12;
const RESPONSE = 0x8000;
const TRUNCATED = 0x0200;
const RECURSION_DESIRED = 0x0100;
const RCODE_MASK = 0xf;
/** RFC 1035 section 4.1.1. Index: the number. */
const RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
const TYPE = { A: 1, CNAME: 5, AAAA: 28 } as const;
const CLASS_IN = 1;
/** RFC 1035 section 2.3.4. */
const NAME_BYTES = 255;

/**
 * The query message. It has no EDNS: so its answers stay below 512 bytes, which no path fragments, and the rare longer
 * answer comes over TCP.
 */
export function encodeQuery({ id, host, af }: Question): Uint8Array {
	const labels = absolute(host)
		.split(".")
		.map((label) => Buffer.from(label, "latin1"));
	const header = Buffer.alloc(HEADER_BYTES);
	header.writeUInt16BE(id, 0);
	header.writeUInt16BE(RECURSION_DESIRED, 2);
	header.writeUInt16BE(1, 4);
	const end = Buffer.from([0, 0, typeOf(af), 0, CLASS_IN]);
	return Buffer.concat([header, ...labels.flatMap((label) => [Buffer.from([label.length]), label]), end]);
}

/** Reads a message as the answer to a question. Never throws, whatever the bytes. */
export function readReply(data: Uint8Array, question: Question): Reply {
	if (data.length < HEADER_BYTES) return { kind: "not-ours" };
	const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
	const flags = bytes.readUInt16BE(2);
	if (bytes.readUInt16BE(0) !== question.id || !(flags & RESPONSE)) return { kind: "not-ours" };
	// Before the rest is read: a server may cut a message in the middle of a record.
	if (flags & TRUNCATED) return { kind: "truncated" };
	const rcode = RCODES[flags & RCODE_MASK] ?? `RCODE${flags & RCODE_MASK}`;
	try {
		return readAnswer(bytes, rcode, question);
	} catch (cause) {
		if (!(cause instanceof MessageError)) throw cause;
		return { kind: "malformed", cause };
	}
}

/** Bytes that are not a DNS message. */
class MessageError extends Error {
	override readonly name = "MessageError";
}

function readAnswer(bytes: Buffer, rcode: string, question: Question): Reply {
	const reader = new Reader(bytes);
	const questions = bytes.readUInt16BE(4);
	// A server that refuses may leave the question out.
	if (questions === 0 && rcode !== "NOERROR" && rcode !== "NXDOMAIN") return { kind: "failed", rcode };
	if (questions !== 1) return { kind: "not-ours" };
	const name = reader.name();
	const isOurs = reader.u16() === typeOf(question.af) && reader.u16() === CLASS_IN;
	if (!isOurs || name !== absolute(question.host)) return { kind: "not-ours" };
	if (rcode === "NXDOMAIN") return { kind: "none", rcode };
	if (rcode !== "NOERROR") return { kind: "failed", rcode };
	const addresses = readAddresses(reader, bytes.readUInt16BE(6), question);
	return addresses.length > 0 ? { kind: "addresses", addresses } : { kind: "none", rcode: "NODATA" };
}

/** The addresses of the name, or of the names that it is an alias for, in the answer's order. */
function readAddresses(reader: Reader, count: number, { host, af }: Question): string[] {
	const aliases = new Map<string, string>();
	const found: { name: string; ip: string }[] = [];
	for (let i = 0; i < count; i++) {
		const name = reader.name();
		const [type, group] = [reader.u16(), reader.u16()];
		reader.skip(4);
		const data = reader.part(reader.u16());
		if (group !== CLASS_IN) continue;
		if (type === TYPE.CNAME) aliases.set(name, data.wholeName());
		else if (type === typeOf(af)) found.push({ name, ip: data.address(af) });
	}
	const names = new Set<string>();
	for (let name: string | undefined = absolute(host); name !== undefined && !names.has(name); ) {
		names.add(name);
		name = aliases.get(name);
	}
	return found.filter(({ name }) => names.has(name)).map(({ ip }) => ip);
}

/** Reads a message, or a record's data in it, from front to back. Throws {@link MessageError} past the end. */
class Reader {
	readonly #bytes: Buffer;
	readonly #end: number;
	#at: number;

	constructor(bytes: Buffer, start = HEADER_BYTES, end = bytes.length) {
		this.#bytes = bytes;
		this.#at = start;
		this.#end = end;
	}

	u16(): number {
		return this.#bytes.readUInt16BE(this.skip(2));
	}

	/** Moves on by `length` bytes, and returns where they start. */
	skip(length: number): number {
		const start = this.#at;
		if (start + length > this.#end)
			throw new MessageError(`ends at ${this.#end} instead of ${start + length}`);
		this.#at += length;
		return start;
	}

	/** A reader of the next `length` bytes. Names in it may point before it. */
	part(length: number): Reader {
		const start = this.skip(length);
		return new Reader(this.#bytes, start, start + length);
	}

	/** A name in lower case, without the root's dot. Dots inside a label are escaped. */
	name(): string {
		const { labels, next } = this.#labels(this.#at, this.#end);
		this.#at = next;
		return labels.join(".");
	}

	/** The name that is all of the data. */
	wholeName(): string {
		const name = this.name();
		if (this.#at !== this.#end) throw new MessageError("data after the name of an alias");
		return name;
	}

	/** The address that is all of the data. */
	address(af: Family): string {
		const length = this.#end - this.#at;
		if (length !== (af === IP4 ? 4 : 16)) throw new MessageError(`an IPv${af} address of ${length} bytes`);
		return IpAddress.fromBytes(this.#bytes.subarray(this.skip(length), this.#end)).toString();
	}

	#labels(start: number, limit: number): { readonly labels: readonly string[]; readonly next: number } {
		const labels: string[] = [];
		let [at, end, before] = [start, limit, start];
		let next: number | null = null;
		for (let size = 0; ; ) {
			if (at >= end) throw new MessageError("a name that does not end");
			const length = this.#bytes.readUInt8(at);
			if (length === 0) return { labels, next: next ?? at + 1 };
			if (length >= 0xc0) {
				if (at + 2 > end) throw new MessageError("half a pointer");
				const target = this.#bytes.readUInt16BE(at) & 0x3fff;
				// Each pointer leads further back, so that a name always ends (RFC 1035 section 4.1.4: a prior name).
				if (target >= before) throw new MessageError("a pointer that does not lead back");
				next ??= at + 2;
				[at, end, before] = [target, this.#bytes.length, target];
				continue;
			}
			if (length > 63) throw new MessageError("an unknown kind of label");
			size += length + 1;
			if (at + 1 + length > end || size >= NAME_BYTES) throw new MessageError("a name that is too long");
			const label = this.#bytes.toString("latin1", at + 1, at + 1 + length);
			labels.push(label.toLowerCase().replaceAll(/[\\.]/g, "\\$&"));
			at += 1 + length;
		}
	}
}

function typeOf(af: Family): number {
	return af === IP4 ? TYPE.A : TYPE.AAAA;
}

/** A name without the root's dot and in lower case, as names are compared: RFC 1035 section 2.3.3. */
function absolute(name: string): string {
	return (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
}
