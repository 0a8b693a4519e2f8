import { describe, expect, it } from "vitest";
import { BUDGET_CLEAN, BUDGET_TROUBLE } from "../src/defaults.js";
import { CASES, runMatrix, type Tally, twoLiars } from "./scenes/matrix.js";

/** 50 seeds with P2PD_LONG=1; a few otherwise. */
const { P2PD_LONG } = process.env;
const seeds = (few: number): number[] =>
	Array.from({ length: P2PD_LONG === "1" ? 50 : few }, (_, index) => index + 1);
const MINUTES = 60_000;

/** Cases that are over as soon as the answers are there; blocked has a time of its own. */
const ANSWERED = CASES.filter(({ name }) => name !== "blocked");

function expectAllRight({ runs, type, delta, behaviour, misses }: Tally): void {
	expect(misses).toEqual([]);
	expect([type.right, delta.right, behaviour.right]).toEqual([runs, runs, runs]);
}

describe("every mapping x filtering x allocation, open and firewall", () => {
	it.each([0, 10, 50, 200, 600])(
		"without loss at %i ms: all right, within 3 round trips + 400 ms and 60 datagrams",
		async (rtt) => {
			const tally = await runMatrix("clean", ANSWERED, seeds(1), () => ({ rtt }));
			expectAllRight(tally);
			expect(Math.max(...tally.took)).toBeLessThanOrEqual(3 * rtt + 400);
			expect(Math.max(...tally.datagrams)).toBeLessThanOrEqual(BUDGET_CLEAN);
		},
		5 * MINUTES,
	);

	it(
		"over several seeds without loss: all right",
		async () => {
			expectAllRight(await runMatrix("clean", CASES, seeds(3), () => ({ rtt: 50 })));
		},
		10 * MINUTES,
	);

	it(
		"at 5 % loss: at least 99 % right, none wrong, within 5 s and 120 datagrams",
		async () => {
			const tally = await runMatrix("5 % loss", CASES, seeds(3), () => ({ rtt: 50, loss: 0.05 }));
			expect([tally.type.wrong, tally.delta.wrong, tally.behaviour.wrong]).toEqual([0, 0, 0]);
			expect(tally.type.right).toBeGreaterThanOrEqual(tally.runs * 0.99);
			expect(tally.delta.right).toBeGreaterThanOrEqual(tally.runs * 0.99);
			expect(Math.max(...tally.took)).toBeLessThanOrEqual(5000);
			expect(Math.max(...tally.datagrams)).toBeLessThanOrEqual(BUDGET_TROUBLE);
		},
		10 * MINUTES,
	);

	it(
		"at 10 % loss, 600 ms and two colluding liars of five: none wrong, at most 5 % unknown",
		async () => {
			const tally = await runMatrix("liars", CASES, seeds(3), (seed) => ({
				rtt: 600,
				loss: 0.1,
				bad: twoLiars(seed),
			}));
			expect([tally.type.wrong, tally.delta.wrong, tally.behaviour.wrong]).toEqual([0, 0, 0]);
			expect(tally.type.unknown).toBeLessThanOrEqual(tally.runs * 0.05);
			expect(tally.delta.unknown).toBeLessThanOrEqual(tally.runs * 0.05);
			expect(Math.max(...tally.took)).toBeLessThanOrEqual(5000);
			expect(Math.max(...tally.datagrams)).toBeLessThanOrEqual(BUDGET_TROUBLE);
		},
		10 * MINUTES,
	);
});

describe("UDP blocked", () => {
	it("is called so within 3 s, whatever the round trip", async () => {
		const blocked = CASES.filter(({ name }) => name === "blocked");
		for (const rtt of [10, 600]) {
			const tally = await runMatrix("blocked", blocked, [1], () => ({ rtt }));
			expectAllRight(tally);
			expect(Math.max(...tally.blockedTook)).toBeLessThanOrEqual(3000);
		}
	});
});
