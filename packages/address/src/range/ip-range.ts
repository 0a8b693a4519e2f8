import { inspect } from "node:util";
import { bitsOf, brand, type Family, familyFromP2pd, is } from "@p2pd/net";
import { requireArgument, requireText } from "../arguments.js";
import { AddressFamilyError, AddressIndexError, AddressValueError } from "../errors.js";
import { classifyBlock } from "../ip/classify.js";
import { IP_ADDRESS, IpAddress, type IpInput } from "../ip/ip-address.js";
import { takesZone } from "../ip/text.js";
import type { IPRangeJson, IpClass } from "../types.js";
import { cidrToNetmask, readBlock } from "./prefix.js";

/** What can be inside a range: an address or a range, or the text of either. */
export type RangeOperand = string | IpAddress | IPRange;

/**
 * A block of addresses, or one address: an immutable value. It keeps the address that it was made from, host bits
 * included, since the addresses of a NIC are written so: `192.168.1.5/24`.
 *
 * `size`, `at` and iteration count its **hosts**. The hosts of a block leave out its network address (in IPv6 the
 * subnet-router anycast address, RFC 4291 section 2.6.1) and include its last address, so a /16 has 65535. A /31 or
 * /127 has both its addresses as hosts (RFC 3021, RFC 6164), and a single address is its own host. `contains` is true
 * for every address of the block.
 */
export class IPRange implements Iterable<IpAddress> {
	static {
		brand(IPRange, "@p2pd/address/IPRange");
	}
	/** 4 or 6. */
	readonly af: Family;
	/** Prefix length in bits: 32 or 128 for a single address. */
	readonly cidr: number;
	/** The number of hosts. */
	readonly size: bigint;
	readonly #given: IpAddress;
	readonly #network: bigint;
	/** From the network address to host 0. */
	readonly #skip: bigint;

