import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PipeEndReason, PipePeer, PipeQueuePolicy, PipeSubscriptionKey } from "../../src/index.js";
import { Matcher } from "../../src/subscription/matcher.js";
import {
	type MessageHandler,
	Subscription,
	type SubscriptionInit,
} from "../../src/subscription/subscription.js";

const peer: PipePeer = ["192.0.2.1", 9];
const local: PipeEndReason = { kind: "local", error: null };

const handledBy = (handle: MessageHandler["handle"]): MessageHandler => ({ given: () => undefined, handle });

function make(init: Partial<SubscriptionInit> = {}) {
	const calls: string[] = [];
	const errors: Error[] = [];
	const subscription = new Subscription({
		given: null,
		matcher: new Matcher(null),
		name: "all",
		policy: "drop-oldest",
		maxMessages: 2,
		maxBytes: 1000,
		handler: null,
		host: {
			stall: () => void calls.push("stall"),
			release: () => void calls.push("release"),
			report: (error) => void errors.push(error),
		},
		ended: null,
		...init,
	});
	const push = (text: string): void => subscription.push([peer, Buffer.from(text)]);
	const rest = (): string[] => {
		const texts: string[] = [];
		for (let next = subscription.take(); next !== undefined; next = subscription.take())
			texts.push(String(next[1]));
		return texts;
	};
	return { subscription, push, rest, calls, errors };
}

describe("queue policies", () => {
	test("drop-oldest keeps the newest and counts the rest", () => {
		const { subscription, push, rest } = make();
		for (const text of ["m0", "m1", "m2", "m3"]) push(text);
		expect(subscription.info).toMatchObject({ queued: 2, queuedBytes: 4, matched: 4, dropped: 2, stalls: 0 });
		expect(rest()).toEqual(["m2", "m3"]);
	});

	test("drop-newest keeps the oldest", () => {
		const { subscription, push, rest } = make({ policy: "drop-newest" });
		for (const text of ["m0", "m1", "m2"]) push(text);
		expect(subscription.info).toMatchObject({ matched: 3, dropped: 1 });
		expect(rest()).toEqual(["m0", "m1"]);
	});

	test("error tells of the gap where it is, and takes messages again after it", () => {
		const { subscription, push, rest } = make({ policy: "error" });
		for (const text of ["m0", "m1", "m2", "m3"]) push(text);
		expect(rest()).toEqual(["m0", "m1"]);
		// Still lost: no one has been told of the gap yet.
		push("m4");
		expect(rest()).toEqual([]);
		expect(subscription.refusal()).toMatchObject({ code: "ERR_PIPE_OVERFLOW", dropped: 3 });
		expect(subscription.refusal()).toBeNull();
		push("m5");
		expect(rest()).toEqual(["m5"]);
		expect(subscription.info.dropped).toBe(3);
	});

	test("wait stalls the pipe when full, loses nothing, and lets go when half empty", () => {
		const { subscription, push, rest, calls } = make({ policy: "wait", maxMessages: 4 });
		for (const text of ["m0", "m1", "m2", "m3"]) push(text);
		expect(calls).toEqual(["stall"]);
		// What was under way already still comes.
		push("m4");
		subscription.take();
		subscription.take();
		expect(calls).toEqual(["stall"]);
		subscription.take();
		expect(calls).toEqual(["stall", "release"]);
		expect(rest()).toEqual(["m3", "m4"]);
		expect(subscription.info).toMatchObject({ stalls: 1, dropped: 0 });
	});

	test("bytes are a limit too, and one message always fits", () => {
		const { push, rest } = make({ maxMessages: 100, maxBytes: 10 });
		push("x".repeat(50));
		push("12345");
		push("67890");
		push("!");
		expect(rest()).toEqual(["67890", "!"]);
		push("x".repeat(50));
		expect(rest()).toEqual(["x".repeat(50)]);
	});

	test("dropping a stalled subscription lets the pipe read on", () => {
		const { subscription, push, calls } = make({ policy: "wait", maxMessages: 1 });
		push("m0");
		subscription.drop(new Error("gone"));
		expect(calls).toEqual(["stall", "release"]);
		expect(subscription.info.queued).toBe(0);
	});

	test("whatever happens, the limits hold and every message is read, queued or counted as lost", () => {
		const policy = fc.constantFrom<PipeQueuePolicy>("drop-oldest", "drop-newest", "error");
		const step = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 12 }));
		fc.assert(
			fc.property(policy, fc.array(step, { maxLength: 200 }), (chosen, steps) => {
				const { subscription } = make({ policy: chosen, maxMessages: 5, maxBytes: 20 });
				let read = 0;
				for (const size of steps) {
					if (size === null) {
						if (subscription.take() === undefined) subscription.refusal();
						else read++;
					} else {
						subscription.push([peer, Buffer.alloc(size)]);
					}
					const { dropped, matched, queued, queuedBytes } = subscription.info;
					expect(queued).toBeLessThanOrEqual(5);
					expect(queuedBytes).toBeLessThanOrEqual(20);
					expect(read + queued + dropped).toBe(matched);
				}
			}),
		);
	});

	test("a queue of many thousands stays in order", () => {
		const { subscription } = make({ maxMessages: 10_000, maxBytes: 1e9 });
		let next = 0;
		let sent = 0;
		for (let round = 0; round < 20; round++) {
			for (let n = 0; n < 3000; n++) subscription.push([peer, Buffer.from(String(sent++))]);
			for (let n = 0; n < 2700; n++) expect(String(subscription.take()?.[1])).toBe(String(next++));
		}
		expect(subscription.info).toMatchObject({ queued: 6000, dropped: 0 });
	});
});

