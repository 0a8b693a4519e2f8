import { SeededRandom } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import type { NatKind } from "../src/index.js";
import { Meeting, type MeetingEvent } from "../src/meeting.js";
import type { Offer } from "../src/message.js";

const KIND: NatKind = { type: 5, delta: 2, step: 0 };
const OFFER: Offer = { kind: KIND, external: { ip: "8.8.8.8", ports: [5000] }, lan: [] };
const nonce = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);

interface Side {
	readonly meeting: Meeting;
	readonly events: (MeetingEvent & { readonly seenAt: number })[];
	readonly prepareTakes: number;
}

/** Two meetings on a channel with a latency; `lose` says which message, counted from 0, does not arrive. */
function play({
	latency = 50,
	lose = (_index: number): boolean => false,
	early = true,
	prepareTakes = 20,
	until = 3000,
	failAt = [] as readonly number[],
	change = (bytes: Uint8Array): Uint8Array => bytes,
} = {}) {
	const make = (role: "leader" | "follower", byte: number): Side => ({
		meeting: new Meeting({ role, nonce: nonce(byte), kind: KIND, theirKind: KIND, early, rounds: 3 }),
		events: [],
		prepareTakes,
	});
	const sides = [make("leader", 1), make("follower", 2)] as const;
	const inFlight: { at: number; to: number; bytes: Uint8Array }[] = [];
	const ready: { at: number; side: number; round: number }[] = [];
	let count = 0;
	for (let now = 0; now <= until; now++) {
		if (now === 0) for (const { meeting } of sides) meeting.begin(0);
		if (failAt.includes(now)) sides[0].meeting.failed(now);
		for (const message of inFlight.filter(({ at }) => at === now))
			sides[message.to]!.meeting.receive(message.bytes, now);
		for (const done of ready.filter(({ at }) => at === now))
			sides[done.side]!.meeting.ready(done.round, OFFER, now);
		for (const [index, { meeting, events }] of sides.entries()) {
			const step = meeting.poll(now);
			for (const bytes of step.messages) {
				if (!lose(count++)) inFlight.push({ at: now + latency, to: 1 - index, bytes: change(bytes) });
			}
			for (const event of step.events) {
				events.push({ ...event, seenAt: now });
				if (event.type === "prepare") ready.push({ at: now + prepareTakes, side: index, round: event.round });
			}
		}
	}
	return { leader: sides[0], follower: sides[1], messages: count };
}

const starts = ({ events }: Side) => events.filter((event) => event.type === "start");

describe("a meeting", () => {
	it("starts both sides at the same instant, one and a half round trips after the first message", () => {
		const { leader, follower, messages } = play();
		expect(starts(leader)).toMatchObject([{ round: 0, at: 150, seenAt: 100 }]);
		expect(starts(follower)).toMatchObject([{ round: 0, at: 150, seenAt: 150 }]);
		expect(messages).toBe(3);
	});

	it("takes the time that the follower needs out of the round trip", () => {
		const { leader, follower } = play({ prepareTakes: 200 });
		expect(leader.meeting.rtt).toBe(100);
		expect(starts(leader)[0]?.at).toBe(starts(follower)[0]?.at);
	});

	it("observes as late as it can where a NAT counts: the leader when the follower is ready", () => {
		const { leader, follower } = play({ early: false });
		expect(follower.events[0]).toMatchObject({ type: "prepare", seenAt: 50 });
		expect(leader.events[0]).toMatchObject({ type: "prepare", seenAt: 120 });
		expect(starts(leader)[0]?.at).toBe(starts(follower)[0]?.at);
	});

	it.each([0, 1, 2, 3, 4])("goes on when message %i is lost", (lost) => {
		const { leader, follower } = play({ lose: (index) => index === lost });
		expect([starts(leader).length, starts(follower).length]).toEqual([1, 1]);
	});

	it.each([1, 2, 3, 4, 5])("goes on with half of all messages lost, seed %i", (seed) => {
		const random = new SeededRandom(seed);
		const { leader, follower } = play({ lose: () => random.chance(0.5), until: 30_000 });
		expect([starts(leader).length, starts(follower).length]).toEqual([1, 1]);
	});

	it("has three rounds, then no more", () => {
		const { leader, follower } = play({ failAt: [400, 800, 1200] });
		expect(starts(leader).map(({ round }) => round)).toEqual([0, 1, 2]);
		expect(starts(follower).map(({ round }) => round)).toEqual([0, 1, 2]);
		expect(leader.events.at(-1)).toMatchObject({ type: "exhausted", seenAt: 1200 });
	});

	it("is told by the peer when that ends", () => {
		const { leader, follower } = play({ until: 200 });
		leader.meeting.end("gave-up");
		const [bytes] = leader.meeting.poll(200).messages;
		follower.meeting.receive(bytes!, 250);
		expect(follower.meeting.poll(250).events).toEqual([{ type: "ended", reason: "gave-up" }]);
	});

	it("is not ended by a message of another call", () => {
		const other = play({ until: 200, change: (bytes) => bytes });
		const mine = new Meeting({
			role: "follower",
			nonce: nonce(9),
			kind: KIND,
			theirKind: KIND,
			early: true,
			rounds: 3,
		});
		mine.begin(0);
		mine.poll(0);
		other.leader.meeting.end("gave-up");
		for (const bytes of other.leader.meeting.poll(200).messages) mine.receive(bytes, 1);
		expect(mine.poll(1)).toMatchObject({ events: [], messages: [] });
	});

	it("leaves a stale opening message for the true one", () => {
		const stale = new Meeting({
			role: "leader",
			nonce: nonce(7),
			kind: KIND,
			theirKind: KIND,
			early: true,
			rounds: 3,
		});
		stale.begin(0);
		const fresh = new Meeting({
			role: "leader",
			nonce: nonce(1),
			kind: KIND,
			theirKind: KIND,
			early: true,
			rounds: 3,
		});
		fresh.begin(0);
		const follower = new Meeting({
			role: "follower",
			nonce: nonce(2),
			kind: KIND,
			theirKind: KIND,
			early: true,
			rounds: 3,
		});
		follower.begin(0);
		for (const bytes of stale.poll(0).messages) follower.receive(bytes, 10);
		for (const bytes of fresh.poll(0).messages) follower.receive(bytes, 20);
		follower.ready(0, OFFER, 30);
		const [answer] = follower.poll(30).messages.slice(-1);
		fresh.ready(0, OFFER, 30);
		fresh.receive(answer!, 80);
		expect(fresh.poll(80).events.map(({ type }) => type)).toContain("start");
	});

	it("prepares again for a peer whose NAT is of another kind than its address says, but not without end", () => {
		const leader = (delta: 2 | 3, byte: number): Uint8Array => {
			const meeting = new Meeting({
				role: "leader",
				nonce: nonce(byte),
				kind: { ...KIND, delta },
				theirKind: KIND,
				early: true,
				rounds: 3,
			});
			meeting.begin(0);
			return meeting.poll(0).messages[0] ?? new Uint8Array();
		};
		const follower = new Meeting({
			role: "follower",
			nonce: nonce(2),
			kind: KIND,
			theirKind: KIND,
			early: true,
			rounds: 3,
		});
		follower.begin(0);
		let prepared = 0;
		for (let i = 0; i < 50; i++) {
			follower.receive(leader(i % 2 === 0 ? 3 : 2, 1), i);
			prepared += follower.poll(i).events.filter(({ type }) => type === "prepare").length;
		}
		expect(prepared).toBeLessThanOrEqual(4);
	});
});