	/**
	 * @param ip an address, `ip/prefix` text, or 4 or 16 bytes
	 * @param prefix its prefix length (a number, or text with or without the slash) or its netmask; by default the
	 * full length
	 * @throws AddressSyntaxError for text that cannot be read, or a second prefix; AddressValueError for bytes and
	 * numbers out of bounds
	 */
	constructor(ip: IpInput, prefix?: number | string) {
		const { given, cidr } = readBlock(ip, prefix);
		this.#given = given;
		this.af = given.af;
		this.cidr = cidr;
		const hostBits = BigInt(bitsOf(this.af) - cidr);
		this.#network = (given.toBigInt() >> hostBits) << hostBits;
		this.#skip = hostBits > 1n ? 1n : 0n;
		this.size = (1n << hostBits) - this.#skip;
		if (given.zone !== null && !(takesZone(this.#network) && takesZone(this.#top))) {
			throw new AddressValueError(`${given}/${cidr}`, "a zone on a range that is not link-local");
		}
	}

	/** `ip/prefix`, `ip/netmask` or a bare address (a range of one). Throws AddressSyntaxError. */
	static parse(text: string): IPRange {
		requireText(text, "text");
		return new IPRange(text);
	}

	/** The range around an address given as a number. Throws AddressValueError for a number out of bounds. */
	static fromBigInt(value: bigint, af: Family, prefix?: number | string): IPRange {
		return new IPRange(IpAddress.fromBigInt(value, af), prefix);
	}

	/** The range around an address of 4 or 16 bytes in network order. Throws AddressValueError for another length. */
	static fromBytes(bytes: Uint8Array, prefix?: number | string): IPRange {
		requireArgument(bytes, "bytes", is.bytes);
		return new IPRange(bytes, prefix);
	}

	/**
	 * Reads what `toJSON()` writes, and P2PD's dictionary, whose `af` is the operating system's number (2; 10, 23 or 30).
	 * Other fields are ignored.
	 *
	 * @throws AddressArgumentError for a field that is missing or of a wrong type, AddressSyntaxError, AddressValueError,
	 * and AddressFamilyError if `af` is not the family of `ip`
	 */
	static fromJSON(json: { readonly ip: string; readonly cidr: number; readonly af: number }): IPRange {
		requireArgument(json, "json", RANGE_JSON);
		const { ip, cidr } = json;
		const range = new IPRange(IpAddress.parse(ip), cidr);
		const af = familyFromP2pd(json.af) ?? range.af;
		if (range.af !== af) throw new AddressFamilyError(ip, af, [range.af], `${ip} is not an IPv${af} address`);
		return range;
	}

	/** The address that the range was made from, with its host bits and zone. */
	get ip(): string {
		return this.#given.toString();
	}

	/** The zone of its addresses, or null. */
	get zone(): string | null {
		return this.#given.zone;
	}

	/** Whether it is a single address, of full prefix length. */
	get isSingle(): boolean {
		return this.cidr === bitsOf(this.af);
	}

	/** Whether it was made from an address in a subnet (192.168.1.5/24), not from the block itself (192.168.1.0/24). */
	get hasHostBits(): boolean {
		return this.#given.toBigInt() !== this.#network;
	}

	/** The lowest address. In a block it is not a host. */
	get network(): IpAddress {
		return this.#address(this.#network);
	}

	/** The first host. */
	get first(): IpAddress {
		return this.at(0);
	}

	/** The last host and highest address. */
	get last(): IpAddress {
		return this.at(-1);
	}

	/** The netmask as text: 255.255.255.0 for a /24. */
	get netmask(): string {
		return cidrToNetmask(this.cidr, this.af);
	}

	/** The class that all its addresses have, or "mixed". */
	get ipClass(): IpClass | "mixed" {
		return classifyBlock(this.#network, this.#top, this.af);
	}

	/** Whether every address is globally routable unicast. */
	get isPublic(): boolean {
		return this.ipClass === "public";
	}

	/** Whether every address is in RFC 1918 space, or every address is unique-local. */
	get isPrivate(): boolean {
		return this.ipClass === "private" || this.ipClass === "unique-local";
	}

	/** Whether every address is in 127.0.0.0/8, or the range is ::1. */
	get isLoopback(): boolean {
		return this.ipClass === "loopback";
	}

	/** Whether every address is in 169.254.0.0/16, or every address is in fe80::/10. */
	get isLinkLocal(): boolean {
		return this.ipClass === "link-local";
	}

	/**
	 * Host number `index`, from 0, or from the end if negative.
	 *
	 * @throws AddressIndexError (a RangeError, `ERR_ADDRESS_INDEX`) outside the range, AddressArgumentError for anything
	 * but an integer
	 */
	at(index: number | bigint): IpAddress {
		const wanted = toIndex(index);
		const offset = wanted < 0n ? wanted + this.size : wanted;
		if (offset < 0n || offset >= this.size) throw new AddressIndexError(this.toString(), wanted, this.size);
		return this.#address(this.#network + this.#skip + offset);
	}

	/** The hosts in ascending order, made one by one. */
	[Symbol.iterator](): IterableIterator<IpAddress> {
		return this.slice();
	}

	/** The hosts in descending order, made one by one. */
	reversed(): IterableIterator<IpAddress> {
		return this.slice(undefined, undefined, -1);
	}

	/**
	 * Every `step`th host from `start` up to, but not including, `end`, made one by one. Bounds work as in Array's
	 * `slice`: negative ones count from the end, and those outside the range move to its edge. A negative step goes
	 * backwards, by default from the last host.
	 *
	 * @throws AddressValueError for a step of 0, AddressArgumentError for anything but integers
	 */
	slice(
		start?: number | bigint,
		end?: number | bigint,
		step: number | bigint = 1,
	): IterableIterator<IpAddress> {
		const by = toIndex(step);
		if (by === 0n) throw new AddressValueError(String(step), "a step is not 0");
		const bounds = sliceBounds(this.size, maybeIndex(start), maybeIndex(end), by);
		return this.#walk(bounds.from, bounds.to, by);
	}

	/** Whether this range contains all of an address or range. False across families, and across zones. */
	contains(other: RangeOperand): boolean {
		const range = IPRange.#of(other);
		if (range.af !== this.af || (this.zone !== null && this.zone !== range.zone)) return false;
		return range.#network >= this.#network && range.#top <= this.#top;
	}

	/** Whether the two have an address in common. False across families, and between two different zones. */
	overlaps(other: RangeOperand): boolean {
		const range = IPRange.#of(other);
		if (range.af !== this.af) return false;
		if (this.zone !== null && range.zone !== null && this.zone !== range.zone) return false;
		return range.#network <= this.#top && this.#network <= range.#top;
	}

	/** Whether both are the same set of addresses: family, network, prefix and zone. Host bits are ignored. */
	equals(other: RangeOperand): boolean {
		return IPRange.order(this, IPRange.#of(other)) === 0;
	}

	/**
	 * -1, 0 or 1 by network, the wider one first, then by zone; 0 exactly if `equals` is true.
	 *
	 * @throws AddressFamilyError across families, which have no order; see `order` for a mixed list
	 */
	compare(other: RangeOperand): -1 | 0 | 1 {
		const range = IPRange.#of(other);
		if (range.af !== this.af) {
			throw new AddressFamilyError(`${range}`, this.af, [range.af], `${this} and ${range} have no order`);
		}
		return IPRange.order(this, range);
	}

	/** For sorting a list of both families: IPv4 first, then as `compare`. */
	static order(a: IPRange, b: IPRange): -1 | 0 | 1 {
		requireArgument(a, "a", IP_RANGE);
		requireArgument(b, "b", IP_RANGE);
		const order = IpAddress.order(a.network, b.network);
		const sameNetwork = a.af === b.af && a.network.toBigInt() === b.network.toBigInt();
		return sameNetwork && a.cidr !== b.cidr ? (a.cidr < b.cidr ? -1 : 1) : order;
	}

	/** P2PD's form: the address as given, host bits included. */
	toJSON(): IPRangeJson {
		return { ip: this.ip, cidr: this.cidr, af: this.af };
	}

	/** `ip/prefix` with the address as given. `parse` reads it. */
	toString(): string {
		return `${this.ip}/${this.cidr}`;
	}

	/** What Node's console shows. */
	[inspect.custom](): string {
		return `IPRange(${this})`;
	}

	get #top(): bigint {
		return this.#network + this.#skip + this.size - 1n;
	}

	static #of(operand: RangeOperand): IPRange {
		if (!(operand instanceof IPRange)) {
			requireArgument(operand, "other", RANGE_OPERAND);
			return new IPRange(operand);
		}
		// A range of another copy of this package has its private members elsewhere.
		const foreign: { toString(): string } = operand;
		return #network in operand ? operand : new IPRange(foreign.toString());
	}

	#address(value: bigint): IpAddress {
		return IpAddress.fromBigInt(value, this.af, this.zone);
	}

	*#walk(from: bigint, to: bigint, by: bigint): Generator<IpAddress, void> {
		for (let i = from; by > 0n ? i < to : i > to; i += by) yield this.at(i);
	}
}

