import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	AddressFamilyError,
	AddressValueError,
	embedV4,
	extractV4,
	IPRange,
	IpAddress,
	nat64PrefixesFrom,
} from "../../src/index.js";
import { v4, v6 } from "../arbitraries.js";

const ip = (text: string) => IpAddress.parse(text);

describe("embedV4", () => {
	// RFC 6052 section 2.4, tables 2 and 3.
	it.each([
		["2001:db8::/32", "2001:db8:c000:221::"],
		["2001:db8:100::/40", "2001:db8:1c0:2:21::"],
		["2001:db8:122::/48", "2001:db8:122:c000:2:2100::"],
		["2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"],
		["2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100:0"],
		["2001:db8:122:344::/96", "2001:db8:122:344::c000:221"],
		["64:ff9b::/96", "64:ff9b::c000:221"],
	])("192.0.2.33 with %s is %s", (prefix, expected) => {
		const range = IPRange.parse(prefix);
		const embedded = embedV4(ip("192.0.2.33"), range);
		expect(embedded.equals(ip(expected))).toBe(true);
		expect(`${extractV4(embedded, range)}`).toBe("192.0.2.33");
	});

	it("refuses what RFC 6052 has no form for", () => {
		for (const prefix of ["2001:db8::/33", "2001:db8::1/64", "2001:db8::/128", "2001:db8:0:0:ff00::/96"]) {
			expect(() => embedV4(ip("1.2.3.4"), IPRange.parse(prefix))).toThrow(AddressValueError);
		}
		expect(() => embedV4(ip("::1"), IPRange.parse("64:ff9b::/96"))).toThrow(AddressFamilyError);
		expect(() => embedV4(ip("1.2.3.4"), IPRange.parse("10.0.0.0/32"))).toThrow(AddressFamilyError);
		expect(extractV4(ip("2001:db8::1"), IPRange.parse("64:ff9b::/96"))).toBeUndefined();
	});
});

describe("nat64PrefixesFrom", () => {
	const lengths = fc.constantFrom(32, 40, 48, 56, 64, 96);
	const prefix = fc
		.tuple(v6, lengths)
		.map(([base, cidr]) => new IPRange(new IPRange(base, cidr).network, cidr))
		.filter((range) => range.network.toBytes()[8] === 0);

	it("finds the prefix that made the addresses, also where one alone could be read in several ways", () => {
		fc.assert(
			fc.property(prefix, (range) => {
				const both = ["192.0.0.170", "192.0.0.171"].map((text) => embedV4(ip(text), range));
				expect(nat64PrefixesFrom(both).map(String)).toContain(range.toString());
			}),
		);
	});

	it("turns back to what went in, whatever the address and prefix", () => {
		fc.assert(
			fc.property(v4, prefix, (address, range) => {
				expect(extractV4(embedV4(address, range), range)?.equals(address)).toBe(true);
			}),
		);
	});

	it("takes an address that can be read in two ways only as another confirms it", () => {
		// 192.0.0.170 at the places of a /32 and of a /96.
		const twofold = ip("2001:db8:c000:aa::c000:aa");
		expect(nat64PrefixesFrom([twofold])).toEqual([]);
		const other = ip("2001:db8:c000:aa::c000:ab");
		expect(nat64PrefixesFrom([twofold, other]).map(String)).toEqual(["2001:db8:c000:aa::/96"]);
	});

	it("finds nothing in addresses of the name's own, and each prefix once", () => {
		expect(nat64PrefixesFrom([ip("2001:db8::1"), ip("2001:db8:c000:ab:ff00::")])).toEqual([]);
		const found = nat64PrefixesFrom(["64:ff9b::192.0.0.170", "64:ff9b::192.0.0.171"].map(ip));
		expect(found.map(String)).toEqual(["64:ff9b::/96"]);
	});
});
