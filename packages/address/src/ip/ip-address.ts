import { inspect } from "node:util";
import { bitsOf, brand, type Family, IP4, IP6, is } from "@p2pd/net";
import { requireArgument, requireFamily, requireText } from "../arguments.js";
import { AddressFamilyError, AddressSyntaxError, AddressValueError } from "../errors.js";
import type { IpClass } from "../types.js";
import { classifyValue, unmap } from "./classify.js";
import { bytesOf, printIp, readIp, zoneFault } from "./text.js";

/** What {@link IpAddress.from} accepts: text, an IpAddress, or 4 or 16 bytes. */
export type IpInput = string | IpAddress | Uint8Array;

/** An IPv4 or IPv6 address: an immutable value with one canonical text. */
export class IpAddress {
	static {
		brand(IpAddress, "@p2pd/address/IpAddress");
	}
	/** 4 or 6. A v4-mapped address (`::ffff:1.2.3.4`) is an IPv6 address. */
	readonly af: Family;
	/** The zone of a link-local or multicast IPv6 address (`eth0` in `fe80::1%eth0`), or null. */
	readonly zone: string | null;
	readonly #value: bigint;
	#text: string | undefined;
	#class: IpClass | undefined;

	private constructor(value: bigint, af: Family, zone: string | null) {
		this.#value = value;
		this.af = af;
		this.zone = zone;
	}

	/**
	 * Reads an address strictly: no leading zeros, no short, hex or integer forms (see `parseLegacyV4`).
	 *
	 * @throws AddressSyntaxError with the position of the fault (`ERR_ADDRESS_SYNTAX`)
	 */
	static parse(text: string): IpAddress {
		requireText(text, "text");
		const reading = readIp(text);
		if (!reading.ok) throw new AddressSyntaxError(text, reading.position, reading.reason);
		return new IpAddress(reading.value, reading.af, reading.zone);
	}

	/** The address in text, bytes or another IpAddress. Throws as `parse` and `fromBytes` do. */
	static from(input: IpInput): IpAddress {
		if (typeof input === "string") return IpAddress.parse(input);
		if (!(input instanceof IpAddress)) {
			requireArgument(input, "input", IP_INPUT);
			return IpAddress.fromBytes(input);
		}
		// An address of another copy of this package has its private members elsewhere.
		const foreign: Pick<IpAddress, "toBigInt" | "af" | "zone"> = input;
		return #value in input ? input : new IpAddress(foreign.toBigInt(), foreign.af, foreign.zone);
	}

	/**
	 * The address of the given family with this value.
	 *
	 * @throws AddressValueError outside 0 to 2^32 - 1 or 2^128 - 1, or for a zone that the address cannot have
	 * (`ERR_ADDRESS_VALUE`)
	 */
	static fromBigInt(value: bigint, af: Family, zone: string | null = null): IpAddress {
		requireArgument(value, "value", BIG_INT);
		requireFamily(af, "af");
		if (zone !== null) requireText(zone, "zone");
		if (value < 0n || value >> BigInt(bitsOf(af)) !== 0n) {
			throw new AddressValueError(String(value), `not an IPv${af} address`);
		}
		if (zone !== null) {
			const bad = af === IP4 ? "an IPv4 address has no zone" : zoneFault(zone, value)?.reason;
			if (bad !== undefined) throw new AddressValueError(zone, bad);
		}
		return new IpAddress(value, af, zone);
	}

	/**
	 * The address of 4 or 16 bytes in network order.
	 *
	 * @throws AddressValueError for another length (`ERR_ADDRESS_VALUE`)
	 */
	static fromBytes(bytes: Uint8Array): IpAddress {
		requireArgument(bytes, "bytes", is.bytes);
		if (bytes.length !== 4 && bytes.length !== 16) {
			throw new AddressValueError(`${bytes.length} bytes`, "an address has 4 or 16 bytes");
		}
		const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
		return new IpAddress(value, bytes.length === 4 ? IP4 : IP6, null);
	}

