import { SeededRandom } from "@p2pd/testnet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createIdentity } from "../src/index.js";
import {
	helloKey,
	MAX_BODY_BYTES,
	Mailbox,
	openMessage,
	readHello,
	sealHello,
	sealMessage,
} from "../src/protocol.js";

const NOW = 1_700_000_000_000;
const stream = new SeededRandom(11);
const random = (size: number): Uint8Array => stream.bytes(size);
const [alice, bob, eve] = [createIdentity(random), createIdentity(random), createIdentity(random)];
const fields = {
	time: NOW,
	number: 1,
	boot: random(8),
	peerBoot: new Uint8Array(8),
	body: Buffer.from("hello"),
};

describe("a sealed message", () => {
	it("comes back for its receiver, from its sender, whatever its body is", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: MAX_BODY_BYTES }), (body) => {
				const sealed = sealMessage(alice, bob, { ...fields, body });
				expect(sealed.length % 256).toBe(0);
				const opened = openMessage(sealed, bob);
				expect(opened.sender.id).toBe(alice.id);
				expect(Buffer.from(opened.body)).toEqual(Buffer.from(body));
			}),
			{ numRuns: 30 },
		);
	});

	it("shows neither sender, receiver nor content, and is never the same twice", () => {
		const sealed = sealMessage(alice, bob, fields);
		for (const secret of [alice.signing, alice.agreement, bob.signing, bob.agreement, Buffer.from("hello")]) {
			expect(sealed.includes(secret)).toBe(false);
		}
		expect(sealMessage(alice, bob, fields).equals(sealed)).toBe(false);
	});

	it("is refused by everyone else, and after any change of one bit", () => {
		const sealed = sealMessage(alice, bob, fields);
		expect(() => openMessage(sealed, eve)).toThrow(expect.objectContaining({ code: "ERR_PEER_MESSAGE_KEY" }));
		for (let bit = 0; bit < sealed.length * 8; bit += 7) {
			const forged = Buffer.from(sealed);
			forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
			expect(() => openMessage(forged, bob)).toThrow(/^a message|bytes/);
		}
	});

	it("can still be opened after the receiver's key has rotated seven times, and not after the eighth", () => {
		const node = createIdentity(random);
		const sealed = sealMessage(alice, { signing: node.signing, agreement: node.agreement }, fields);
		for (let time = 0; time < 7; time++) node.rotate(random);
		expect(openMessage(sealed, node).sender.id).toBe(alice.id);
		node.rotate(random);
		expect(() => openMessage(sealed, node)).toThrow(expect.objectContaining({ problem: "key" }));
	});

	it("cannot be too long, or sealed to a key of small order", () => {
		expect(() => sealMessage(alice, bob, { ...fields, body: new Uint8Array(MAX_BODY_BYTES + 1) })).toThrow(
			expect.objectContaining({ code: "ERR_PEER_MESSAGE_LENGTH" }),
		);
		expect(() => sealMessage(alice, { signing: bob.signing, agreement: new Uint8Array(32) }, fields)).toThrow(
			expect.objectContaining({ code: "ERR_PEER_MESSAGE_KEY" }),
		);
	});
});

