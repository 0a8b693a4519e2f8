import { readFileSync } from "node:fs";
import type { SeededRandom } from "@p2pd/testnet";
import { encodeMessage, longTermKey } from "../../src/codec.js";

const { P2PD_LONG } = process.env;

/** Whole runs with P2PD_LONG=1, else one fiftieth of them. */
export const MUTATED = P2PD_LONG === "1" ? 1_000_000 : 20_000;
export const RANDOM = P2PD_LONG === "1" ? 100_000 : 2_000;

/** A whole run takes minutes, its fraction seconds. */
export const TIMEOUT = P2PD_LONG === "1" ? 1_800_000 : 60_000;

const captured: readonly { readonly hex: string }[] = JSON.parse(
	readFileSync(new URL("../fixtures/captured.json", import.meta.url), "utf8"),
);

const id = Buffer.alloc(12, 3);
const key = longTermKey("user", "realm", "password");

/** Whole messages of several stacks, and of ours with every kind of attribute. */
const SEEDS: readonly Buffer[] = [
	...captured.map(({ hex }) => Buffer.from(hex, "hex")),
	encodeMessage({ class: "request", transactionId: id }),
	encodeMessage({ class: "request", transactionId: Buffer.alloc(16, 3) }),
	encodeMessage({
		class: "request",
		transactionId: id,
		attributes: [
			{ name: "CHANGE-REQUEST", value: { changeIp: true, changePort: true } },
			{ name: "PADDING", value: new Uint8Array(20) },
			{ name: "RESPONSE-PORT", value: 4000 },
		],
		fingerprint: true,
	}),
	encodeMessage({
		class: "request",
		transactionId: id,
		attributes: [
			{ name: "USERNAME", value: "user" },
			{ name: "REALM", value: "realm" },
			{ name: "NONCE", value: "nonce" },
			{ name: "PASSWORD-ALGORITHMS", value: [{ algorithm: 2, parameters: new Uint8Array(3) }] },
		],
		integrity: { key, algorithm: "both" },
		fingerprint: true,
	}),
	encodeMessage({
		class: "error",
		transactionId: id,
		attributes: [
			{ name: "ERROR-CODE", value: { status: 420, reason: "Unknown Attribute" } },
			{ name: "UNKNOWN-ATTRIBUTES", value: [1, 2, 3] },
			{ name: "ALTERNATE-SERVER", value: { ip: "2001:db8::1", port: 5 } },
		],
	}),
	encodeMessage({
		class: "success",
		transactionId: id,
		attributes: [
			{ name: "XOR-MAPPED-ADDRESS", value: { ip: "2001:db8::7", port: 54321 } },
			{ name: "OTHER-ADDRESS", value: { ip: "192.0.2.1", port: 3479 } },
			{ name: "SOFTWARE", value: "seed" },
		],
		fingerprint: true,
	}),
];

type Mutation = (bytes: Buffer, random: SeededRandom) => Buffer;

const MUTATIONS: readonly Mutation[] = [
	(bytes, random) => {
		const at = random.int(0, bytes.length - 1);
		bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7));
		return bytes;
	},
	(bytes, random) => {
		bytes[random.int(0, bytes.length - 1)] = random.int(0, 255);
		return bytes;
	},
	(bytes, random) => bytes.subarray(0, random.int(0, bytes.length)),
	(bytes, random) => Buffer.concat([bytes, Buffer.from(random.bytes(random.int(1, 9)))]),
	(bytes, random) => {
		const at = random.int(0, bytes.length);
		return Buffer.concat([
			bytes.subarray(0, at),
			Buffer.from(random.bytes(random.int(1, 8))),
			bytes.subarray(at),
		]);
	},
	(bytes, random) => {
		const from = random.int(0, bytes.length);
		return Buffer.concat([bytes.subarray(0, from), bytes.subarray(random.int(from, bytes.length))]);
	},
	// A length field that lies, of the message or of an attribute.
	(bytes, random) => {
		const at = random.chance(0.4) ? 2 : 22 + 4 * random.int(0, 12);
		if (at + 2 <= bytes.length)
			bytes.writeUInt16BE(random.chance(0.5) ? random.int(0, 64) : random.int(0, 65535), at);
		return bytes;
	},
	// The message's length made right again, so that the attributes are reached.
	(bytes) => {
		if (bytes.length >= 20) bytes.writeUInt16BE(Math.min(65535, bytes.length - 20), 2);
		return bytes;
	},
	// An attribute's type changed to one that is understood.
	(bytes, random) => {
		if (bytes.length >= 24)
			bytes.writeUInt16BE(random.chance(0.5) ? random.int(0, 0x27) : 0x8000 + random.int(0, 0x2f), 20);
		return bytes;
	},
	// Another seed's tail.
	(bytes, random) => {
		const other = SEEDS[random.int(0, SEEDS.length - 1)] ?? bytes;
		return Buffer.concat([
			bytes.subarray(0, random.int(0, bytes.length)),
			other.subarray(random.int(0, other.length)),
		]);
	},
];

/** A message with 1 to 4 faults. */
export function mutate(seed: Buffer, random: SeededRandom): Buffer {
	let bytes: Buffer = Buffer.from(seed);
	for (let left = random.int(1, 4); left > 0; left--) {
		const mutation = MUTATIONS[random.int(0, MUTATIONS.length - 1)];
		if (mutation !== undefined && bytes.length > 0) bytes = Buffer.from(mutation(bytes, random));
	}
	// Often the length is mended at the end: otherwise most would be refused at the header.
	return random.chance(0.5) && bytes.length >= 20 ? (MUTATIONS[7]?.(bytes, random) ?? bytes) : bytes;
}

/** A mutated message of any seed. */
export const mutated = (random: SeededRandom): Buffer =>
	mutate(SEEDS[random.int(0, SEEDS.length - 1)] ?? Buffer.alloc(20), random);

/** Bytes by chance; half of them have a plausible header. */
export function randomBytes(random: SeededRandom): Buffer {
	const bytes = Buffer.from(random.bytes(random.int(0, 200)));
	if (bytes.length >= 20 && random.chance(0.5)) {
		bytes.writeUInt16BE(random.int(0, 0x3fff), 0);
		bytes.writeUInt16BE(bytes.length - 20, 2);
		if (random.chance(0.5)) bytes.writeUInt32BE(0x2112a442, 4);
	}
	return bytes;
}
