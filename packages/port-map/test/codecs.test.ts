import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PortMapDecodeError } from "../src/errors.js";
import { hasRestarted, Lease } from "../src/lease.js";
import { decodeNatPmp, encodeNatPmpAddress, encodeNatPmpMap, natPmpResultText } from "../src/nat-pmp.js";
import { decodePcp, encodePcpAnnounce, encodePcpMap, pcpResultText } from "../src/pcp.js";
import { decodeAction, decodeDescription, encodeAction, upnpErrorText } from "../src/upnp/igd.js";
import { decodeSearch, encodeSearch, gatewayUrl } from "../src/upnp/ssdp.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");
const NONCE = Uint8Array.from({ length: 12 }, (_, index) => index + 1);

describe("PCP (RFC 6887)", () => {
	it("writes ANNOUNCE and MAP as sections 7.1, 11.1 and 14.1 draw them", () => {
		expect(hex(encodePcpAnnounce("192.168.1.20"))).toBe(
			`02 00 0000 00000000 ${"00".repeat(10)} ffff c0a80114`.replaceAll(" ", ""),
		);
		const map = encodePcpMap({
			clientIp: "2001:db8::1",
			nonce: NONCE,
			protocol: "udp",
			internalPort: 4000,
			suggested: { ip: "0.0.0.0", port: 5000 },
			lifetime: 7200,
		});
		expect(hex(map)).toBe(
			`02 01 0000 00001c20 20010db8${"00".repeat(11)}01 0102030405060708090a0b0c 11 000000 0fa0 1388 ${"00".repeat(10)}ffff00000000`.replaceAll(
				" ",
				"",
			),
		);
	});

	it("reads a MAP response, and an error without payload", () => {
		const response = bytes(
			`02 81 00 00 00000e10 00000064 ${"00".repeat(12)} 0102030405060708090a0b0c 06 000000 0fa0 1388 ${"00".repeat(10)}ffff cb007107`,
		);
		expect(decodePcp(new Uint8Array(response))).toEqual({
			opcode: "map",
			result: 0,
			lifetime: 3600,
			epoch: 100,
			map: {
				nonce: NONCE,
				protocol: "tcp",
				internalPort: 4000,
				external: { ip: "203.0.113.7", port: 5000 },
			},
		});
		const error = bytes(`02 81 00 02 00000e10 00000064 ${"00".repeat(12)}`);
		expect(decodePcp(error)).toMatchObject({ opcode: "map", result: 2, map: null });
		expect(pcpResultText(2)).toBe("not authorized");
		expect(pcpResultText(99)).toBe("unknown result");
	});

	it.each([
		["", "0 bytes"],
		["02810000", "4 bytes"],
		[`02 81 00 00 ${"00".repeat(20)}`, "without its payload"],
		[`01 81 00 00 ${"00".repeat(20)}`, "version 1"],
		[`02 01 00 00 ${"00".repeat(20)}`, "a request"],
		[`02 85 00 00 ${"00".repeat(20)}`, "opcode 5"],
		[`02 81 00 00 ${"00".repeat(20)}${"00".repeat(12)}01${"00".repeat(23)}`, "protocol 1"],
	])("refuses %s", (text, why) => {
		expect(() => decodePcp(bytes(text))).toThrow(PortMapDecodeError);
		expect(() => decodePcp(bytes(text))).toThrow(why);
	});
});

describe("NAT-PMP (RFC 6886)", () => {
	it("writes both questions as sections 3.2 and 3.3 draw them", () => {
		expect(hex(encodeNatPmpAddress())).toBe("0000");
		expect(hex(encodeNatPmpMap("tcp", 4000, 5000, 7200))).toBe("000200000fa0138800001c20");
		expect(hex(encodeNatPmpMap("udp", 4000, 0, 0))).toBe("000100000fa0000000000000");
	});

	it("reads both responses", () => {
		expect(decodeNatPmp(bytes("0080 0000 00000064 cb007107"))).toEqual({
			result: 0,
			epoch: 100,
			externalIp: "203.0.113.7",
			map: null,
		});
		expect(decodeNatPmp(bytes("0082 0000 00000064 0fa0 1388 00000e10"))).toEqual({
			result: 0,
			epoch: 100,
			externalIp: null,
			map: { protocol: "tcp", internalPort: 4000, externalPort: 5000, lifetime: 3600 },
		});
		expect(decodeNatPmp(bytes("0080 0002 00000064"))).toMatchObject({ result: 2, map: null });
		expect(natPmpResultText(2)).toBe("not authorized");
	});

	it.each([
		"",
		"0080",
		"00800000000000",
		"0080 0000 00000064",
		"0082 0000 00000064 0fa0",
		"0001 0000 00000000",
		"0090 0000 00000000",
	])("refuses %j", (text) => {
		expect(() => decodeNatPmp(bytes(text))).toThrow(PortMapDecodeError);
	});
});

