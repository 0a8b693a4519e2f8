import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/index.js";

const deep = async (depth: number): Promise<void> => {
	for (let i = 0; i < depth; i++) await Promise.resolve();
};

describe("ManualClock", () => {
	it("stands still until it is advanced", async () => {
		const clock = new ManualClock(1000);
		let rung = 0;
		clock.setTimeout(() => rung++, 10);
		expect(clock.now()).toBe(1000);
		await clock.advance(9.5);
		expect([clock.now(), rung]).toEqual([1009.5, 0]);
		await clock.advance(0.5);
		expect([clock.now(), rung]).toEqual([1010, 1]);
	});

	it("runs timers in order of time, then in order of setting", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), async (delays) => {
				const clock = new ManualClock();
				const ran: [number, number][] = [];
				for (const [i, ms] of delays.entries()) clock.setTimeout(() => ran.push([clock.now(), i]), ms);
				await clock.advance(20);
				const expected = delays
					.map((ms, i): [number, number] => [ms, i])
					.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
				expect(ran).toEqual(expected);
			}),
		);
	});

	it("cancels, also from within a timer, and ignores what is no handle", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (kept) => {
				const clock = new ManualClock();
				const ran: number[] = [];
				const handles = kept.map((_, i) => clock.setTimeout(() => ran.push(i), 5 + (i % 7)));
				clock.setTimeout(() => {
					for (const [i, keep] of kept.entries()) if (!keep) clock.clearTimeout(handles[i]);
				}, 1);
				for (const nothing of [undefined, null, 7, {}]) clock.clearTimeout(nothing);
				await clock.advance(100);
				expect(ran.sort((a, b) => a - b)).toEqual(kept.flatMap((keep, i) => (keep ? [i] : [])));
			}),
		);
	});

	it("lets everything that follows from a timer happen at the timer's time", async () => {
		const clock = new ManualClock();
		const seen: string[] = [];
		clock.setTimeout(async () => {
			await deep(500);
			seen.push(`promises ${clock.now()}`);
			await new Promise<void>((resolve) => process.nextTick(resolve));
			await deep(50);
			await new Promise<void>((resolve) => process.nextTick(resolve));
			seen.push(`ticks ${clock.now()}`);
			clock.setTimeout(() => seen.push(`nested ${clock.now()}`), 1);
		}, 5);
		clock.setTimeout(() => seen.push(`other ${clock.now()}`), 5.5);
		await clock.advance(10);
		expect(seen).toEqual(["promises 5", "ticks 5", "other 5.5", "nested 6"]);
	});

	it("runs until a promise settles and no further", async () => {
		const clock = new ManualClock();
		let late = 0;
		clock.setTimeout(() => late++, 51);
		const value = await clock.runUntil(new Promise((resolve) => clock.setTimeout(() => resolve("here"), 50)));
		expect([value, clock.now(), late]).toEqual(["here", 50, 0]);
		const failing = new Promise((_, reject) => clock.setTimeout(() => reject(new Error("no")), 0));
		await expect(clock.runUntil(failing)).rejects.toThrow("no");
		expect(clock.now()).toBe(50);
	});

	it("waits for loops of timers", async () => {
		const clock = new ManualClock();
		const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));
		const run = async (): Promise<number> => {
			for (let i = 0; i < 200; i++) {
				await sleep(3);
				await deep(5);
			}
			return clock.now();
		};
		expect(await clock.runUntil(run())).toBe(600);
	});

	it("says so when nothing can happen any more, or not in time", async () => {
		const clock = new ManualClock();
		const never = new Promise(() => undefined);
		await expect(clock.runUntil(never)).rejects.toMatchObject({ code: "ERR_TESTNET_CLOCK_IDLE", at: 0 });
		const tick = (): void => void clock.setTimeout(tick, 1000);
		tick();
		await expect(clock.runUntil(never, 5500)).rejects.toMatchObject({
			code: "ERR_TESTNET_CLOCK_LIMIT",
			at: 5500,
		});
	});

	it("serves several runs at once", async () => {
		const clock = new ManualClock();
		const at: string[] = [];
		const note = (name: string) => (): void => void at.push(`${name} ${clock.now()}`);
		const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));
		await Promise.all([
			clock.advance(10).then(note("a")),
			clock.runUntil(sleep(20)).then(note("b")),
			clock.advance(15).then(note("c")),
		]);
		expect(at).toEqual(["a 10", "c 15", "b 20"]);
		await clock.advance(5);
		expect(clock.now()).toBe(25);
	});

	it("hands on what a timer throws", async () => {
		const clock = new ManualClock();
		clock.setTimeout(() => {
			throw new Error("in a timer");
		}, 5);
		await expect(clock.advance(10)).rejects.toThrow("in a timer");
		await clock.advance(10);
		expect(clock.now()).toBe(15);
	});

	it("takes odd delays as Node does", async () => {
		const clock = new ManualClock();
		let rung = 0;
		for (const ms of [-5, Number.NaN, 0]) clock.setTimeout(() => rung++, ms);
		clock.setTimeout(() => rung++, Number.POSITIVE_INFINITY);
		await clock.advance(0);
		expect(rung).toBe(3);
	});
});
