import { describe, expect, it } from "vitest";
import { RtoTable, retransmissionSchedule, rtoFromRtt } from "../../src/transport/transactions.js";

describe("the retransmission schedule", () => {
	it("is RFC 8489's with 500 ms", () => {
		expect(retransmissionSchedule()).toEqual({
			sendAt: [0, 500, 1500, 3500, 7500, 15500, 31500],
			giveUpAfter: 39500,
		});
	});

	it("scales with the retransmission time", () => {
		expect(retransmissionSchedule(100, 3)).toEqual({ sendAt: [0, 100, 300], giveUpAfter: 1900 });
	});
});

describe("the retransmission time", () => {
	it("follows RFC 6298 from the first measured round trip, within bounds", () => {
		expect(rtoFromRtt(200)).toBe(600);
		expect(rtoFromRtt(1)).toBe(100);
		expect(rtoFromRtt(5000)).toBe(8000);
	});

	it("is learned per server", () => {
		const table = new RtoTable();
		expect(table.rto("a", 0)).toBe(500);
		table.learn("a", 200, 0);
		expect(table.rto("a", 0)).toBe(600);
		expect(table.rto("b", 0)).toBe(500);
	});

	it("settles on a steady path: smoothed = 7/8 old + 1/8 new, variation = 3/4 old + 1/4 difference", () => {
		const table = new RtoTable();
		table.learn("a", 200, 0);
		table.learn("a", 280, 1);
		// smoothed 210, variation (3 * 100 + 80) / 4 = 95
		expect(table.rto("a", 1)).toBe(210 + 4 * 95);
		for (let n = 0; n < 60; n++) table.learn("a", 200, n);
		expect(table.rto("a", 60)).toBeLessThan(202);
	});

	it("is forgotten after 10 minutes without use", () => {
		const table = new RtoTable();
		table.learn("a", 10, 0);
		expect(table.rto("a", 600_000)).toBe(100);
		expect(table.rto("a", 600_001)).toBe(500);
	});

	it("is kept for a bounded number of servers", () => {
		const table = new RtoTable();
		for (let n = 0; n <= 1000; n++) table.learn(`server ${n}`, 10, 0);
		expect(table.rto("server 0", 0)).toBe(500);
		expect(table.rto("server 1", 0)).toBe(100);
	});
});