	/** The class of the address by the IANA registries. A v4-mapped address has the class of its IPv4 address. */
	get ipClass(): IpClass {
		this.#class ??= classifyValue(this.#value, this.af);
		return this.#class;
	}

	/** Globally routable unicast. */
	get isPublic(): boolean {
		return this.ipClass === "public";
	}

	/** RFC 1918 or unique-local. Not the same as "not public": see `ipClass`. */
	get isPrivate(): boolean {
		return this.ipClass === "private" || this.ipClass === "unique-local";
	}

	/** 127.0.0.0/8 or ::1. */
	get isLoopback(): boolean {
		return this.ipClass === "loopback";
	}

	/** 169.254.0.0/16 or fe80::/10. */
	get isLinkLocal(): boolean {
		return this.ipClass === "link-local";
	}

	/** 224.0.0.0/4 or ff00::/8. */
	get isMulticast(): boolean {
		return this.ipClass === "multicast";
	}

	/** 0.0.0.0 or ::, the any-address of sockets. */
	get isUnspecified(): boolean {
		return this.ipClass === "unspecified";
	}

	/** Carrier-grade NAT space, RFC 6598. */
	get isShared(): boolean {
		return this.ipClass === "shared";
	}

	/** The IPv4 address inside a v4-mapped address; any other address unchanged. */
	unmapped(): IpAddress {
		const value = unmap(this.#value, this.af);
		return value === undefined ? this : new IpAddress(value, IP4, null);
	}

	/** The same address with another zone, or without one. Throws AddressValueError if it cannot have a zone. */
	withZone(zone: string | null): IpAddress {
		return IpAddress.fromBigInt(this.#value, this.af, zone);
	}

	/** Whether family, value and zone are the same. */
	equals(other: IpAddress): boolean {
		requireArgument(other, "other", IP_ADDRESS);
		return IpAddress.order(this, other) === 0;
	}

	/**
	 * -1, 0 or 1 by value, then by zone; 0 exactly if `equals` is true.
	 *
	 * @throws AddressFamilyError across families, which have no order; see `order` for a mixed list
	 */
	compare(other: IpAddress): -1 | 0 | 1 {
		requireArgument(other, "other", IP_ADDRESS);
		if (this.af !== other.af) {
			throw new AddressFamilyError(`${other}`, this.af, [other.af], `${this} and ${other} have no order`);
		}
		return IpAddress.order(this, other);
	}

	/** For sorting a list of both families: IPv4 first, then as `compare`. */
	static order(a: IpAddress, b: IpAddress): -1 | 0 | 1 {
		requireArgument(a, "a", IP_ADDRESS);
		requireArgument(b, "b", IP_ADDRESS);
		if (a.af !== b.af) return a.af < b.af ? -1 : 1;
		const [one, other] = [a.toBigInt(), b.toBigInt()];
		if (one !== other) return one < other ? -1 : 1;
		if (a.zone === b.zone) return 0;
		return a.zone === null || (b.zone !== null && a.zone < b.zone) ? -1 : 1;
	}

	/** The address as a number, without its zone. */
	toBigInt(): bigint {
		return this.#value;
	}

	/** 4 or 16 bytes in network order. */
	toBytes(): Uint8Array {
		return bytesOf(this.#value, this.af);
	}

	/** The canonical text: RFC 5952, with `%zone` if it has one. */
	toString(): string {
		this.#text ??= printIp(this.#value, this.af) + (this.zone === null ? "" : `%${this.zone}`);
		return this.#text;
	}

	/** The canonical text. */
	toJSON(): string {
		return this.toString();
	}

	/** What Node's console shows. */
	[inspect.custom](): string {
		return `IpAddress(${this})`;
	}
}

const BIG_INT = is.a("a bigint", (value) => typeof value === "bigint");
/** An IpAddress, of this copy of the package or another one. */
export const IP_ADDRESS = is.a("an IpAddress", (value) => value instanceof IpAddress);
/** What can be read as an address. */
export const IP_INPUT = is.either(
	"an IP address as text, an IpAddress, or a Uint8Array",
	is.text,
	IP_ADDRESS,
	is.bytes,
);
