import { isIP } from "node:net";
import { endpointText } from "@p2pd/net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	AddressArgumentError,
	AddressSyntaxError,
	AddressValueError,
	parseTarget,
	type TargetInput,
} from "../../src/index.js";
import { checkPort } from "../../src/target/target.js";
import { anyIp } from "../arbitraries.js";

describe("parseTarget", () => {
	it.each<[TargetInput, object]>([
		["example.com:80", { host: "example.com", port: 80 }],
		["example.com", { host: "example.com", port: null }],
		["example.com.:80", { host: "example.com.", port: 80 }],
		["localhost:0", { host: "localhost", port: 0 }],
		["_sip._udp.example.com:5060", { host: "_sip._udp.example.com", port: 5060 }],
		["1.2.3.4:65535", { host: "1.2.3.4", af: 4, port: 65535 }],
		["1.2.3.4", { host: "1.2.3.4", af: 4, port: null }],
		["[2001:DB8::1]:443", { host: "2001:db8::1", af: 6, port: 443 }],
		["[::1]", { host: "::1", af: 6, port: null }],
		["2001:db8::1", { host: "2001:db8::1", af: 6, port: null }],
		["::", { host: "::", af: 6, port: null }],
		["[fe80::1%eth0]:80", { host: "fe80::1%eth0", af: 6, zone: "eth0", port: 80 }],
		["fe80::1%eth0", { host: "fe80::1%eth0", af: 6, zone: "eth0", port: null }],
		["http://example.com", { host: "example.com", port: 80 }],
		["HTTPS://example.com/a:1?b@c#d", { host: "example.com", port: 443 }],
		["https://user:p%40ss@example.com:8443/x", { host: "example.com", port: 8443 }],
		["wss://[2001:db8::1]", { host: "2001:db8::1", af: 6, port: 443 }],
		["stun://1.2.3.4", { host: "1.2.3.4", af: 4, port: 3478 }],
		["unheard-of://example.com", { host: "example.com", port: null }],
		[new URL("http://example.com/"), { host: "example.com", port: 80 }],
		[["example.com", 80], { host: "example.com", port: 80 }],
		[["::1", 80], { host: "::1", af: 6, port: 80 }],
		[["[::1]", 80], { host: "::1", af: 6, port: 80 }],
		[["example.com"], { host: "example.com", port: null }],
		[["example.com", null], { host: "example.com", port: null }],
		[
			{ host: "example.com", port: 80 },
			{ host: "example.com", port: 80 },
		],
		[
			{ ip: "1.2.3.4", port: 80 },
			{ host: "1.2.3.4", af: 4, port: 80 },
		],
		["bücher.example:80", { host: "xn--bcher-kva.example", port: 80 }],
		["日本語.jp", { host: "xn--wgv71a119e.jp", port: null }],
		// The last label decides whether it could be read as a number.
		["1.2.3.example", { host: "1.2.3.example", port: null }],
		["4chan.org", { host: "4chan.org", port: null }],
	])("reads %j", (input, expected) => {
		expect(parseTarget(input)).toEqual(expected);
	});

	it.each([
		["", 0, "expected a host"],
		[":80", 0, "expected a host"],
		["example.com:", 12, "expected a port"],
		["example.com:65536", 16, "a port above 65535"],
		["example.com:080", 12, "a leading zero"],
		["example.com:8o", 13, "not a digit of a port"],
		["example.com:+8", 12, "not a digit of a port"],
		["[::1", 4, "expected ]"],
		["[::1]80", 5, "expected : after ]"],
		["[::1]]:80", 5, "expected : after ]"],
		["[1.2.3.4]:80", 1, "brackets around a host that is not IPv6"],
		["[example.com]:80", 1, "not a character of an IP address"],
		["[fd00::1%eth0]:80", 8, "a zone on an address that is not link-local"],
		["010.0.0.1:80", 0, "a leading zero"],
		["1.2.3:80", 5, "fewer than four parts"],
		["127.1", 5, "fewer than four parts"],
		["2130706433", 3, "a part above 255"],
		["0x7f.1", 5, "a name that ends in a number"],
		["0x7f000001:80", 0, "a name that ends in a number"],
		["a.0x", 2, "a name that ends in a number"],
		["1.2.3.4.", 7, "more than four parts"],
		["foo.1.", 4, "a name that ends in a number"],
		// Full-width digits and ideographic full stops become an IPv4 address in ToASCII.
		["１２７。０。０。１", 0, "a name that ends in a number"],
		["a..b", 2, "an empty label"],
		[".a", 0, "an empty label"],
		["-a.b", 0, "a hyphen at the start of a label"],
		["a-.b", 1, "a hyphen at the end of a label"],
		["a b", 1, "not a character of a name"],
		["a\0b", 1, "not a character of a name"],
		["user@host:80", 4, "not a character of a name"],
		["a/b", 1, "not a character of a name"],
		["é\0", 0, "not a character of a name"],
		[`${"a".repeat(64)}.b`, 63, "a label of more than 63 characters"],
		[`${"a.".repeat(127)}b`, 253, "too long for a name"],
		["é".repeat(2000), 1012, "too long for a name"],
		["://example.com", 0, "expected a scheme before ://"],
		["//example.com", 0, "expected a scheme before ://"],
		["http://", 7, "expected a host"],
		["http://exa mple.com", 10, "not a character of a name"],
		["http://u@[::1]:x/", 15, "not a digit of a port"],
		["1:2:3:4", 7, "not eight groups"],
	])("refuses %j at %i: %s", (text, position, reason) => {
		let error: unknown;
		try {
			parseTarget(text);
		} catch (thrown) {
			error = thrown;
		}
		expect(error).toBeInstanceOf(AddressSyntaxError);
		expect(error).toMatchObject({ code: "ERR_ADDRESS_SYNTAX", input: text, position, reason });
	});

	it("takes a default port where nothing else says one", () => {
		const options = { defaultPort: 3478 };
		expect(parseTarget("example.com", options).port).toBe(3478);
		expect(parseTarget("example.com:1", options).port).toBe(1);
		expect(parseTarget("https://example.com", options).port).toBe(443);
		expect(parseTarget("unheard-of://example.com", options).port).toBe(3478);
		expect(parseTarget(["::1"], options).port).toBe(3478);
		expect(() => parseTarget("example.com", { defaultPort: 65536 })).toThrow(AddressArgumentError);
	});

	it("refuses invalid ports", () => {
		for (const port of [-1, 65536, 1.5, Number.NaN, "80" as unknown as number]) {
			const expected = typeof port === "number" ? AddressValueError : AddressArgumentError;
			expect(() => parseTarget(["a", port])).toThrow(expected);
			expect(() => checkPort(port)).toThrow(expected);
		}
	});

	it.each([undefined, null, 80, true, {}, [], [80], { host: 80 }, { ip: null, port: 80 }])(
		"refuses %j, which is not a target",
		(input) => {
			expect(() => parseTarget(input as TargetInput)).toThrow(AddressArgumentError);
		},
	);

	it("reads what endpointText writes", () => {
		fc.assert(
			fc.property(anyIp, fc.integer({ min: 0, max: 65535 }), (ip, port) => {
				const target = parseTarget(endpointText({ ip: `${ip}`, port }));
				expect(target).toEqual({
					host: `${ip}`,
					af: ip.af,
					port,
					...(ip.zone === null ? {} : { zone: ip.zone }),
				});
			}),
		);
	});

	it("never lets through a name that Node's URL or the C library reads as an address", () => {
		const part = fc.constantFrom(
			"1",
			"0",
			"010",
			"0x7f",
			"256",
			"a",
			"1a",
			".",
			"..",
			"127",
			"。",
			"１",
			"x",
			"0x",
			"-",
		);
		fc.assert(
			fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
				const text = parts.join("");
				let host: string;
				try {
					host = parseTarget(text).host;
				} catch {
					return;
				}
				let url: string;
				try {
					url = new URL(`http://${host}`).hostname;
				} catch {
					return;
				}
				if (isIP(url)) expect(host).toBe(url);
			}),
			{ numRuns: 5000 },
		);
	});
});
