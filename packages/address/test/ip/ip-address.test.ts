import { isIP, isIPv6 } from "node:net";
import { inspect } from "node:util";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import {
	AddressFamilyError,
	AddressSyntaxError,
	AddressValueError,
	canonicalIp,
	classifyIp,
	IpAddress,
	ipVersion,
	isIp,
	isPublicIp,
	parseLegacyV4,
} from "../../src/index.js";
import { anyIp, v4Value, v6Value } from "../arbitraries.js";

describe("IpAddress", () => {
	it("reads and writes IPv6 as ipaddr.js does, with a dotted quad and zeros in any place", () => {
		const form = fc.constantFrom("toString", "toNormalizedString", "toFixedLengthString", "toRFC5952String");
		fc.assert(
			fc.property(v6Value, form, fc.boolean(), (value, write, asQuad) => {
				const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
				const theirs = new ipaddr.IPv6(groups);
				const low = Number(value & 0xffff_ffffn);
				const quad = [low >>> 24, (low >>> 16) & 255, (low >>> 8) & 255, low & 255].join(".");
				const text = asQuad
					? [...groups.slice(0, 6).map((group) => group.toString(16)), quad].join(":")
					: theirs[write as "toString"]();
				const ours = IpAddress.parse(text);
				expect(ours.toBigInt()).toBe(value);
				// ipaddr.js writes a v4-mapped address without its dotted quad (RFC 5952 section 5).
				if (value >> 32n !== 0xffffn) expect(ours.toString()).toBe(theirs.toRFC5952String());
			}),
			{ numRuns: 2000 },
		);
	});
});

