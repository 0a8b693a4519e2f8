import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IpAddress } from "../../src/index.js";
import { type Candidate, interleave, orderDestinations, scopeOf } from "../../src/resolve/order.js";
import { v4, v6 } from "../arbitraries.js";

const parse = (text: string): Candidate => {
	const [destination = "", source] = text.split(" from ");
	return {
		address: IpAddress.parse(destination),
		source: source === undefined ? undefined : source === "nowhere" ? null : IpAddress.parse(source),
	};
};
const ordered = (...texts: string[]): string[] =>
	orderDestinations(texts.map(parse)).map(({ address }) => address.toString());

describe("orderDestinations", () => {
	// The examples of RFC 6724 section 10.2 that need no rule about deprecated or home addresses.
	it.each([
		["matching scope", "198.51.100.121 from 169.254.13.78", "2001:db8:1::1 from 2001:db8:1::2", 1],
		["matching scope, the other way", "2001:db8:1::1 from fe80::1", "198.51.100.121 from 198.51.100.117", 1],
		["higher precedence", "10.1.2.3 from 10.1.2.4", "2001:db8:1::1 from 2001:db8:1::2", 1],
		["smaller scope", "2001:db8:1::1 from 2001:db8:1::2", "fe80::1%e from fe80::2%e", 1],
		[
			"longest matching prefix",
			"2001:db8:3ffe::1 from 2001:db8:3f44::2",
			"2001:db8:1::1 from 2001:db8:1::2",
			1,
		],
		["matching label", "2001:db8:1::1 from 2002:c633:6401::2", "2002:c633:6401::1 from 2002:c633:6401::2", 1],
		[
			"higher precedence than 6to4",
			"2002:c633:6401::1 from 2002:c633:6401::2",
			"2001:db8:1::1 from 2001:db8:1::2",
			1,
		],
		["usable", "2001:db8:1::1 from nowhere", "10.1.2.3 from 10.1.2.4", 1],
		["as they came", "10.1.2.3 from 10.1.2.4", "10.9.9.9 from 10.1.2.4", 0],
	] as const)("%s", (_rule, first, second, better) => {
		const texts = [first, second];
		const expected = parse(texts[better] ?? "").address.toString();
		expect(ordered(...texts)[0]).toBe(expected);
		// All but the last rule decide whatever the order of the answers.
		if (better === 1) expect(ordered(second, first)[0]).toBe(expected);
	});

	it("keeps a server's rotation in IPv4", () => {
		expect(ordered("10.9.9.9 from 10.1.2.4", "10.1.2.3 from 10.1.2.4")).toEqual(["10.9.9.9", "10.1.2.3"]);
	});

	it("uses only what needs no source where one is not known", () => {
		expect(ordered("198.51.100.1", "2001:db8::1")).toEqual(["2001:db8::1", "198.51.100.1"]);
		expect(ordered("fd00::1", "2001:db8::1", "198.51.100.1")).toEqual([
			"2001:db8::1",
			"198.51.100.1",
			"fd00::1",
		]);
		// Known, the first would lose by its label.
		expect(ordered("2001:db8::1 from 2002::1", "198.51.100.1")).toEqual(["2001:db8::1", "198.51.100.1"]);
	});

	it("is an order: it loses nothing, and sorting again changes nothing", () => {
		const source = fc.oneof(fc.constant(null), fc.constant(undefined), v4, v6);
		const candidate = fc.record({ address: fc.oneof(v4, v6), source });
		fc.assert(
			fc.property(fc.array(candidate, { maxLength: 12 }), (candidates) => {
				const once = orderDestinations(candidates);
				expect(new Set(once)).toEqual(new Set(candidates));
				expect(orderDestinations(once)).toEqual(once);
				const firstLost = once.findIndex((one) => one.source === null);
				if (firstLost >= 0) expect(once.slice(firstLost).every((one) => one.source === null)).toBe(true);
			}),
		);
	});
});

describe("interleave", () => {
	it("takes turns from the best one's family on, each family in its own order", () => {
		const list = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "1.1.1.1", "1.1.1.2"].map(parse);
		const turns = interleave(list).map(({ address }) => `${address}`);
		expect(turns).toEqual(["2001:db8::1", "1.1.1.1", "2001:db8::2", "1.1.1.2", "2001:db8::3"]);
		expect(interleave([])).toEqual([]);
		expect(interleave(list.slice(3))).toEqual(list.slice(3));
	});
});

describe("scopeOf", () => {
	it.each([
		["127.0.0.1", 2],
		["169.254.1.1", 2],
		["10.0.0.1", 14],
		["8.8.8.8", 14],
		["::1", 2],
		["fe80::1", 2],
		["fec0::1", 5],
		["fd00::1", 14],
		["ff02::1", 2],
		["ff05::2", 5],
		["ff0e::1", 14],
	])("of %s is %i", (text, scope) => {
		expect(scopeOf(IpAddress.parse(text))).toBe(scope);
	});
});
