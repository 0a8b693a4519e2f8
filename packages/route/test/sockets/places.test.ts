import { IpAddress } from "@p2pd/address";
import { describe, expect, it } from "vitest";
import { ANSWERS_KEPT } from "../../src/defaults.js";
import { Places } from "../../src/sockets/places.js";

const seat = {
	af: 4,
	nic: null,
	ip: IpAddress.parse("192.0.2.1"),
	linkLocal: null,
	port: 0,
	freeBind: false,
	binding: "source-address",
	strict: false,
} as const;

describe("places by text", () => {
	it("are decided once for a destination", () => {
		const places = new Places(seat);
		const first = places.of("198.51.100.1");
		expect(`${first.ip} ${first.to}`).toBe("192.0.2.1 198.51.100.1");
		expect(places.of("198.51.100.1")).toBe(first);
		expect(`${places.of("127.0.0.1").ip}`).toBe("127.0.0.1");
	});

	it("are forgotten before they are too many", () => {
		const places = new Places(seat);
		const first = places.of("10.0.0.0");
		for (let n = 1; n < ANSWERS_KEPT; n++) places.of(`10.0.${n >> 8}.${n & 255}`);
		expect(places.of("10.0.0.0")).toBe(first);
		places.of("10.1.0.0");
		expect(places.of("10.0.0.0")).not.toBe(first);
	});

	it("keep no refusal", () => {
		const places = new Places(seat);
		for (const _ of [1, 2]) {
			expect(() => places.of("::1")).toThrow(expect.objectContaining({ code: "ERR_ROUTE_FAMILY" }));
			expect(() => places.of("no address")).toThrow(expect.objectContaining({ code: "ERR_ADDRESS_SYNTAX" }));
		}
	});
});
