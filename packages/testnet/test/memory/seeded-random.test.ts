import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/index.js";

describe("SeededRandom", () => {
	const draw = (random: SeededRandom): number[] => Array.from({ length: 50 }, () => random.uint32());

	it("is the same for the same seed, and another for another", () => {
		expect(draw(new SeededRandom(7))).toEqual(draw(new SeededRandom("7")));
		const first = new Set(Array.from({ length: 1000 }, (_, seed) => new SeededRandom(seed).uint32()));
		expect(first.size).toBeGreaterThan(998);
	});

	it("gives streams that do not depend on each other's use", () => {
		const one = new SeededRandom(1);
		const two = new SeededRandom(1);
		draw(two);
		expect(draw(one.fork("a"))).toEqual(draw(two.fork("a")));
		expect(draw(one.fork("a"))).not.toEqual(draw(one.fork("b")));
	});

	it("is even: bytes, floats, whole numbers, chances", () => {
		const random = new SeededRandom("even");
		const bytes = random.bytes(100_000);
		expect(bytes).toBeInstanceOf(Uint8Array);
		const counts = new Array<number>(256).fill(0);
		for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
		// chi squared of 255 degrees of freedom: 330 is 3.3 standard deviations above its mean
		const expected = bytes.length / 256;
		expect(counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)).toBeLessThan(330);
		const dice = new Array<number>(7).fill(0);
		for (let i = 0; i < 60_000; i++) {
			const n = random.int(1, 6);
			dice[n] = (dice[n] ?? 0) + 1;
		}
		expect(dice[0]).toBe(0);
		for (const n of dice.slice(1)) expect(Math.abs(n - 10_000)).toBeLessThan(400);
		const hits = Array.from({ length: 100_000 }, () => random.chance(0.05)).filter(Boolean).length;
		expect(Math.abs(hits - 5000)).toBeLessThan(300);
		expect(Array.from({ length: 1000 }, () => random.float()).every((f) => f >= 0 && f < 1)).toBe(true);
	});

	it("draws nothing for a chance of 0, and always hits with 1", () => {
		const random = new SeededRandom(3);
		const same = new SeededRandom(3);
		expect(random.chance(0)).toBe(false);
		expect(random.uint32()).toBe(same.uint32());
		expect(random.chance(1)).toBe(true);
	});
});
