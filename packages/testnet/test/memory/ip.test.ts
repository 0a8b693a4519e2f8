import { isIP, SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contains, makeIp, parseCidr, parseIp, parsePrefix } from "../../src/ip.js";
import { translate } from "../../src/memory/gateway/stateless.js";

const v6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
// Addresses with many zero groups, where the short form has to choose.
const sparse = fc
	.array(fc.constantFrom(0n, 0n, 0n, 1n, 0xabn, 0xffffn), { minLength: 8, maxLength: 8 })
	.map((groups) => groups.reduce<bigint>((value, group) => (value << 16n) | group, 0n));

describe("parseIp", () => {
	it("takes what Node takes, and no more", () => {
		const part = fc.constantFrom(
			"0",
			"1",
			"ffff",
			"10000",
			"g",
			"",
			"::",
			":",
			".",
			"1.2.3.4",
			"256",
			"01",
			"fe80",
		);
		const text = fc
			.array(part, { maxLength: 9 })
			.chain((parts) => fc.constantFrom(parts.join(":"), parts.join(""), parts.join(".")));
		fc.assert(
			fc.property(text, (one) => {
				expect(parseIp(one)?.af ?? 0).toBe(isIP(one));
			}),
			{ numRuns: 2000 },
		);
	});

	it("is the inverse of formatting, for both families", () => {
		fc.assert(
			fc.property(fc.oneof(v6, sparse), (value) => {
				const { text } = makeIp(6, value);
				expect(parseIp(text)).toEqual({ af: 6, value, text });
				// Node writes the deprecated IPv4-compatible addresses with a dotted quad; RFC 5952 does not ask for it.
				if (value >> 32n === 0n) return;
				expect(new SocketAddress({ address: text, family: "ipv6" }).address).toBe(text);
			}),
		);
		fc.assert(
			fc.property(fc.bigInt({ min: 0n, max: 0xffff_ffffn }), (value) => {
				const { text } = makeIp(4, value);
				expect(parseIp(text)).toEqual({ af: 4, value, text });
			}),
		);
	});

	it.each([
		["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
		["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
		["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
		["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
		["0:0:0:0:0:0:0:0", "::"],
		["1::", "1::"],
	])("writes %s as RFC 5952 does", (text, canonical) => {
		expect(parseIp(text)?.text).toBe(canonical);
	});
});

describe("prefixes", () => {
	it("hold what they hold", () => {
		const block = parsePrefix("192.168.0.0/22");
		expect(
			["192.168.0.0", "192.168.3.255", "192.168.4.0", "192.167.255.255", "::1"].map((text) =>
				contains(block, parseCidr(text).ip),
			),
		).toEqual([true, true, false, false, false]);
		expect(contains(parsePrefix("::/0"), parseCidr("ffff::").ip)).toBe(true);
		expect(contains(parsePrefix("10.0.0.1"), parseCidr("10.0.0.1").ip)).toBe(true);
	});

	it.each(["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0/8", "::/129", "1.2.3.4/8/8", ""])(
		"refuse %s",
		(text) => {
			expect(() => parseCidr(text)).toThrow(TypeError);
		},
	);
});

describe("NPTv6", () => {
	const inside = parsePrefix("fd01:203:405::/48");
	const outside = parsePrefix("2001:db8:1::/48");
	const ip = (text: string): NonNullable<ReturnType<typeof parseIp>> => parseCidr(text).ip;

	it("translates the example of RFC 6296 section 3.4 and appendix B", () => {
		expect(translate(ip("fd01:203:405:1::1234"), inside, outside)).toBe("2001:db8:1:d550::1234");
		expect(translate(ip("2001:db8:1:d550::1234"), outside, inside)).toBe("fd01:203:405:1::1234");
	});

	const ONES = (1n << 64n) - 1n;
	const sum = (text: string): number => {
		const words = Array.from({ length: 8 }, (_, i) => Number((ip(text).value >> BigInt(16 * i)) & 0xffffn));
		return words.reduce((total, word) => total + word, 0) % 0xffff;
	};

	it.each([32, 48, 52, 60, 64])("goes there and back and changes no checksum: /%i", (length) => {
		const from = parsePrefix(`fd01:203:405:670::/${length}`);
		const to = parsePrefix(`2a00:1450:4001:820::/${length}`);
		const free = 128n - BigInt(length);
		fc.assert(
			fc.property(fc.bigInt({ min: 0n, max: (1n << free) - 1n }), (host) => {
				const start = makeIp(6, from.base | host);
				const there = translate(start, from, to);
				// A word of all ones is the same number as zero to a checksum, so there is nothing to adjust (section 3.1).
				const adjusted =
					length <= 48 ? [(start.value >> 64n) & 0xffffn, 0xffffn] : [start.value & ONES, ONES];
				if (adjusted[0] === adjusted[1]) {
					expect(there).toBeNull();
					return;
				}
				if (there === null) throw new Error("not translated");
				expect(contains(to, ip(there))).toBe(true);
				expect(sum(there)).toBe(sum(start.text));
				expect(translate(ip(there), to, from)).toBe(start.text);
			}),
		);
	});
});