describe("handlers", () => {
	test("a slow handler queues, stalls and gets everything in order", async () => {
		const seen: string[] = [];
		const gates: (() => void)[] = [];
		const { push, calls } = make({
			policy: "wait",
			maxMessages: 2,
			handler: handledBy(([, data]) => {
				seen.push(String(data));
				return new Promise<void>((resolve) => gates.push(resolve));
			}),
		});
		for (const text of ["a", "b", "c"]) push(text);
		expect([seen, calls]).toEqual([["a"], ["stall"]]);
		for (let n = 0; n < 3; n++) {
			gates[n]?.();
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect([seen, calls]).toEqual([
			["a", "b", "c"],
			["stall", "release"],
		]);
	});

	test("what it throws or rejects with is reported, and the next message still comes", async () => {
		const seen: string[] = [];
		const { push, errors } = make({
			handler: handledBy(([, data]) => {
				seen.push(String(data));
				if (seen.length === 1) throw new Error("thrown");
				return Promise.reject(new Error("rejected"));
			}),
		});
		for (const text of ["a", "b", "c"]) push(text);
		await new Promise((resolve) => setImmediate(resolve));
		expect(seen).toEqual(["a", "b", "c"]);
		expect(
			errors.map((error) => [(error as { code?: string }).code, (error.cause as Error).message]),
		).toEqual([
			["ERR_PIPE_CALLBACK", "thrown"],
			["ERR_PIPE_CALLBACK", "rejected"],
			["ERR_PIPE_CALLBACK", "rejected"],
		]);
	});

	test("a gap under the policy error is reported", async () => {
		let open: () => void = () => undefined;
		const { push, errors } = make({
			policy: "error",
			maxMessages: 1,
			handler: handledBy(
				() =>
					new Promise<void>((resolve) => {
						open = resolve;
					}),
			),
		});
		for (const text of ["a", "b", "c", "d"]) push(text);
		open();
		await new Promise((resolve) => setImmediate(resolve));
		open();
		await new Promise((resolve) => setImmediate(resolve));
		expect(errors).toMatchObject([{ code: "ERR_PIPE_OVERFLOW", dropped: 2 }]);
	});
});

describe("waiting", () => {
	test("those who wait are served in order; the end rejects the rest", async () => {
		const { subscription, push } = make();
		const first = subscription.wait(Number.POSITIVE_INFINITY, false);
		const second = subscription.wait(Number.POSITIVE_INFINITY, true);
		const third = subscription.wait(Number.POSITIVE_INFINITY, true);
		push("a");
		push("b");
		subscription.end(local);
		expect([await first, await second]).toEqual([Buffer.from("a"), [peer, Buffer.from("b")]]);
		await expect(third).rejects.toMatchObject({ code: "ERR_PIPE_CLOSED", reason: local });
		expect(subscription.refusal()).toMatchObject({ code: "ERR_PIPE_CLOSED" });
	});

	test("only those whose time is over resolve to null", async () => {
		const { subscription, push } = make();
		const early = subscription.wait(10, false);
		const late = subscription.wait(20, false);
		expect(subscription.expire(9)).toBe(10);
		expect(subscription.expire(10)).toBe(20);
		expect(await early).toBeNull();
		push("a");
		expect(await late).toEqual(Buffer.from("a"));
		expect(subscription.expire(99)).toBe(Number.POSITIVE_INFINITY);
	});
});

describe("matchers", () => {
	const matches = (key: PipeSubscriptionKey, data: string, from: PipePeer): boolean => {
		const matcher = new Matcher(key);
		const bytes = Buffer.from(data, "latin1");
		return matcher.matches(bytes, from) && (matcher.test?.test(data) ?? true);
	};

	test.each<[string, PipeSubscriptionKey, PipePeer, boolean]>([
		["the same", [null, ["2001:db8::1", 9]], ["2001:db8::1", 9], true],
		["another spelling", [null, ["2001:DB8:0:0::1", 9]], ["2001:db8::1", 9], true],
		["another port", [null, ["2001:db8::1", 9]], ["2001:db8::1", 8], false],
		["any port", [null, ["192.0.2.1", 0]], ["192.0.2.1", 8], true],
		["another address", [null, ["192.0.2.1", 0]], ["192.0.2.11", 8], false],
		["IPv4 on a dual-stack socket", [null, ["192.0.2.1", 8]], ["::ffff:192.0.2.1", 8], true],
		["link-local with its zone", [null, ["fe80::1%eth0", 8]], ["fe80::1%eth0", 8], true],
		["link-local of another zone", [null, ["fe80::1%eth0", 8]], ["fe80::1%eth1", 8], false],
		["link-local of any zone", [null, ["fe80::1", 8]], ["fe80::1%eth1", 8], true],
		["link-local of any zone, another", [null, ["fe80::1", 8]], ["fe80::11%eth1", 8], false],
	])("sender: %s", (_name, key, from, expected) => {
		expect(matches(key, "x", from)).toBe(expected);
	});

	test("equal ones have one key, different ones have not", () => {
		const key = (sub: PipeSubscriptionKey): string | null => new Matcher(sub).key;
		expect(key([/a/, null])).toBe(key(/a/));
		expect(key(null)).toBe(key([null, null]));
		expect(key(Buffer.alloc(0))).toBe(key(null));
		expect(key(Buffer.from("a"))).not.toBe(key(/a/));
		expect(key(/a/)).not.toBe(key(/a/i));
		expect(key([/a/, ["192.0.2.1", 0]])).not.toBe(key([/a/, ["192.0.2.1", 1]]));
		expect(key({ test: () => true })).toBeNull();
	});

	test.each<[string, unknown]>([
		["a number", 5],
		["text", "HTTP"],
		["an object without test", {}],
		["no address", [null, ["example.com", 5]]],
		["no port", [null, ["192.0.2.1", 65536]]],
	])("refuses %s", (_name, key) => {
		expect(() => new Matcher(key as PipeSubscriptionKey)).toThrow(
			expect.objectContaining({ code: "ERR_PIPE_OPTION" }),
		);
	});
});