describe("a mailbox", () => {
	const body = Buffer.from("hi");
	const mailboxes = () => [new Mailbox(alice, {}, random), new Mailbox(bob, {}, random)] as const;

	it("accepts each message once, in any order within the window", () => {
		const [from, to] = mailboxes();
		const sealed = Array.from({ length: 50 }, () => from.seal(bob, body, to.boot, NOW));
		for (const one of [...sealed].reverse())
			expect(to.open(one, NOW)).toMatchObject({ status: "accepted", current: true });
		for (const one of sealed) expect(to.open(one, NOW)).toEqual({ status: "refused", reason: "replay" });
	});

	it("refuses what is behind the window: nobody knows any more whether it came", () => {
		const [from, to] = mailboxes();
		const first = from.seal(bob, body, to.boot, NOW);
		for (let count = 0; count < 64; count++) to.open(from.seal(bob, body, to.boot, NOW), NOW);
		expect(to.open(first, NOW)).toEqual({ status: "refused", reason: "replay" });
	});

	it("names a clock that is off, and by how much", () => {
		const [from, to] = mailboxes();
		const hour = 3_600_000;
		expect(to.open(from.seal(bob, body, to.boot, NOW + hour), NOW)).toMatchObject({
			status: "time-off",
			offBy: hour,
		});
		expect(to.open(from.seal(bob, body, to.boot, NOW - 120_000), NOW).status).toBe("accepted");
		expect(to.open(from.seal(bob, body, to.boot, NOW - 120_001), NOW).status).toBe("time-off");
	});

	it("after a restart, does not take a copy of what the run before got for current", () => {
		const [from, before] = mailboxes();
		const sealed = from.seal(bob, body, before.boot, NOW);
		expect(before.open(sealed, NOW)).toMatchObject({ status: "accepted", current: true });
		const after = new Mailbox(bob, {}, random);
		expect(after.open(sealed, NOW)).toMatchObject({ status: "accepted", current: false });
	});

	it("has bounded memory: it refuses new senders until the messages of others are too old", () => {
		const to = new Mailbox(bob, { maxSenders: 4 }, random);
		const from = Array.from({ length: 5 }, () => new Mailbox(createIdentity(random), {}, random));
		const receipts = from.map((one) => to.open(one.seal(bob, body, null, NOW), NOW));
		expect(receipts.map(({ status }) => status)).toEqual([
			"accepted",
			"accepted",
			"accepted",
			"accepted",
			"refused",
		]);
		expect(receipts[4]).toEqual({ status: "refused", reason: "full" });
		const later = NOW + 300_000;
		expect(to.open((from[4] as Mailbox).seal(bob, body, null, later), later).status).toBe("accepted");
		expect(to.senders).toBeLessThanOrEqual(4);
	});

	it("accepts none of 2,000 forged, truncated, changed and repeated messages", () => {
		const [from, to] = mailboxes();
		const good = from.seal(bob, body, to.boot, NOW);
		expect(to.open(good, NOW).status).toBe("accepted");
		for (let count = 0; count < 2000; count++) {
			const kind = count % 4;
			const bytes =
				kind === 0
					? Buffer.from(random(256))
					: kind === 1
						? good.subarray(0, 1 + (count % good.length))
						: kind === 2
							? Buffer.from(good).fill(random(1)[0] ?? 0, count % good.length, (count % good.length) + 1)
							: good;
			expect(to.open(bytes, NOW).status).toBe("refused");
		}
	});
});

describe("a hello", () => {
	it("gives both sides the same key, and nobody else can read it", () => {
		const [from, to] = [new Mailbox(alice, {}, random), new Mailbox(bob, {}, random)];
		const hello = { attempt: random(16), share: random(32) };
		const sealed = sealHello(from, bob, hello, NOW);
		const receipt = to.open(sealed, NOW);
		if (receipt.status !== "accepted") throw new Error(receipt.status);
		const read = readHello(receipt.message);
		expect(helloKey(read, receipt.message.sender, bob)).toEqual(helloKey(hello, alice, bob));
		expect(helloKey(read, eve, bob)).not.toEqual(helloKey(hello, alice, bob));
	});

	it("is not what is written to the inbox", () => {
		const [from, to] = [new Mailbox(alice, {}, random), new Mailbox(bob, {}, random)];
		const receipt = to.open(from.seal(bob, Buffer.from('{"t":"bye"}'), null, NOW), NOW);
		if (receipt.status !== "accepted") throw new Error(receipt.status);
		expect(() => readHello(receipt.message)).toThrow(expect.objectContaining({ problem: "malformed" }));
	});
});
