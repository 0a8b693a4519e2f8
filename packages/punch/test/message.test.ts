import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PunchMessageError } from "../src/index.js";
import { decodeMessage, encodeMessage, type Message, NONCE_SIZE } from "../src/message.js";

const nonce = fc.uint8Array({ minLength: NONCE_SIZE, maxLength: NONCE_SIZE });
const filled = nonce.filter((bytes) => bytes.some((byte) => byte !== 0));
const port = fc.integer({ min: 1, max: 65_535 });
const ip = fc.constantFrom("8.8.8.8", "192.168.1.20", "100.64.0.1", "2a02:8071:1:1::20", "fd00::1");
const kind = fc.record({
	type: fc.constantFrom(1, 2, 3, 4, 5, 6, 7),
	delta: fc.constantFrom(1, 2, 3, 4, 5, 6),
	step: fc.integer({ min: -32_768, max: 32_767 }),
});
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const message = fc.oneof(
	fc.record({
		from: nonce,
		to: fc.option(filled, { nil: null }),
		type: fc.constantFrom("prepare", "ready", "start"),
		round: fc.integer({ min: 0, max: 255 }),
		stamp: u32,
		wait: u32,
		offer: fc.record({
			kind,
			external: fc.option(fc.record({ ip, ports: fc.array(port, { maxLength: 32 }) }), { nil: null }),
			lan: fc.array(fc.record({ ip, port }), { maxLength: 4 }),
		}),
	}),
	fc.record({
		from: nonce,
		to: fc.option(filled, { nil: null }),
		type: fc.constant("end"),
		reason: fc.constantFrom("gave-up", "relay", "needs-listener"),
	}),
) as fc.Arbitrary<Message>;

const plain = (value: unknown): unknown =>
	JSON.parse(JSON.stringify(value, (_, one) => (one instanceof Uint8Array ? [...one] : one)));

describe("a channel message", () => {
	it("comes back as it was", () => {
		fc.assert(
			fc.property(message, (sent) => {
				const bytes = encodeMessage(sent);
				expect(bytes.length).toBeLessThanOrEqual(400);
				expect(plain(decodeMessage(bytes))).toEqual(plain(sent));
			}),
		);
	});

	it("is refused with a typed error when it is anything else", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
				expect(() => decodeMessage(bytes)).toThrow(PunchMessageError);
			}),
		);
	});

	it("is read or refused, whatever is done to its bytes", () => {
		fc.assert(
			fc.property(message, fc.nat(), fc.integer({ min: 0, max: 255 }), (sent, at, byte) => {
				const bytes = encodeMessage(sent);
				bytes[at % bytes.length] = byte;
				try {
					const read = decodeMessage(bytes);
					if (read.type === "end") return;
					expect(read.offer.external?.ports.length ?? 0).toBeLessThanOrEqual(32);
					expect(read.offer.lan.length).toBeLessThanOrEqual(4);
				} catch (error) {
					expect(error).toBeInstanceOf(PunchMessageError);
				}
			}),
		);
	});

	it.each(["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"])("may not name %s", (wrong) => {
		const offer = {
			kind: { type: 1, delta: 1, step: 0 },
			external: { ip: wrong, ports: [1] },
			lan: [],
		} as const;
		const bytes = encodeMessage({
			from: new Uint8Array(16),
			to: null,
			type: "ready",
			round: 0,
			stamp: 0,
			wait: 0,
			offer,
		});
		expect(() => decodeMessage(bytes)).toThrow("an address that nobody can have");
	});
});
