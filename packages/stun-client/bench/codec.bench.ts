import type { BenchCase } from "@p2pd/testnet/bench";
import { attributeValue, decodeMessage, encodeMessage, type NamedAttribute } from "../src/codec.js";
import { plainStun } from "./stun-package.js";

const OPS = 2000;
const id = Buffer.alloc(12, 7);
const ME = { ip: "203.0.113.7", port: 54321 };
const ORIGIN = { ip: "198.51.100.1", port: 3478 };
const OTHER = { ip: "198.51.100.2", port: 3479 };
const XOR_MAPPED = 0x0020;
const RESPONSE_ORIGIN = 0x802b;
const OTHER_ADDRESS = 0x802c;

const repeat = (work: () => void) => (): void => {
	for (let n = 0; n < OPS; n++) work();
};

const short: NamedAttribute[] = [{ name: "XOR-MAPPED-ADDRESS", value: ME }];
const full: NamedAttribute[] = [
	{ name: "XOR-MAPPED-ADDRESS", value: ME },
	{ name: "MAPPED-ADDRESS", value: ME },
	{ name: "RESPONSE-ORIGIN", value: ORIGIN },
	{ name: "OTHER-ADDRESS", value: OTHER },
	{ name: "SOFTWARE", value: "p2pd" },
];

function plainFull(): Buffer {
	const message = plainStun.createMessage(0x0101, id);
	message.addXorAddress(ME.ip, ME.port);
	message.addAddress(ME.ip, ME.port);
	message.addAttribute(RESPONSE_ORIGIN, ORIGIN.ip, ORIGIN.port);
	message.addAttribute(OTHER_ADDRESS, OTHER.ip, OTHER.port);
	message.addSoftware("p2pd");
	return message.toBuffer();
}

const shortBytes = encodeMessage({ class: "success", transactionId: id, attributes: short });
const fullBytes = encodeMessage({ class: "success", transactionId: id, attributes: full });
const signedBytes = encodeMessage({
	class: "success",
	transactionId: id,
	attributes: short,
	fingerprint: true,
});
if (!plainFull().equals(fullBytes)) throw new Error("the two sides do not write the same message");

/** This package's codec against the plain npm package "stun", whose codec it has inside. */
export const codecCases: readonly BenchCase[] = [
	{
		name: "encode a Binding request",
		ops: OPS,
		baseline: repeat(() => plainStun.createMessage(0x0001, id).toBuffer()),
		candidate: repeat(() => encodeMessage({ class: "request", transactionId: id })),
	},
	{
		name: "encode a response with five attributes",
		ops: OPS,
		baseline: repeat(plainFull),
		candidate: repeat(() => encodeMessage({ class: "success", transactionId: id, attributes: full })),
	},
	{
		name: "encode a response with FINGERPRINT",
		ops: OPS,
		baseline: repeat(() => {
			const message = plainStun.createMessage(0x0101, id);
			message.addXorAddress(ME.ip, ME.port);
			message.addFingerprint();
			message.toBuffer();
		}),
		candidate: repeat(() =>
			encodeMessage({ class: "success", transactionId: id, attributes: short, fingerprint: true }),
		),
	},
	{
		name: "decode a response with one address",
		ops: OPS,
		baseline: repeat(() => plainStun.decode(shortBytes).getAttribute(XOR_MAPPED)),
		candidate: repeat(() => attributeValue(decodeMessage(shortBytes), "XOR-MAPPED-ADDRESS")),
	},
	{
		name: "decode a response with five attributes",
		ops: OPS,
		baseline: repeat(() => plainStun.decode(fullBytes).getAttribute(XOR_MAPPED)),
		candidate: repeat(() => attributeValue(decodeMessage(fullBytes), "XOR-MAPPED-ADDRESS")),
	},
	{
		name: "decode and check FINGERPRINT",
		ops: OPS,
		baseline: repeat(() => plainStun.validateFingerprint(plainStun.decode(signedBytes))),
		candidate: repeat(() => decodeMessage(signedBytes)),
	},
];
