import { IpAddress } from "@p2pd/address";
import { describe, expect, it } from "vitest";
import { ANSWERS_KEPT } from "../../src/defaults.js";
import {
	type LocalBinding,
	SourcesByDestination,
	sourceTo,
	withNicZone,
} from "../../src/sockets/local-binding.js";

const nic = { name: "eth1", index: 7, isDefault: () => false };
const ip = IpAddress.parse;

const binding = (at: string, part: Partial<LocalBinding> = {}): LocalBinding => ({
	af: ip(at).af,
	nic,
	ip: ip(at),
	linkLocal: ip(at).af === 6 ? ip("fe80::7%eth1") : null,
	port: 0,
	freeBind: false,
	binding: "device",
	strict: false,
	...part,
});

describe("what a socket is bound to", () => {
	it.each<[string, LocalBinding, string | null, string | null, boolean, string | null]>([
		// what, binding, destination, bound to, on the device, destination as it is used
		["no destination", binding("10.0.0.5"), null, "10.0.0.5", true, null],
		["a public address", binding("10.0.0.5"), "1.3.3.7", "10.0.0.5", true, "1.3.3.7"],
		["a public address from every address", binding("0.0.0.0"), "1.3.3.7", "0.0.0.0", true, "1.3.3.7"],
		[
			"not bound to the device",
			binding("10.0.0.5", { binding: "source-address" }),
			"1.3.3.7",
			"10.0.0.5",
			false,
			"1.3.3.7",
		],
		["loopback", binding("10.0.0.5"), "127.0.0.1", "127.0.0.1", false, "127.0.0.1"],
		["another loopback", binding("10.0.0.5"), "127.9.9.9", "127.0.0.1", false, "127.9.9.9"],
		["loopback from a loopback", binding("127.0.0.2"), "127.0.0.1", "127.0.0.2", false, "127.0.0.1"],
		["loopback from every address", binding("0.0.0.0"), "127.0.0.1", "0.0.0.0", false, "127.0.0.1"],
		["IPv6 loopback", binding("2001:4860::5"), "::1", "::1", false, "::1"],
		["IPv6", binding("2001:4860::5"), "2001:4860::9", "2001:4860::5", true, "2001:4860::9"],
		["link-local", binding("2001:4860::5"), "fe80::1", "fe80::7%eth1", true, "fe80::1%eth1"],
		[
			"link-local with its zone",
			binding("2001:4860::5"),
			"fe80::1%eth1",
			"fe80::7%eth1",
			true,
			"fe80::1%eth1",
		],
		["link-local with its index", binding("2001:4860::5"), "fe80::1%7", "fe80::7%eth1", true, "fe80::1%eth1"],
		[
			"link-local, without a source of its own",
			binding("2001:4860::5", { linkLocal: null }),
			"fe80::1",
			null,
			true,
			"fe80::1%eth1",
		],
		[
			"link-local from a link-local",
			binding("fe80::9%eth1"),
			"fe80::1",
			"fe80::9%eth1",
			true,
			"fe80::1%eth1",
		],
		["link-local from every address", binding("::"), "fe80::1", "::", true, "fe80::1%eth1"],
		["multicast of the link", binding("2001:4860::5"), "ff02::1", "2001:4860::5", true, "ff02::1%eth1"],
		["multicast from a link-local", binding("fe80::9%eth1"), "ff02::1", "fe80::9%eth1", true, "ff02::1%eth1"],
		["multicast of the site", binding("2001:4860::5"), "ff05::1", "2001:4860::5", true, "ff05::1"],
		["unique-local gets no zone", binding("fd00::5"), "fd00::1", "fd00::5", true, "fd00::1"],
	])("%s", (_what, from, to, bound, tied, there) => {
		const source = sourceTo(from, to === null ? null : ip(to));
		expect(source.ip?.toString() ?? null).toBe(bound);
		expect(source.device).toBe(tied ? nic : null);
		expect(source.to?.toString() ?? null).toBe(there);
	});

	it.each<[string, LocalBinding, string, string]>([
		["the other family", binding("10.0.0.5"), "::1", "ERR_ROUTE_FAMILY"],
		["another link", binding("2001:4860::5"), "fe80::1%eth0", "ERR_ROUTE_ZONE"],
		["an unknown link", binding("::", { nic: null }), "fe80::1", "ERR_ROUTE_ZONE"],
		["a global address from a link-local", binding("fe80::9%eth1"), "2001:4860::9", "ERR_ROUTE_NO_ADDRESS"],
		[
			"loopback in strict mode",
			binding("10.0.0.5", { strict: true }),
			"127.0.0.1",
			"ERR_ROUTE_DEVICE_BINDING",
		],
	])("is refused for %s", (_what, from, to, code) => {
		expect(() => sourceTo(from, ip(to))).toThrow(expect.objectContaining({ code }));
	});

	it("takes IP_FREEBIND only for the address that was bound", () => {
		const routed = binding("2001:4860::5", { freeBind: true });
		const freeBind = (to: string | null): boolean => sourceTo(routed, to === null ? null : ip(to)).freeBind;
		expect([freeBind(null), freeBind("2001:4860::9"), freeBind("fe80::1"), freeBind("::1")]).toEqual([
			true,
			true,
			false,
			false,
		]);
	});
});

describe("a zone", () => {
	it("stays as given where no NIC is known", () => {
		expect(withNicZone(ip("fe80::1%eth0"), null).toString()).toBe("fe80::1%eth0");
		expect(withNicZone(ip("ff02::1"), null).toString()).toBe("ff02::1");
	});
});

const fixed = {
	af: 4,
	nic: null,
	ip: IpAddress.parse("192.0.2.1"),
	linkLocal: null,
	port: 0,
	freeBind: false,
	binding: "source-address",
	strict: false,
} as const;

describe("sources by destination", () => {
	it("are decided once for each destination", () => {
		const sources = new SourcesByDestination(fixed);
		const first = sources.get("198.51.100.1");
		expect(`${first.ip} ${first.to}`).toBe("192.0.2.1 198.51.100.1");
		expect(sources.get("198.51.100.1")).toBe(first);
		expect(`${sources.get("127.0.0.1").ip}`).toBe("127.0.0.1");
	});

	it("are forgotten before there are too many", () => {
		const sources = new SourcesByDestination(fixed);
		const first = sources.get("10.0.0.0");
		for (let n = 1; n < ANSWERS_KEPT; n++) sources.get(`10.0.${n >> 8}.${n & 255}`);
		expect(sources.get("10.0.0.0")).toBe(first);
		sources.get("10.1.0.0");
		expect(sources.get("10.0.0.0")).not.toBe(first);
	});

	it("remember no errors", () => {
		const sources = new SourcesByDestination(fixed);
		for (const _ of [1, 2]) {
			expect(() => sources.get("::1")).toThrow(expect.objectContaining({ code: "ERR_ROUTE_FAMILY" }));
			expect(() => sources.get("no address")).toThrow(
				expect.objectContaining({ code: "ERR_ADDRESS_SYNTAX" }),
			);
		}
	});
});
