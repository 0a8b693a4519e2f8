import { describe, expect, it } from "vitest";
import {
	attributeValue,
	checkIntegrity,
	decodeMessage,
	encodeMessage,
	getAttribute,
	longTermKey,
	mappedAddressOf,
	shortTermKey,
} from "../../src/codec.js";

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s/g, ""), "hex");

const PASSWORD = shortTermKey("VOkJxbRl1RmTxUk/WvJxBt");

const REQUEST = bytes(`
	00010058 2112a442 b7e7a701 bc34d686 fa87dfae
	80220010 5354554e 20746573 7420636c 69656e74
	00240004 6e0001ff
	80290008 932ff9b1 51263b36
	00060009 6576746a 3a683676 59202020
	00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
	80280004 e57a3bcf`);

const RESPONSE_V4 = bytes(`
	0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
	8022000b 74657374 20766563 746f7220
	00200008 0001a147 e112a643
	00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
	80280004 c07d4c96`);

const RESPONSE_V6 = bytes(`
	01010048 2112a442 b7e7a701 bc34d686 fa87dfae
	8022000b 74657374 20766563 746f7220
	00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
	00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
	80280004 c8fb0b4c`);

const LONG_TERM = bytes(`
	00010060 2112a442 78ad3433 c6ad72c0 29da412e
	00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
	0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341
	0014000b 6578616d 706c652e 6f726700
	00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666`);

describe("RFC 5769", () => {
	it("2.1: a request with short-term credentials", () => {
		const message = decodeMessage(REQUEST);
		expect(message).toMatchObject({ class: "request", method: 1, classic: false });
		expect(attributeValue(message, "SOFTWARE")).toBe("STUN test client");
		expect(attributeValue(message, "USERNAME")).toBe("evtj:h6vY");
		expect(attributeValue(message, "FINGERPRINT")).toBe(0xe57a3bcf);
		// PRIORITY belongs to ICE (RFC 8445): a plain STUN agent has to say that it does not know it.
		expect(message.unknownRequired).toEqual([0x0024]);
		expect(checkIntegrity(message, PASSWORD)).toBe("valid");
		expect(checkIntegrity(message, shortTermKey("another"))).toBe("invalid");
	});

	it("2.2: a response with an IPv4 address", () => {
		const message = decodeMessage(RESPONSE_V4);
		expect(mappedAddressOf(message)).toEqual({ family: 4, ip: "192.0.2.1", port: 32853 });
		expect(attributeValue(message, "SOFTWARE")).toBe("test vector");
		expect(checkIntegrity(message, PASSWORD)).toBe("valid");
	});

	it("2.3: a response with an IPv6 address", () => {
		const message = decodeMessage(RESPONSE_V6);
		expect(mappedAddressOf(message)).toEqual({
			family: 6,
			ip: "2001:db8:1234:5678:11:2233:4455:6677",
			port: 32853,
		});
		expect(checkIntegrity(message, PASSWORD)).toBe("valid");
	});

	it("2.4: a request with long-term credentials", () => {
		const message = decodeMessage(LONG_TERM);
		const username = attributeValue(message, "USERNAME") ?? "";
		expect(username).toBe("マトリックス");
		expect(attributeValue(message, "NONCE")).toBe("f//499k954d6OL34oL9FSTvy64sA");
		const realm = attributeValue(message, "REALM") ?? "";
		expect(realm).toBe("example.org");
		expect(checkIntegrity(message, longTermKey(username, realm, "TheMatrIX"))).toBe("valid");
		expect(checkIntegrity(message, longTermKey(username, realm, "TheMatrix"))).toBe("invalid");
	});

	it("is written bit for bit, where the padding is zeros", () => {
		const written = encodeMessage({
			class: "request",
			transactionId: LONG_TERM.subarray(8, 20),
			attributes: [
				{ name: "USERNAME", value: "マトリックス" },
				{ name: "NONCE", value: "f//499k954d6OL34oL9FSTvy64sA" },
				{ name: "REALM", value: "example.org" },
			],
			integrity: { key: longTermKey("マトリックス", "example.org", "TheMatrIX") },
		});
		expect(written.toString("hex")).toBe(LONG_TERM.toString("hex"));
	});

	it.each([
		["2.1", REQUEST],
		["2.2", RESPONSE_V4],
		["2.3", RESPONSE_V6],
	])("every changed bit of %s is noticed", (_, vector) => {
		for (let bit = 0; bit < vector.length * 8; bit++) {
			const changed = Buffer.from(vector);
			changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
			let noticed = false;
			try {
				const message = decodeMessage(changed);
				// Where the changed bit made FINGERPRINT another attribute, the HMAC is left to notice.
				noticed =
					checkIntegrity(message, PASSWORD) !== "valid" || getAttribute(message, "FINGERPRINT") === undefined;
			} catch (error) {
				noticed = true;
				expect(error).toHaveProperty("code", "ERR_STUN_DECODE");
			}
			expect(noticed, `bit ${bit}`).toBe(true);
		}
	});
});
