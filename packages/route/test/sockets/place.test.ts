import { IpAddress } from "@p2pd/address";
import { describe, expect, it } from "vitest";
import { onLink, placeFor } from "../../src/sockets/place.js";
import type { Seat } from "../../src/sockets/types.js";

const nic = { name: "eth1", index: 7, isDefault: () => false };
const ip = IpAddress.parse;

const seat = (at: string, part: Partial<Seat> = {}): Seat => ({
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

describe("where a socket sits", () => {
	it.each<[string, Seat, string | null, string | null, boolean, string | null]>([
		// what, seat, destination, bound to, on the device, destination as it is used
		["nowhere in particular", seat("10.0.0.5"), null, "10.0.0.5", true, null],
		["somewhere else", seat("10.0.0.5"), "1.3.3.7", "10.0.0.5", true, "1.3.3.7"],
		["from every address", seat("0.0.0.0"), "1.3.3.7", "0.0.0.0", true, "1.3.3.7"],
		["not tied", seat("10.0.0.5", { binding: "source-address" }), "1.3.3.7", "10.0.0.5", false, "1.3.3.7"],
		["loopback", seat("10.0.0.5"), "127.0.0.1", "127.0.0.1", false, "127.0.0.1"],
		["another loopback", seat("10.0.0.5"), "127.9.9.9", "127.0.0.1", false, "127.9.9.9"],
		["loopback from a loopback", seat("127.0.0.2"), "127.0.0.1", "127.0.0.2", false, "127.0.0.1"],
		["loopback from every address", seat("0.0.0.0"), "127.0.0.1", "0.0.0.0", false, "127.0.0.1"],
		["IPv6 loopback", seat("2001:4860::5"), "::1", "::1", false, "::1"],
		["IPv6", seat("2001:4860::5"), "2001:4860::9", "2001:4860::5", true, "2001:4860::9"],
		["link-local", seat("2001:4860::5"), "fe80::1", "fe80::7%eth1", true, "fe80::1%eth1"],
		["link-local with its zone", seat("2001:4860::5"), "fe80::1%eth1", "fe80::7%eth1", true, "fe80::1%eth1"],
		["link-local with its index", seat("2001:4860::5"), "fe80::1%7", "fe80::7%eth1", true, "fe80::1%eth1"],
		[
			"link-local, none known",
			seat("2001:4860::5", { linkLocal: null }),
			"fe80::1",
			null,
			true,
			"fe80::1%eth1",
		],
		["link-local from one", seat("fe80::9%eth1"), "fe80::1", "fe80::9%eth1", true, "fe80::1%eth1"],
		["link-local from every address", seat("::"), "fe80::1", "::", true, "fe80::1%eth1"],
		["multicast of the link", seat("2001:4860::5"), "ff02::1", "2001:4860::5", true, "ff02::1%eth1"],
		["multicast from a link-local", seat("fe80::9%eth1"), "ff02::1", "fe80::9%eth1", true, "ff02::1%eth1"],
		["multicast of the site", seat("2001:4860::5"), "ff05::1", "2001:4860::5", true, "ff05::1"],
		["unique-local gets no zone", seat("fd00::5"), "fd00::1", "fd00::5", true, "fd00::1"],
	])("%s", (_what, from, to, bound, tied, there) => {
		const place = placeFor(from, to === null ? null : ip(to));
		expect(place.ip?.toString() ?? null).toBe(bound);
		expect(place.device).toBe(tied ? nic : null);
		expect(place.to?.toString() ?? null).toBe(there);
	});

	it.each<[string, Seat, string, string]>([
		["the other family", seat("10.0.0.5"), "::1", "ERR_ROUTE_FAMILY"],
		["another link", seat("2001:4860::5"), "fe80::1%eth0", "ERR_ROUTE_ZONE"],
		["no link at all", seat("::", { nic: null }), "fe80::1", "ERR_ROUTE_ZONE"],
		["everywhere from a link-local", seat("fe80::9%eth1"), "2001:4860::9", "ERR_ROUTE_NO_ADDRESS"],
		["loopback, strictly", seat("10.0.0.5", { strict: true }), "127.0.0.1", "ERR_ROUTE_DEVICE_BINDING"],
	])("is refused for %s", (_what, from, to, code) => {
		expect(() => placeFor(from, ip(to))).toThrow(expect.objectContaining({ code }));
	});

	it("keeps IP_FREEBIND for its own address alone", () => {
		const routed = seat("2001:4860::5", { freeBind: true });
		const freeBind = (to: string | null): boolean => placeFor(routed, to === null ? null : ip(to)).freeBind;
		expect([freeBind(null), freeBind("2001:4860::9"), freeBind("fe80::1"), freeBind("::1")]).toEqual([
			true,
			true,
			false,
			false,
		]);
	});
});

describe("a zone", () => {
	it("is the address's own where no NIC is known", () => {
		expect(onLink(ip("fe80::1%eth0"), null).toString()).toBe("fe80::1%eth0");
		expect(onLink(ip("ff02::1"), null).toString()).toBe("ff02::1");
	});
});
