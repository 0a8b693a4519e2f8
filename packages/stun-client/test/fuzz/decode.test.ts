import { isIPv6, SocketAddress } from "node:net";
import { SeededRandom } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage, type StunAttribute, type StunMessage } from "../../src/codec.js";
import { StunDecodeError } from "../../src/index.js";
import { createStunResponder } from "../../src/server.js";
import { MUTATED, mutated, RANDOM, randomBytes, TIMEOUT } from "./mutate.js";
import * as reference from "./reference.js";

const XORED: ReadonlySet<string | undefined> = new Set(["XOR-MAPPED-ADDRESS", "XOR-MAPPED-ADDRESS-DRAFT"]);

function decode(bytes: Buffer): StunMessage | undefined {
	try {
		return decodeMessage(bytes);
	} catch (error) {
		if (!(error instanceof StunDecodeError)) throw error;
		if (error.offset < 0 || error.offset > bytes.length) throw new Error(`offset ${error.offset}`);
		return undefined;
	}
}

/** The 4 or 16 bytes of an IP, by way of Node. */
function ipBytes(ip: string): number[] {
	if (!isIPv6(ip)) return ip.split(".").map(Number);
	const text = new SocketAddress({ address: ip, family: "ipv6" }).address.replace(
		/(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
		(_all, a, b, c, d) =>
			`${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`,
	);
	const [head = "", tail] = text.split("::");
	const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
	const right = tail === undefined ? [] : groups(tail);
	const left = groups(head);
	const middle = Array.from({ length: 8 - left.length - right.length }, () => "0");
	return [...left, ...middle, ...right].flatMap((group) => {
		const value = Number.parseInt(group, 16);
		return [value >> 8, value & 255];
	});
}

function checkAddress(attribute: StunAttribute, bytes: Buffer): void {
	const { value, name, raw } = attribute;
	if (typeof value !== "object" || value === null || !("family" in value)) return;
	const key = XORED.has(name) ? bytes.subarray(4, 20) : Buffer.alloc(16);
	const expected = reference.address(Buffer.from(raw), key);
	if (value.port !== expected.port || ipBytes(value.ip).join() !== expected.bytes.join()) {
		throw new Error(`${bytes.toString("hex")}: ${name} is read as ${value.ip} port ${value.port}`);
	}
}

/** True when it was read as a message, which then is right; throws when it is wrong. */
function check(bytes: Buffer): boolean {
	const message = decode(bytes);
	const frame = reference.frame(bytes);
	if (message === undefined) return false;
	if (frame === undefined) throw new Error(`${bytes.toString("hex")} is no message`);
	const same =
		frame.length === message.attributes.length &&
		frame.every(({ type, value }, nth) => {
			const attribute = message.attributes[nth];
			return attribute?.type === type && value.equals(attribute.raw);
		});
	if (!same) throw new Error(`${bytes.toString("hex")} has other attributes`);
	for (const attribute of message.attributes) checkAddress(attribute, bytes);
	return true;
}

describe("decodeMessage never crashes and never misreads", () => {
	it(`${MUTATED} mutated messages`, { timeout: TIMEOUT }, () => {
		const random = new SeededRandom("decode");
		let read = 0;
		for (let n = 0; n < MUTATED; n++) if (check(mutated(random))) read++;
		// Some get through, so that the values are tested and not the header alone.
		expect(read / MUTATED).toBeGreaterThan(0.05);
	});

	it(`${RANDOM} random strings of bytes`, { timeout: TIMEOUT }, () => {
		const random = new SeededRandom("random");
		for (let n = 0; n < RANDOM; n++) check(randomBytes(random));
	});
});

describe("the responder answers only requests, briefly and to the sender", () => {
	const primary = { ip: "198.51.100.1", port: 3478 };
	const alternate = { ip: "198.51.100.2", port: 3479 };
	const from = { ip: "203.0.113.7", port: 54321 };
	const ours = [primary, alternate, { ip: primary.ip, port: 3479 }, { ip: alternate.ip, port: 3478 }];
	const respond = createStunResponder({ primary, alternate, rate: 0 });

	function checkResponse(bytes: Buffer): number {
		const replies = respond(bytes, from, primary);
		if (replies.length > 1) throw new Error("more than one reply");
		for (const reply of replies) {
			const request = decode(bytes);
			const message = decodeMessage(reply.data);
			const padding = request?.attributes.find(({ name }) => name === "PADDING")?.raw.length ?? 0;
			const responsePort = request?.attributes.find(({ name }) => name === "RESPONSE-PORT");
			const right =
				request?.class === "request" &&
				request.method === 1 &&
				reply.data.length <= Math.max(3 * bytes.length, 64 + padding + 4) &&
				reply.to.ip === from.ip &&
				(reply.to.port === from.port || reply.to.port === responsePort?.value) &&
				ours.some(({ ip, port }) => ip === reply.from.ip && port === reply.from.port) &&
				Buffer.from(message.transactionId).equals(request.transactionId) &&
				(message.class === "error" ||
					message.attributes.some(
						({ name, value }) =>
							(name === "MAPPED-ADDRESS" || name === "XOR-MAPPED-ADDRESS") &&
							value.ip === from.ip &&
							value.port === from.port,
					));
			if (!right)
				throw new Error(
					`${bytes.toString("hex")} is answered with ${Buffer.from(reply.data).toString("hex")}`,
				);
		}
		return replies.length;
	}

	it(`to ${MUTATED} mutated messages`, { timeout: TIMEOUT }, () => {
		const random = new SeededRandom("respond");
		let answered = 0;
		for (let n = 0; n < MUTATED; n++) answered += checkResponse(mutated(random));
		expect(answered).toBeGreaterThan(MUTATED / 100);
	});

	it(`to ${RANDOM} random strings of bytes`, { timeout: TIMEOUT }, () => {
		const random = new SeededRandom("respond to random");
		for (let n = 0; n < RANDOM; n++) checkResponse(randomBytes(random));
	});

	it("is still right afterwards", () => {
		expect(
			respond(encodeMessage({ class: "request", transactionId: Buffer.alloc(12) }), from, primary),
		).toHaveLength(1);
	});
});
