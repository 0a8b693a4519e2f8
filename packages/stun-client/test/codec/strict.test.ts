import { describe, expect, it } from "vitest";
import { decodeMessage } from "../../src/codec.js";
import { StunDecodeError } from "../../src/index.js";

const COOKIE = "2112a442";
const ID = "0102030405060708090a0b0c";

/** A success response with these attributes; the length is right unless one is given. */
const response = (attributes: string, length = attributes.length / 2): Buffer =>
	Buffer.from(`0101${length.toString(16).padStart(4, "0")}${COOKIE}${ID}${attributes}`, "hex");

const XOR_MAPPED = "002000080001f523ea12d545";

const CASES: readonly (readonly [string, Buffer, Partial<StunDecodeError>])[] = [
	["nothing", Buffer.alloc(0), { place: "header", offset: 0 }],
	["19 bytes", Buffer.alloc(19), { place: "header", offset: 19 }],
	["type bits", Buffer.from(`8101000021${COOKIE.slice(2)}${ID}`, "hex"), { place: "header", offset: 0 }],
	["a length that is not in fours", response("000000", 3), { place: "header", offset: 2 }],
	["a length past the end", response("", 4), { place: "header", offset: 2 }],
	[
		"bytes after the message",
		Buffer.concat([response(XOR_MAPPED), Buffer.alloc(4)]),
		{ place: "trailer", offset: 32 },
	],
	[
		"an attribute past the end",
		response("00200009 0001f523ea12d545".replace(" ", "")),
		{ place: "attribute-header", offset: 20, attributeType: 0x20 },
	],
	[
		"the second attribute past the end",
		response(`${XOR_MAPPED}80220008`),
		{ place: "attribute-header", offset: 32, attributeType: 0x8022 },
	],
	[
		"an invalid address family",
		response("002000080003f523ea12d545"),
		{ place: "attribute-value", offset: 20, attributeType: 0x20 },
	],
	[
		"an IPv6 address of 4 bytes",
		response("002000080002f523ea12d545"),
		{ place: "attribute-value", offset: 20 },
	],
	[
		"an IPv4 address of 16 bytes",
		response(`002000140001f523${"00".repeat(16)}`),
		{ place: "attribute-value", offset: 20 },
	],
	[
		"an address without a family",
		response("0001000100000000"),
		{ place: "attribute-value", offset: 20, attributeType: 1 },
	],
	[
		"CHANGE-REQUEST of 8 bytes",
		response(`00030008${"00".repeat(8)}`),
		{ place: "attribute-value", attributeType: 3 },
	],
	["ERROR-CODE of class 2", response("0009000400000200"), { place: "attribute-value", attributeType: 9 }],
	[
		"ERROR-CODE with number 100",
		response("0009000400000464"),
		{ place: "attribute-value", attributeType: 9 },
	],
	["ERROR-CODE of 3 bytes", response("0009000300000400"), { place: "attribute-value", attributeType: 9 }],
	[
		"a reason that is not UTF-8",
		response("0009000600000400ff800000"),
		{ place: "attribute-value", attributeType: 9 },
	],
	["an odd list of types", response("000a000300010200"), { place: "attribute-value", attributeType: 10 }],
	[
		"MESSAGE-INTEGRITY of 16 bytes",
		response(`00080010${"00".repeat(16)}`),
		{ place: "attribute-value", attributeType: 8 },
	],
	[
		"MESSAGE-INTEGRITY-SHA256 of 12 bytes",
		response(`001c000c${"00".repeat(12)}`),
		{ place: "attribute-value", attributeType: 0x1c },
	],
	[
		"a USERNAME of 514 bytes",
		response(`00060202${"61".repeat(514)}0000`),
		{ place: "attribute-value", attributeType: 6 },
	],
	[
		"a wrong FINGERPRINT",
		response(`${XOR_MAPPED}8028000400000000`),
		{ place: "fingerprint", offset: 32, attributeType: 0x8028 },
	],
	[
		"an attribute after FINGERPRINT",
		response(`8028000400000000${XOR_MAPPED}`),
		{ place: "attribute-header", offset: 28 },
	],
	[
		"an algorithm that is cut short",
		response("8002000200020000"),
		{ place: "attribute-value", attributeType: 0x8002 },
	],
	["no algorithm", response("001d0000"), { place: "attribute-value", attributeType: 0x1d }],
];

describe("decodeMessage says where bytes are wrong", () => {
	it.each(CASES)("%s", (_name, bytes, expected) => {
		let thrown: unknown;
		try {
			decodeMessage(bytes);
		} catch (error) {
			thrown = error;
		}
		expect(thrown).toBeInstanceOf(StunDecodeError);
		expect(thrown).toMatchObject({ code: "ERR_STUN_DECODE", ...expected });
	});

	it("reads what is right", () => {
		expect(decodeMessage(response(XOR_MAPPED)).attributes[0]).toMatchObject({
			name: "XOR-MAPPED-ADDRESS",
			value: { family: 4, ip: "203.0.113.7", port: 54321 },
			offset: 20,
		});
	});

	it("leaves out what follows MESSAGE-INTEGRITY unprotected", () => {
		const message = decodeMessage(response(`${XOR_MAPPED}00080014${"00".repeat(20)}7abc0000${XOR_MAPPED}`));
		expect(message.attributes.map(({ type }) => type)).toEqual([0x20, 0x08]);
		expect(message.unknownRequired).toEqual([]);
	});

	it("reads an address of 0.0.0.0 port 0, which some RFC 3489 servers send for none", () => {
		const message = decodeMessage(response("000500080001000000000000"));
		expect(message.attributes[0]?.value).toEqual({ family: 4, ip: "0.0.0.0", port: 0 });
	});

	it("tells unknown attributes that must be understood from those that need not", () => {
		const message = decodeMessage(response("7abc0000fabc0000"));
		expect(message.unknownRequired).toEqual([0x7abc]);
		expect(message.attributes.map(({ name }) => name)).toEqual([undefined, undefined]);
	});
});
