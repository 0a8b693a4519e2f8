import { describe, expect, it } from "vitest";
import type { TcpPacket } from "../../src/index.js";
import { ReceiveQueue, SendQueue } from "../../src/memory/tcp/queues.js";

const segment = (seq: number, data: Uint8Array, fin = false): TcpPacket => ({
	proto: "tcp",
	af: 4,
	src: "1.1.1.1",
	srcPort: 1,
	dst: "2.2.2.2",
	dstPort: 2,
	ttl: 64,
	syn: false,
	rst: false,
	ack: null,
	window: 0,
	fin,
	seq,
	data,
});

describe("ReceiveQueue", () => {
	const full = (): ReceiveQueue => {
		const queue = new ReceiveQueue();
		queue.next = 1;
		queue.accept(segment(1, new Uint8Array(65_536)));
		return queue;
	};

	it("takes no more than its window, and the same again once there is room", () => {
		const queue = full();
		expect([queue.window, queue.next]).toEqual([0, 65_537]);
		queue.accept(segment(65_537, new Uint8Array(1)));
		expect(queue.next).toBe(65_537);
		expect(queue.shift()?.length).toBe(65_536);
		queue.accept(segment(65_537, new Uint8Array(1)));
		expect([queue.next, queue.window]).toEqual([65_538, 65_535]);
	});

	it("puts in order what overlaps, repeats and comes early", () => {
		const bytes = Uint8Array.from({ length: 10 }, (_, i) => i);
		const queue = new ReceiveQueue();
		queue.next = 1;
		for (const [from, to] of [
			[4, 7],
			[0, 2],
			[0, 4],
			[7, 10],
			[2, 5],
		] as const) {
			queue.accept(segment(1 + from, bytes.subarray(from, to), to === 10));
		}
		const got: number[] = [];
		for (let part = queue.shift(); part !== undefined; part = queue.shift()) got.push(...part);
		expect(got).toEqual([...bytes]);
		expect([queue.isFinished, queue.next]).toEqual([true, 12]);
	});
});

describe("SendQueue", () => {
	it("gives what the window has room for, and the FIN last", () => {
		const queue = new SendQueue();
		queue.syn();
		queue.acknowledge(1);
		queue.window = 2000;
		queue.push(new Uint8Array(3000));
		queue.finish();
		expect([queue.take()?.length, queue.take()?.length, queue.take()]).toEqual([1440, 560, null]);
		expect(queue.hasWaiting).toBe(true);
		expect(queue.take(true)?.length).toBe(1);
		queue.acknowledge(2002);
		expect(queue.take()?.length).toBe(879);
		expect(queue.take()?.length).toBe(120);
		expect(queue.take()).toMatchObject({ fin: true, seq: 3001 });
		expect([queue.take(), queue.isFinished]).toEqual([null, false]);
		expect(queue.acknowledge(9999)).toBe(false);
		expect([queue.acknowledge(3002), queue.isFinished]).toEqual([true, true]);
	});
});
