import { ManualClock } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import { encodeMessage } from "../../src/codec.js";
import { RateLimit, sourceOf } from "../../src/server/rate-limit.js";
import { createStunResponder } from "../../src/server.js";

describe("the rate limit", () => {
	it("lets a burst through, and then so many a second", () => {
		const limit = new RateLimit(10, 3);
		const takes = (now: number): boolean => limit.take("192.0.2.1", now);
		expect([takes(0), takes(0), takes(0), takes(0)]).toEqual([true, true, true, false]);
		expect(takes(99)).toBe(false);
		expect(takes(200)).toBe(true);
		expect([takes(10_000), takes(10_000), takes(10_000), takes(10_000)]).toEqual([true, true, true, false]);
	});

	it("counts each source by itself", () => {
		const limit = new RateLimit(1, 1);
		expect(limit.take("192.0.2.1", 0)).toBe(true);
		expect(limit.take("192.0.2.2", 0)).toBe(true);
		expect(limit.take("192.0.2.1", 0)).toBe(false);
	});

	it("keeps a bounded number of sources", () => {
		const limit = new RateLimit(1, 1, 2);
		for (const ip of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) limit.take(ip, 0);
		expect(limit.take("192.0.2.2", 0)).toBe(false);
		expect(limit.take("192.0.2.1", 0)).toBe(true);
	});

	it("does not limit with a rate of 0", () => {
		const limit = new RateLimit(0, 1);
		expect([limit.take("a", 0), limit.take("a", 0)]).toEqual([true, true]);
	});

	it.each([
		["192.0.2.1", "192.0.2.1"],
		["2001:db8:1:2:3:4:5:6", "20010db800010002/64"],
		["2001:db8:1:2::6", "20010db800010002/64"],
		["2001:db8::6", "20010db800000000/64"],
		["::1", "0/64"],
		["fe80::1%eth0", "fe80000000000000/64"],
		["::ffff:192.0.2.1", "192.0.2.1"],
	])("takes %s for the source %s", (ip, source) => {
		expect(sourceOf(ip)).toBe(source);
	});

	it("silences the responder towards one source only", () => {
		const clock = new ManualClock();
		const at = { ip: "198.51.100.1", port: 3478 };
		const respond = createStunResponder({ primary: at, rate: 1, burst: 2 }, { clock });
		const request = encodeMessage({ class: "request", transactionId: Buffer.alloc(12) });
		const count = (ip: string): number => respond(request, { ip, port: 5 }, at).length;
		expect([count("192.0.2.1"), count("192.0.2.1"), count("192.0.2.1"), count("192.0.2.2")]).toEqual([
			1, 1, 0, 1,
		]);
	});
});