const DESCRIPTION = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><deviceList><device><deviceList><device>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType><controlURL>/ppp</controlURL></service>
<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:2</serviceType><controlURL>http://192.168.1.1:5000/ip?a=1&amp;b=2</controlURL></service>
<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>http://198.51.100.9/evil</controlURL></service>
</serviceList></device></deviceList></device></deviceList></device></root>`;

describe("UPnP", () => {
	it("asks for gateways by SSDP", () => {
		const text = Buffer.from(encodeSearch("urn:x", "fe80::1")).toString();
		expect(text).toContain("HOST: [fe80::1]:1900\r\n");
		expect(text.endsWith("\r\n\r\n")).toBe(true);
	});

	it("reads the answer, whatever the case and order of its headers", () => {
		const answer = Buffer.from(
			"HTTP/1.1 200 OK\r\nst:urn:x\r\nLocation:http://192.168.1.1:5000/d.xml\r\n\r\n",
		);
		expect(decodeSearch(answer)).toEqual({ location: "http://192.168.1.1:5000/d.xml", target: "urn:x" });
		for (const bad of ["", "HTTP/1.1 404 no\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "NOTIFY * HTTP/1.1\r\n"]) {
			expect(() => decodeSearch(Buffer.from(bad))).toThrow(PortMapDecodeError);
		}
	});

	it.each([
		["http://192.168.1.1:5000/a", true],
		["/relative", true],
		["http://192.168.1.2/a", false],
		["http://router.example/a", false],
		["https://192.168.1.1/a", false],
		["http://user@192.168.1.1/a", false],
		["file:///etc/passwd", false],
		["http://0xc0a80101/", true],
		["", true],
	])("the URL %s leads to the gateway: %s", (url, expected) => {
		expect(gatewayUrl(url, "192.168.1.1", "http://192.168.1.1:5000/") !== null).toBe(expected);
	});

	it("finds the services on the gateway, newest first, and leaves out what is elsewhere", () => {
		const services = decodeDescription(DESCRIPTION, "http://192.168.1.1:5000/d.xml", "192.168.1.1");
		expect(services.map(({ kind, version, controlUrl }) => [kind, version, controlUrl])).toEqual([
			["WANIPConnection", 2, "http://192.168.1.1:5000/ip?a=1&b=2"],
			["WANPPPConnection", 1, "http://192.168.1.1:5000/ppp"],
		]);
	});

	it.each([
		["not xml at all", "<<<"],
		["empty", ""],
		["a document type", '<!DOCTYPE x [<!ENTITY a "b">]><root>&a;</root>'],
		["no root", "<other/>"],
		["nested too deep", `${"<a>".repeat(100)}${"</a>".repeat(100)}`],
	])("refuses a description: %s", (_, text) => {
		expect(() => decodeDescription(text, "http://192.168.1.1/", "192.168.1.1")).toThrow(PortMapDecodeError);
	});

	it("writes a call with its text escaped, and reads results and faults", () => {
		expect(encodeAction("urn:s", "Do", { NewA: "<&>", NewB: 5 })).toContain(
			'<u:Do xmlns:u="urn:s"><NewA>&lt;&amp;&gt;</NewA><NewB>5</NewB></u:Do>',
		);
		const wrap = (body: string): string => `<s:Envelope xmlns:s="x"><s:Body>${body}</s:Body></s:Envelope>`;
		expect(decodeAction(wrap("<u:DoResponse><NewA>a&amp;b</NewA></u:DoResponse>"), "Do")).toEqual({
			ok: true,
			values: { NewA: "a&b" },
		});
		expect(decodeAction(wrap("<u:DoResponse/>"), "Do")).toEqual({ ok: true, values: {} });
		const fault =
			"<s:Fault><detail><UPnPError><errorCode>718</errorCode><errorDescription>Conflict</errorDescription></UPnPError></detail></s:Fault>";
		expect(decodeAction(wrap(fault), "Do")).toEqual({ ok: false, code: 718, description: "Conflict" });
		expect(upnpErrorText(725)).toBe("only permanent leases are supported");
		for (const bad of [wrap("<u:OtherResponse/>"), wrap(fault.replace("718", "x")), "<html/>"]) {
			expect(() => decodeAction(bad, "Do")).toThrow(PortMapDecodeError);
		}
	});
});

describe("whatever comes from the wire", () => {
	const runs = process.env["P2PD_LONG"] === "1" ? 1_000_000 : 5_000;

	it(`is read or refused by a PortMapDecodeError (${runs} datagrams)`, () => {
		const seeds = [
			bytes(
				`02 81 00 00 00000e10 00000064 ${"00".repeat(12)} ${hex(NONCE)} 06 000000 0fa0 1388 ${"00".repeat(10)}ffff cb007107`,
			),
			bytes("0082 0000 00000064 0fa0 1388 00000e10"),
			Buffer.from("HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1/\r\n\r\n"),
		];
		const mutated = fc
			.tuple(
				fc.constantFrom(...seeds),
				fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
				fc.nat(80),
			)
			.map(([seed, changes, cut]) => {
				const copy = Buffer.from(seed);
				for (const [at, value] of changes) copy[at % copy.length] = value;
				return copy.subarray(0, Math.max(0, copy.length - (cut > 60 ? cut - 60 : 0)));
			});
		fc.assert(
			fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), (data) => {
				for (const decode of [decodePcp, decodeNatPmp, decodeSearch]) {
					try {
						decode(data);
					} catch (error) {
						expect(error).toBeInstanceOf(PortMapDecodeError);
					}
				}
			}),
			{ numRuns: runs },
		);
	});

	it("XML in pieces and out of order is read or refused too", () => {
		const words = [
			"<root>",
			"</root>",
			"<device>",
			"</device>",
			"<serviceList>",
			"<service/>",
			"<a",
			">",
			"&amp;",
			"<![CDATA[",
			"]]>",
			"__proto__",
			"<__proto__>",
			"text",
		];
		fc.assert(
			fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), (parts) => {
				const text = parts.join("");
				for (const decode of [
					() => decodeDescription(text, "http://192.168.1.1/", "192.168.1.1"),
					() => decodeAction(text, "Do"),
				]) {
					try {
						decode();
					} catch (error) {
						expect(error).toBeInstanceOf(PortMapDecodeError);
					}
				}
			}),
			{ numRuns: 2_000 },
		);
		expect(({} as Record<string, unknown>)["text"]).toBeUndefined();
	});
});

describe("the lease", () => {
	it("is renewed at half its life, checked between, and retried sooner after a failure", () => {
		const lease = new Lease(0, 1_000);
		lease.granted(0, 10_000);
		expect(lease.next()).toEqual({ action: "check", at: 1_000 });
		lease.checked(4_500);
		expect(lease.next()).toEqual({ action: "renew", at: 5_000 });
		lease.renewalFailed(5_000);
		lease.checked(5_500);
		expect(lease.next()).toEqual({ action: "renew", at: 6_000 });
		lease.renewalFailed(6_000);
		lease.checked(7_500);
		expect(lease.next()).toEqual({ action: "renew", at: 8_000 });
		lease.renewalFailed(8_000);
		lease.checked(9_500);
		expect(lease.next()).toEqual({ action: "expire", at: 10_000 });
		lease.lost(10_000);
		expect(lease.next()).toEqual({ action: "renew", at: 10_000 });
		expect(lease.isLost).toBe(true);
		lease.granted(11_000, Number.POSITIVE_INFINITY);
		expect(lease.isLost).toBe(false);
		expect(lease.next().action).toBe("check");
	});

	it.each([
		["goes on", { epoch: 100, at: 0 }, { epoch: 110, at: 10_000 }, false],
		["goes back", { epoch: 100, at: 0 }, { epoch: 3, at: 10_000 }, true],
		["goes back by a second, which rounding can do", { epoch: 100, at: 0 }, { epoch: 99, at: 500 }, false],
		["goes on much slower than the clock", { epoch: 100, at: 0 }, { epoch: 110, at: 100_000 }, true],
		["goes on much faster than the clock", { epoch: 100, at: 0 }, { epoch: 300, at: 100_000 }, true],
	])("an epoch that %s: restarted %s", (_, before, now, expected) => {
		expect(hasRestarted(before, now)).toBe(expected);
	});
});
