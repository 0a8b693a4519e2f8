import { describe, expect, it } from "vitest";
import {
	Address,
	AddressArgumentError,
	AddressFamilyError,
	AddressSyntaxError,
	AddressValueError,
	cidrToNetmask,
	classifyIp,
	embedV4,
	IPRange,
	IpAddress,
	ipVersion,
	isIp,
	isPublicIp,
	netmaskToCidr,
	parseTarget,
	resolveHost,
} from "../src/index.js";

/** A value of the wrong type, as JavaScript programs and JSON files have them. */
const wrong = (value: unknown): never => value as never;

/** The argument that an error names, or what else was thrown. */
async function argumentOf(act: () => unknown): Promise<string> {
	try {
		await act();
	} catch (error) {
		return error instanceof AddressArgumentError ? error.argument : String(error);
	}
	return "nothing was thrown";
}

describe("a wrong argument is named", () => {
	const ip = IpAddress.parse("1.2.3.4");
	const range = IPRange.parse("10.0.0.0/8");
	it.each<[string, () => unknown]>([
		["host", () => new Address(wrong(undefined), 80)],
		["host", () => new Address(wrong({}), 80)],
		["port", () => new Address("h", wrong("80"))],
		["port", () => new Address("h", wrong(null))],
		["options.timeout", () => new Address("h", 80, { timeout: Number.NaN })],
		["options.timeout", () => new Address("h", 80, { timeout: wrong("3000") })],
		["options.grace", () => new Address("h", 80, { grace: 2 ** 31 })],
		["options.server", () => new Address("h", 80, wrong({ server: ["1.2.3.4"] }))],
		["options.servers[0]", () => new Address("h", 80, { servers: wrong([53]) })],
		["options.nat64", () => new Address("h", 80, { nat64: wrong(1) })],
		["deps.clock.now", () => new Address("h", 80, {}, { clock: wrong({}) })],
		["options.defaultport", () => Address.parse("h", wrong({ defaultport: 80 }))],
		["route", () => new Address("1.2.3.4", 80).res(wrong(4))],
		["route.af", () => new Address("1.2.3.4", 80).res(wrong({}))],
		["route", () => new Address("1.2.3.4", 80).res(wrong({ af: 4, nic: null, bind: () => null }))],
		["route", () => new Address("1.2.3.4", 80).res(wrong({ name: "eth0", route: () => null }))],
		["route.localIp", () => new Address("1.2.3.4", 80).res(wrong({ af: 4, udp: () => null, localIp: "x" }))],
		["options.signal", () => new Address("1.2.3.4", 80).res(null, { signal: wrong(5) })],
		["options.timeOut", () => new Address("1.2.3.4", 80).res(null, wrong({ timeOut: 1 }))],
		["af", () => new Address("1.2.3.4", 80).endpoints(wrong("4"))],
		["af", () => new Address("1.2.3.4", 80).select(wrong(2))],
		["host", () => resolveHost(wrong(null), {}, { sockets: null })],
		["options.af", () => resolveHost("h", { af: wrong(0) }, { sockets: null })],
		["deps", () => resolveHost("h", {}, wrong(null))],
		["deps.sockets", () => resolveHost("h", {}, wrong({}))],
		["text", () => IpAddress.parse(wrong(1))],
		["input", () => IpAddress.from(wrong([1, 2, 3, 4]))],
		["value", () => IpAddress.fromBigInt(wrong(1), 4)],
		["af", () => IpAddress.fromBigInt(1n, wrong(5))],
		["zone", () => IpAddress.fromBigInt(1n, 6, wrong(5))],
		["bytes", () => IpAddress.fromBytes(wrong([1, 2, 3, 4]))],
		["other", () => ip.equals(wrong(null))],
		["other", () => ip.compare(wrong("1.2.3.4"))],
		["ip", () => new IPRange(wrong([300, 1, 1, 1]))],
		["prefix", () => new IPRange("1.2.3.4", wrong(true))],
		["index", () => range.at(wrong("1"))],
		["index", () => range.at(1.5)],
		["other", () => range.contains(wrong(undefined))],
		["other", () => range.equals(wrong({ ip: "10.0.0.0" }))],
		["json", () => IPRange.fromJSON(wrong(null))],
		["json.cidr", () => IPRange.fromJSON({ ip: "1.2.3.4", cidr: wrong("24"), af: 4 })],
		["json.cidr", () => IPRange.fromJSON(wrong({ ip: "1.2.3.4", af: 4 }))],
		["json.af", () => IPRange.fromJSON({ ip: "1.2.3.4", cidr: 24, af: 7 })],
		["json.af", () => IPRange.fromJSON({ ip: "1.2.3.4", cidr: 24, af: wrong("constructor") })],
		["json.ip", () => IPRange.fromJSON(wrong({ ip: 5, cidr: 24, af: 4 }))],
		["netmask", () => netmaskToCidr(wrong(24))],
		["cidr", () => cidrToNetmask(wrong("24"), 4)],
		["input", () => parseTarget(wrong(undefined))],
		["input", () => parseTarget(wrong({ host: 5 }))],
		["options.defaultPort", () => parseTarget("h", { defaultPort: 70_000 })],
		["address", () => embedV4(wrong("1.2.3.4"), range)],
	])("%s, case %#", async (name, act) => {
		expect(await argumentOf(act)).toBe(name);
	});

	it("with the right form to use, where it is known", async () => {
		const { message } = await Promise.reject(new Error("x")).catch(() =>
			new Address("1.2.3.4", 80).res(wrong({ name: "eth0", route: () => null })).catch((error) => error),
		);
		expect(message).toBe("route must be a bound route: pass await nic.route(af).bind()");
		expect(() => new Address("h", 80, wrong({ time_out: 1 }))).toThrow('did you mean "timeout"?');
	});

	it("and a predicate is false for what is not even text", () => {
		for (const value of [undefined, null, 5, {}, [], Symbol("x")]) {
			expect([
				isIp(wrong(value)),
				isPublicIp(wrong(value)),
				ipVersion(wrong(value)),
				classifyIp(wrong(value)),
			]).toEqual([false, false, 0, undefined]);
		}
	});
});

