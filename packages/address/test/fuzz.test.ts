import { describe, expect, it } from "vitest";
import {
	Address,
	AddressError,
	AddressSyntaxError,
	classifyIp,
	IPRange,
	IpAddress,
	isIp,
	netmaskToCidr,
	parseLegacyV4,
	parseTarget,
} from "../src/index.js";

/*
 * Random and mutated strings through every parser: each gives a value or an AddressError whose position lies in
 * the text, and none takes long. The whole million runs with P2PD_LONG=1, and a fortieth of it otherwise.
 */
const { P2PD_LONG } = process.env;
const RUNS = P2PD_LONG === "1" ? 1_000_000 : 25_000;

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
	IpAddress: IpAddress.parse,
	IPRange: IPRange.parse,
	parseTarget: (text) => parseTarget(text),
	parseTargetHost: (text) => parseTarget([text, 1]),
	Address: (text) => Address.parse(text, { defaultPort: 1 }),
	servers: (text) => new Address("a", 1, { servers: [text] }),
	nat64: (text) => new Address("a", 1, { nat64: text }),
	parseLegacyV4,
	netmaskToCidr,
	classifyIp,
	isIp,
};

const seeds = [
	"1.2.3.4",
	"255.255.255.0",
	"192.168.1.0/24",
	"2001:db8::1",
	"::ffff:1.2.3.4",
	"fe80::1%eth0",
	"[fe80::1%eth0]:80",
	"64:ff9b::/96",
	"1:2:3:4:5:6:7:8",
	"example.com:80",
	"https://user@example.com:443/path?q#f",
	"bücher.example",
	"0x7f.0.0.1",
	"a-b_c.d.",
];
const chars = "0123456789abcdefxgABCF.:/%[]@-_#? \n\0é１。٣";

/** mulberry32: a small generator with a seed, so that a failure can be run again. */
function generator(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
	};
}

const next = generator(20_251_122);
const char = (): string => chars[next(chars.length)] ?? "";

function mutate(seed: string): string {
	let text = seed;
	for (let left = 1 + next(4); left > 0; left--) {
		const at = next(text.length + 1);
		const kind = next(5);
		if (kind === 0) text = text.slice(0, at) + char() + text.slice(at);
		else if (kind === 1) text = text.slice(0, at) + text.slice(at + 1);
		else if (kind === 2) text = text.slice(0, at) + char() + text.slice(at + 1);
		else if (kind === 3) text = text.slice(at) + text.slice(0, at);
		else text = text.slice(0, at) + (seeds[next(seeds.length)] ?? "") + text.slice(at);
	}
	return text;
}

const random = (): string => Array.from({ length: next(40) }, char).join("");

describe("every parser", () => {
	it(`reads or refuses ${RUNS} random and mutated strings`, { timeout: 300_000 }, () => {
		let accepted = 0;
		// Most of the time would go into stack traces that no one reads.
		Error.stackTraceLimit = 0;
		for (let i = 0; i < RUNS; i++) {
			const text = next(4) === 0 ? random() : mutate(seeds[next(seeds.length)] ?? "");
			for (const [name, parse] of Object.entries(parsers)) {
				try {
					parse(text);
					accepted++;
				} catch (error) {
					const isOurs = error instanceof AddressError;
					const isPlaced =
						!(error instanceof AddressSyntaxError) || (error.position >= 0 && error.position <= text.length);
					if (!isOurs || !isPlaced) expect.fail(`${name}(${JSON.stringify(text)}): ${String(error)}`);
				}
			}
		}
		Error.stackTraceLimit = 10;
		// A run that accepts nothing, or everything, has tested nothing.
		expect(accepted).toBeGreaterThan(RUNS);
		expect(accepted).toBeLessThan(RUNS * Object.keys(parsers).length);
	});

	it("reads what is long in about the time of what is short: no ReDoS, nothing quadratic", {
		timeout: 60_000,
	}, () => {
		const units = [
			"1",
			"1.",
			"1:",
			":",
			"::",
			"a",
			"a.",
			"a-",
			"é",
			"[",
			"]",
			"%",
			"/",
			"@",
			"0",
			"//",
			"xn--",
			".",
			"。",
		];
		const heads = ["", "1.2.3.4/", "fe80::1%", "[", "http://", "http://u@", "a:", "::ffff:", "1.2.3.4:"];
		const length = 200_000;
		for (const [name, parse] of Object.entries(parsers)) {
			for (const text of heads.flatMap((head) =>
				units.map((unit) => head + unit.repeat(length / unit.length)),
			)) {
				try {
					parse(text);
				} catch (error) {
					if (!(error instanceof AddressError))
						expect.fail(`${name}(${text.slice(0, 20)}...): ${String(error)}`);
				}
			}
		}
	});
});
