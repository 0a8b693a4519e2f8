import { expect, it } from "vitest";
import { MessageQueue } from "../src/index.js";

it("gives messages in order, also to a reader that came first", async () => {
	const queue = new MessageQueue<number>(10);
	const reader = queue.read();
	const first = reader.next();
	queue.push(1);
	queue.push(2);
	expect((await first).value).toBe(1);
	expect((await reader.next()).value).toBe(2);
});

it("drops the oldest when the reader is behind", async () => {
	const queue = new MessageQueue<number>(2);
	for (const value of [1, 2, 3]) queue.push(value);
	queue.end();
	queue.push(4);
	const read: number[] = [];
	for await (const value of queue.read()) read.push(value);
	expect(read).toEqual([2, 3]);
});

it("ends a reader that waits", async () => {
	const queue = new MessageQueue<number>(2);
	const next = queue.read().next();
	queue.end();
	expect((await next).done).toBe(true);
	expect((await queue.read().next()).done).toBe(true);
});
