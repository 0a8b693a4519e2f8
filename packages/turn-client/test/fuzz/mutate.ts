import type { SeededRandom } from "@p2pd/testnet";

const { P2PD_LONG } = process.env;

/** Whole runs with P2PD_LONG=1, else one fiftieth of them. */
export const MUTATED = P2PD_LONG === "1" ? 1_000_000 : 20_000;

/** A whole run takes minutes, its fraction seconds. */
export const TIMEOUT = P2PD_LONG === "1" ? 1_800_000 : 60_000;

type Mutation = (bytes: Buffer, random: SeededRandom) => Buffer;

const MUTATIONS: readonly Mutation[] = [
	// A bit, a byte.
	(bytes, random) => {
		const at = random.int(0, bytes.length - 1);
		bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7));
		return bytes;
	},
	(bytes, random) => {
		bytes[random.int(0, bytes.length - 1)] = random.int(0, 255);
		return bytes;
	},
	// Less, more, something in between.
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
	// A length field that lies: of the message, of ChannelData or of an attribute.
	(bytes, random) => {
		const at = random.chance(0.5) ? 2 : 22 + 4 * random.int(0, 6);
		if (at + 2 <= bytes.length) bytes.writeUInt16BE(random.int(0, random.chance(0.5) ? 64 : 65_535), at);
		return bytes;
	},
	// Another type of message or attribute, another channel.
	(bytes, random) => {
		if (bytes.length >= 4)
			bytes.writeUInt16BE(random.chance(0.5) ? random.int(0x3ff0, 0x5010) : random.int(0, 0x120), 0);
		return bytes;
	},
	(bytes, random) => {
		if (bytes.length >= 24) bytes.writeUInt16BE(random.int(0, 0x2b), 20);
		return bytes;
	},
	// The message's length made right, so that the attributes are reached.
	(bytes) => {
		if (bytes.length >= 20) bytes.writeUInt16BE(Math.min(65_535, bytes.length - 20), 2);
		return bytes;
	},
];

/** A packet with 1 to 4 faults. */
export function mutate(seed: Buffer, random: SeededRandom): Buffer {
	let bytes: Buffer = Buffer.from(seed);
	for (let left = random.int(1, 4); left > 0; left--) {
		const mutation = MUTATIONS[random.int(0, MUTATIONS.length - 1)];
		if (mutation !== undefined && bytes.length > 0) bytes = Buffer.from(mutation(bytes, random));
	}
	return bytes;
}