/**
 * The host that a slice of `size` hosts starts at, and the one that it stops before. For a backward step the edges are
 * the last host and one before host 0.
 */
function sliceBounds(
	size: bigint,
	start: bigint | undefined,
	end: bigint | undefined,
	step: bigint,
): { from: bigint; to: bigint } {
	const [low, high] = step > 0n ? [0n, size] : [-1n, size - 1n];
	const clamp = (bound: bigint | undefined, otherwise: bigint): bigint => {
		if (bound === undefined) return otherwise;
		const at = bound < 0n ? bound + size : bound;
		return at < low ? low : at > high ? high : at;
	};
	return step > 0n
		? { from: clamp(start, low), to: clamp(end, high) }
		: { from: clamp(start, high), to: clamp(end, low) };
}

/** An IPRange, of this copy of the package or another one. */
export const IP_RANGE = is.a("an IPRange", (value) => value instanceof IPRange);
const RANGE_OPERAND = is.either(
	"an address or a range, or the text of either",
	is.text,
	IP_ADDRESS,
	IP_RANGE,
);
const P2PD_FAMILY = is.a(
	"4 or 6, or P2PD's 2, 10, 23 or 30",
	(value) => typeof value === "number" && familyFromP2pd(value) !== null,
);
const INDEX = is.a("a safe integer or a bigint", Number.isSafeInteger);
const RANGE_JSON = is.shape(
	{ ip: is.text, cidr: is.a("a number", (value) => typeof value === "number"), af: P2PD_FAMILY },
	{ required: ["ip", "cidr", "af"], open: true },
);

/** An index as a bigint. Throws AddressArgumentError for anything but an integer. */
function toIndex(index: number | bigint): bigint {
	if (typeof index === "bigint") return index;
	requireArgument(index, "index", INDEX);
	return BigInt(index);
}

/** {@link toIndex}, or undefined. */
function maybeIndex(index: number | bigint | undefined): bigint | undefined {
	return index === undefined ? undefined : toIndex(index);
}