describe("IPRange.fromJSON", () => {
	it.each([
		["1.2.3.4", 2, 4],
		["1.2.3.4", 4, 4],
		["2001:db8::1", 6, 6],
		["2001:db8::1", 10, 6],
		["2001:db8::1", 23, 6],
		["2001:db8::1", 30, 6],
	])("reads %s with the family %i", (ip, af, expected) => {
		expect(IPRange.fromJSON({ ip, cidr: 24, af }).toJSON()).toEqual({ ip, cidr: 24, af: expected });
	});

	it("refuses another family's number, and a prefix in the address", () => {
		expect(() => IPRange.fromJSON({ ip: "1.2.3.4", cidr: 24, af: 10 })).toThrow(AddressFamilyError);
		expect(() => IPRange.fromJSON({ ip: "1.2.3.4/8", cidr: 24, af: 2 })).toThrow(AddressSyntaxError);
		expect(() => IPRange.fromJSON({ ip: "1.2.3.4", cidr: 33, af: 2 })).toThrow(AddressValueError);
	});
});

describe("forms that other programs write", () => {
	it("a zone in a URL has its percent sign escaped (RFC 6874)", () => {
		const eth0 = { host: "fe80::1%eth0", af: 6, zone: "eth0", port: 80 };
		expect(parseTarget("http://[fe80::1%25eth0]/")).toEqual(eth0);
		expect(parseTarget("http://[fe80::1%eth0]/")).toEqual(eth0);
		expect(parseTarget("http://[fe80::1%2525]:80")).toMatchObject({ zone: "25" });
		expect(parseTarget("http://[fe80::1%25]:80")).toMatchObject({ zone: "25" });
		// Only in a URL.
		expect(parseTarget("[fe80::1%25eth0]:80")).toMatchObject({ zone: "25eth0" });
		expect(() => parseTarget("http://[fe80::1%25et h0]/")).toThrow(expect.objectContaining({ position: 20 }));
		expect(() => parseTarget("http://[2001:db8::1%25eth0]/")).toThrow(
			expect.objectContaining({ position: 19 }),
		);
	});

	it("netifaces writes an IPv6 netmask with its length", () => {
		expect(`${new IPRange("fe80::1%enp3s0", "ffff:ffff:ffff:ffff::/64")}`).toBe("fe80::1%enp3s0/64");
		expect(netmaskToCidr("ffff:ffff:ffff:ffff::/64")).toBe(64);
		expect(netmaskToCidr("255.255.255.0/24")).toBe(24);
		expect(netmaskToCidr("/24")).toBe(24);
		for (const bad of ["255.255.255.0/25", "255.255.255.0/24/24", "255.255.255.0/", "255.0.255.0/24"]) {
			expect(() => netmaskToCidr(bad)).toThrow(AddressValueError);
		}
		for (const bad of ["24/24", "/24/24", "/", "/129", "24"]) {
			expect(() => netmaskToCidr(bad)).toThrow(AddressSyntaxError);
		}
		expect(() => IPRange.parse("1.2.3.4/24/24")).toThrow(AddressSyntaxError);
		expect(() => IPRange.parse(`1.2.3.4${"/1".repeat(100_000)}`)).toThrow(AddressSyntaxError);
	});
});