describe("IpAddress.parse", () => {
	it.each([
		["1.2.3.4", "1.2.3.4"],
		["0.0.0.0", "0.0.0.0"],
		["255.255.255.255", "255.255.255.255"],
		["::", "::"],
		["::1", "::1"],
		["1::", "1::"],
		// An IPv4-compatible address (RFC 4291 section 2.5.5.1), which ipaddr.js reads as a v4-mapped one.
		["::1.2.3.4", "::102:304"],
		["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
		// RFC 5952 sections 4.1 to 4.3: leading zeros, one group not shortened, the longest run, the first of two.
		["2001:0db8::0001", "2001:db8::1"],
		["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
		["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
		["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
		["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
		["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
		// Section 5: the well-known mixed form.
		["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
		["::FFFF:0102:0304", "::ffff:1.2.3.4"],
		["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
		["fe80::1%eth0", "fe80::1%eth0"],
		["FE80:0::1%eth0.100", "fe80::1%eth0.100"],
		["fe80::1%17", "fe80::1%17"],
		["ff02::1%wlan0", "ff02::1%wlan0"],
	])("reads %s as %s", (text, canonical) => {
		expect(IpAddress.parse(text).toString()).toBe(canonical);
		expect(canonicalIp(text)).toBe(canonical);
	});

	it.each([
		["", 0, "expected a digit"],
		["1.2.3", 5, "fewer than four parts"],
		["1.2.3.4.5", 7, "more than four parts"],
		["010.0.0.1", 0, "a leading zero"],
		["1.2.3.00", 6, "a leading zero"],
		["1.2.3.256", 8, "a part above 255"],
		["1..2.3", 2, "expected a digit"],
		["1.2.3.", 6, "expected a digit"],
		["0x7f.0.0.1", 1, "not a character of an IP address"],
		["2130706433", 3, "a part above 255"],
		[" 1.2.3.4", 0, "not a character of an IP address"],
		["1.2.3.4\n", 7, "not a character of an IP address"],
		["1.2.3.4%eth0", 7, "not a character of an IP address"],
		["١.2.3.4", 0, "not a character of an IP address"],
		[":", 0, "a single colon at the start"],
		[":1::", 0, "a single colon at the start"],
		[":1.2.3.4", 0, "a single colon at the start"],
		[":1:2:3:4:5:6:1.2.3.4", 0, "a single colon at the start"],
		["1:2:3:4:5:6:7:", 13, "a single colon at the end"],
		["1::2::3", 5, "a second ::"],
		[":::", 2, "three colons"],
		["1:2:3", 5, "not eight groups"],
		["1:2:3:4:5:6:7:8:9", 17, "not eight groups"],
		["1:2:3:4::5:6:7:8", 16, "not eight groups"],
		["00001::", 4, "a group of more than four digits"],
		["::g", 2, "not a character of an IP address"],
		["::ffff:1.2.3.04", 13, "a leading zero"],
		["::ffff:1.2.3", 12, "fewer than four parts"],
		["1:2:3:4:5:6:7:1.2.3.4", 21, "not eight groups"],
		["fe80::1%", 8, "expected a zone"],
		["fe80::1%a b", 9, "not a character of a zone"],
		["fe80::1%eth0%eth1", 12, "not a character of a zone"],
		["fe80::1%None/64", 12, "not a character of a zone"],
		["fd00::1%eth0", 7, "a zone on an address that is not link-local"],
		["::1%lo", 3, "a zone on an address that is not link-local"],
		[`fe80::1%${"a".repeat(65)}`, 72, "too long for a zone"],
		[`${"1:".repeat(40)}`, 45, "too long for an IP address"],
	])("refuses %j at %i: %s", (text, position, reason) => {
		const error = catchError(() => IpAddress.parse(text));
		expect(error).toBeInstanceOf(AddressSyntaxError);
		expect(error).toMatchObject({ code: "ERR_ADDRESS_SYNTAX", input: text, position, reason });
		expect(isIp(text)).toBe(false);
		expect(ipVersion(text)).toBe(0);
		expect(classifyIp(text)).toBeUndefined();
		expect(isPublicIp(text)).toBe(false);
	});

	it("accepts exactly what Node's net module does, zones apart", () => {
		const chunk = fc.constantFrom(
			..."0123456789abcdefABCDEFg",
			":",
			"::",
			".",
			"255",
			"256",
			"0",
			"1.2.3.4",
			"ffff",
		);
		fc.assert(
			fc.property(fc.array(chunk, { maxLength: 16 }), (chunks) => {
				const text = chunks.join("");
				expect(ipVersion(text)).toBe(isIP(text));
			}),
			{ numRuns: 20_000 },
		);
	});

	it("prints what it reads, as text, number and bytes", () => {
		fc.assert(
			fc.property(anyIp, (ip) => {
				expect(IpAddress.parse(ip.toString()).equals(ip)).toBe(true);
				expect(IpAddress.fromBigInt(ip.toBigInt(), ip.af, ip.zone).equals(ip)).toBe(true);
				expect(IpAddress.fromBytes(ip.toBytes()).equals(ip.zone === null ? ip : ip.withZone(null))).toBe(
					true,
				);
			}),
		);
	});

	it("prints the one text that RFC 5952 allows", () => {
		fc.assert(
			fc.property(v6Value, (value) => {
				const text = IpAddress.fromBigInt(value, 6).toString();
				expect(isIPv6(text)).toBe(true);
				// The URL parser of Node has a serialiser of its own, without the mixed form.
				if (!text.includes(".")) expect(new URL(`http://[${text}]`).hostname).toBe(`[${text}]`);
			}),
		);
	});
});

describe("IpAddress", () => {
	it("refuses invalid numbers, bytes and zones", () => {
		for (const make of [
			() => IpAddress.fromBigInt(-1n, 4),
			() => IpAddress.fromBigInt(1n << 32n, 4),
			() => IpAddress.fromBigInt(1n << 128n, 6),
			() => IpAddress.fromBigInt(1n, 4, "eth0"),
			() => IpAddress.fromBigInt(1n, 6, "eth0"),
			() => IpAddress.fromBytes(new Uint8Array(5)),
			() => IpAddress.parse("fe80::1").withZone(""),
		]) {
			expect(catchError(make)).toBeInstanceOf(AddressValueError);
		}
	});

	it("orders one family totally, equal where equals says so", () => {
		fc.assert(
			fc.property(anyIp, anyIp, anyIp, (a, b, c) => {
				expect(IpAddress.order(a, a)).toBe(0);
				expect(IpAddress.order(a, b) + IpAddress.order(b, a)).toBe(0);
				expect(IpAddress.order(a, b) === 0).toBe(a.equals(b));
				if (IpAddress.order(a, b) <= 0 && IpAddress.order(b, c) <= 0) {
					expect(IpAddress.order(a, c)).toBeLessThanOrEqual(0);
				}
				if (a.af === b.af) expect(a.compare(b)).toBe(IpAddress.order(a, b));
				else expect(() => a.compare(b)).toThrow(AddressFamilyError);
			}),
		);
	});

	it("tells zones apart", () => {
		const [a, b] = [IpAddress.parse("fe80::1%a"), IpAddress.parse("fe80::1%b")];
		expect(a.equals(b)).toBe(false);
		expect(a.compare(b)).toBe(-1);
		expect(IpAddress.parse("fe80::1").compare(a)).toBe(-1);
		expect(a.withZone("b").equals(b)).toBe(true);
	});

	it("classifies a v4-mapped address by the address inside, and unwraps it", () => {
		const mapped = IpAddress.parse("::ffff:192.168.1.1");
		expect([mapped.af, mapped.ipClass, mapped.isPrivate]).toEqual([6, "private", true]);
		expect(mapped.unmapped().toString()).toBe("192.168.1.1");
		const plain = IpAddress.parse("2001:db8::1");
		expect(plain.unmapped()).toBe(plain);
		fc.assert(
			fc.property(v4Value, (value) => {
				const v4 = IpAddress.fromBigInt(value, 4);
				expect(IpAddress.fromBigInt((0xffffn << 32n) | value, 6).ipClass).toBe(v4.ipClass);
			}),
		);
	});

	it("shows itself as text everywhere", () => {
		const ip = IpAddress.parse("FE80::1%eth0");
		expect(`${ip} ${JSON.stringify(ip)} ${inspect(ip)}`).toBe(
			'fe80::1%eth0 "fe80::1%eth0" IpAddress(fe80::1%eth0)',
		);
	});

	it("has one flag a class", () => {
		const flags = (text: string) => {
			const ip = IpAddress.parse(text);
			const { isPublic, isPrivate, isLoopback, isLinkLocal, isMulticast, isUnspecified, isShared } = ip;
			return { isPublic, isPrivate, isLoopback, isLinkLocal, isMulticast, isUnspecified, isShared };
		};
		const none = flags("192.0.2.1");
		expect(Object.values(none)).not.toContain(true);
		expect(flags("8.8.8.8")).toEqual({ ...none, isPublic: true });
		expect(flags("10.0.0.1")).toEqual({ ...none, isPrivate: true });
		expect(flags("fd00::1")).toEqual({ ...none, isPrivate: true });
		expect(flags("::1")).toEqual({ ...none, isLoopback: true });
		expect(flags("169.254.1.1")).toEqual({ ...none, isLinkLocal: true });
		expect(flags("ff02::1")).toEqual({ ...none, isMulticast: true });
		expect(flags("::")).toEqual({ ...none, isUnspecified: true });
		expect(flags("100.64.0.1")).toEqual({ ...none, isShared: true });
	});
});

describe("parseLegacyV4", () => {
	it.each([
		["010.0.0.1", "8.0.0.1"],
		["1.2.3", "1.2.0.3"],
		["127.1", "127.0.0.1"],
		["0x7f000001", "127.0.0.1"],
		["2130706433", "127.0.0.1"],
	])("reads %s as %s, which nothing else does", (text, canonical) => {
		expect(parseLegacyV4(text).toString()).toBe(canonical);
		expect(isIp(text)).toBe(false);
	});

	it.each(["", "::1", "1.2.3.4.5", "09", "4294967296", "1.2.3.4 ", "a", "0".repeat(1000)])(
		"refuses %j",
		(text) => {
			expect(() => parseLegacyV4(text)).toThrow(AddressSyntaxError);
		},
	);
});

function catchError(run: () => unknown): unknown {
	try {
		return run();
	} catch (error) {
		return error;
	}
}
