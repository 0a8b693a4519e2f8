import { decodeMessage, encodeMessage } from "@p2pd/stun-client/codec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	attribute,
	connectionIdOf,
	ipBytes,
	lifetimeOf,
	METHODS,
	peerOf,
	reservationTokenOf,
} from "../../src/codec/attributes.js";
import {
	channelHeader,
	channelOf,
	channelPayload,
	PADDING,
	paddingOf,
	readDataIndication,
	sendHeader,
} from "../../src/codec/data.js";
import { StreamFramer } from "../../src/codec/stream-framer.js";

const id = fc.uint8Array({ minLength: 12, maxLength: 12 });
const port = fc.integer({ min: 1, max: 65_535 });
const ip = fc.oneof(
	fc.ipV4(),
	fc
		.array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 })
		.map((groups) => groups.map((n) => n.toString(16)).join(":")),
);
const payload = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const channel = fc.integer({ min: 0x4000, max: 0x4fff });

describe("attributes", () => {
	it("are read as they were written", () => {
		fc.assert(
			fc.property(
				id,
				ip,
				port,
				fc.integer({ min: 0, max: 0xffffffff }),
				(transactionId, address, number, value) => {
					const bytes = encodeMessage({
						class: "success",
						method: METHODS.Allocate,
						transactionId,
						attributes: [
							attribute.peer({ ip: address, port: number }, transactionId),
							attribute.lifetime(value),
							attribute.connectionId(value),
							attribute.reservation(transactionId.subarray(0, 8)),
						],
					});
					const message = decodeMessage(bytes);
					expect(peerOf(message)).toEqual({ ip: address, port: number });
					expect([lifetimeOf(message), connectionIdOf(message)]).toEqual([value, value]);
					expect(reservationTokenOf(message)).toEqual(Buffer.from(transactionId.subarray(0, 8)));
				},
			),
		);
	});

	it("that ask for something look as RFC 8656 draws them", () => {
		const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
		expect(hex(attribute.transport("udp").value)).toBe("11000000");
		expect(hex(attribute.transport("tcp").value)).toBe("06000000");
		expect(hex(attribute.family(6).value)).toBe("02000000");
		expect(hex(attribute.evenPort(true).value)).toBe("80");
		expect(hex(attribute.channel(0x4001).value)).toBe("40010000");
		expect(attribute.dontFragment().value).toHaveLength(0);
		expect(attribute.additionalFamily(6).map(({ type }) => type)).toEqual([0x8000, 0x8032]);
	});
});

describe("data", () => {
	it("of a Send indication is what a strict decoder reads", () => {
		fc.assert(
			fc.property(
				id,
				ip,
				port,
				payload,
				fc.boolean(),
				(transactionId, address, number, data, dontFragment) => {
					const header = sendHeader(ipBytes(address), number, data.length, transactionId, dontFragment);
					const filler = PADDING[paddingOf(data.length)] ?? Buffer.alloc(0);
					const message = decodeMessage(Buffer.concat([header, data, filler]));
					expect([message.class, message.method]).toEqual(["indication", METHODS.Send]);
					expect(peerOf(message)).toEqual({ ip: address, port: number });
					expect(Buffer.from(message.attributes.at(-1)?.raw ?? [])).toEqual(data);
					expect(message.attributes.some(({ type }) => type === 0x001a)).toBe(dontFragment);
				},
			),
		);
	});

	it("of a Data indication is read as it was written", () => {
		fc.assert(
			fc.property(id, ip, port, payload, (transactionId, address, number, data) => {
				const packet = encodeMessage({
					class: "indication",
					method: METHODS.Data,
					transactionId,
					attributes: [
						attribute.peer({ ip: address, port: number }, transactionId),
						{ type: 0x0013, value: data },
					],
				});
				expect(readDataIndication(packet)).toEqual({ from: { ip: address, port: number }, data });
			}),
		);
	});

	it("of a channel is a view, and stops where its length says", () => {
		fc.assert(
			fc.property(channel, payload, fc.integer({ min: 0, max: 3 }), (number, data, padding) => {
				const packet = Buffer.concat([channelHeader(number, data.length), data, Buffer.alloc(padding, 9)]);
				expect(channelOf(packet)).toBe(number);
				expect(channelPayload(packet)).toEqual(data);
				expect(channelPayload(packet).buffer).toBe(packet.buffer);
				expect(channelOf(packet.subarray(0, packet.length - padding - 1))).toBe(0);
			}),
		);
	});
});

describe("a stream", () => {
	it("gives the same frames in whatever pieces it comes", () => {
		const frame = fc.oneof(
			fc
				.tuple(channel, payload)
				.map(([number, data]) => Buffer.concat([channelHeader(number, data.length), data])),
			id.map((transactionId) => encodeMessage({ class: "success", method: METHODS.Refresh, transactionId })),
		);
		fc.assert(
			fc.property(
				fc.array(frame, { maxLength: 8 }),
				fc.array(fc.integer({ min: 1, max: 50 })),
				payload,
				(frames, cuts, rest) => {
					// What follows the last frame is no frame: here the bytes of a connection to a peer.
					const padded = frames.map((bytes) => Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]));
					const whole = Buffer.concat([...padded, rest]);
					const framer = new StreamFramer();
					const got: Buffer[] = [];
					for (let at = 0, n = 0; at < whole.length; n++) {
						const size = cuts[n % Math.max(cuts.length, 1)] ?? whole.length;
						framer.push(whole.subarray(at, at + size));
						at += size;
						while (got.length < frames.length) {
							const found = framer.next();
							if (found === null) break;
							got.push(found);
						}
					}
					expect(got).toEqual(frames);
					expect(framer.rest()).toEqual(rest);
				},
			),
		);
	});
});
