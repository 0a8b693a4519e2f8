import { ManualClock } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import { abortable, DeadlineTimer, MAX_TIMER, sleep, withAbort, withDeadline } from "../src/index.js";

const never = (): Promise<never> => new Promise(() => undefined);

describe("abortable", () => {
	it("passes the outcome on", async () => {
		const { signal } = new AbortController();
		await expect(abortable(Promise.resolve(1), signal)).resolves.toBe(1);
		await expect(abortable(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
		await expect(abortable(Promise.resolve(2), undefined)).resolves.toBe(2);
	});

	it("rejects with the reason, now or later, and hides a later rejection", async () => {
		await expect(abortable(Promise.reject(new Error("late")), AbortSignal.abort("done"))).rejects.toBe(
			"done",
		);
		const controller = new AbortController();
		const waiting = abortable(never(), controller.signal);
		controller.abort("stop");
		await expect(waiting).rejects.toBe("stop");
	});
});

describe("withAbort", () => {
	it("aborts what the work left running once the work has settled", async () => {
		let inner: AbortSignal | undefined;
		await withAbort(undefined, async (signal) => {
			inner = signal;
		});
		expect(inner?.aborted).toBe(true);
	});

	it("rejects at once when ended or aborted, even if the work ignores it", async () => {
		await expect(
			withAbort(undefined, (_, end) => {
				end("over");
				return never();
			}),
		).rejects.toBe("over");
		const controller = new AbortController();
		const waiting = withAbort(controller.signal, never);
		controller.abort("caller");
		await expect(waiting).rejects.toBe("caller");
		await expect(withAbort(AbortSignal.abort("before"), never)).rejects.toBe("before");
	});
});

describe("withDeadline", () => {
	it("rejects with the error of the deadline, and leaves no timer", async () => {
		const clock = new ManualClock();
		const waiting = withDeadline({ timeout: 50, clock, onTimeout: () => new Error("too late") }, never);
		const outcome = expect(waiting).rejects.toThrow("too late");
		await clock.advance(50);
		await outcome;
		await withDeadline({ timeout: 50, clock, onTimeout: () => new Error("x") }, async () => 1);
		expect(clock.pending).toBe(0);
	});
});

describe("sleep", () => {
	it("waits on the clock, and an abort ends it and its timer", async () => {
		const clock = new ManualClock();
		const asleep = sleep(10, clock);
		await clock.advance(10);
		await asleep;
		const controller = new AbortController();
		const aborted = sleep(10, clock, controller.signal);
		controller.abort("up");
		await expect(aborted).rejects.toBe("up");
		await expect(sleep(10, clock, AbortSignal.abort("no"))).rejects.toBe("no");
		expect(clock.pending).toBe(0);
	});
});

describe("DeadlineTimer", () => {
	it("serves many waits with one timer, the earliest first", async () => {
		const clock = new ManualClock();
		const deadlines: number[] = [];
		const expired: number[] = [];
		const timer = new DeadlineTimer(clock, {
			expire(now) {
				expired.push(...deadlines.filter((deadline) => deadline <= now));
				const left = deadlines.filter((deadline) => deadline > now);
				deadlines.splice(0, deadlines.length, ...left);
				return Math.min(Number.POSITIVE_INFINITY, ...left);
			},
		});
		const start = clock.now();
		for (const timeout of [30, 10, 20]) deadlines.push(timer.add(timeout));
		expect(timer.add(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
		expect(clock.pending).toBe(1);
		await clock.advance(30);
		expect(expired.map((deadline) => deadline - start)).toEqual([10, 20, 30]);
		expect(clock.pending).toBe(0);
		timer.add(MAX_TIMER * 2);
		expect(clock.pending).toBe(1);
		timer.clear();
		expect(clock.pending).toBe(0);
	});
});
