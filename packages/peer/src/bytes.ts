/** What is read past its end, or has an impossible value. Each codec turns it into an error of its own. */
export class BytesError extends Error {
	readonly problem: "truncated" | "value";

	constructor(problem: "truncated" | "value", message: string) {
		super(message);
		this.problem = problem;
	}
}

/** Writes fields one after another, numbers in network byte order. */
export class ByteWriter {
	readonly #parts: Uint8Array[] = [];

	bytes(data: Uint8Array): this {
		this.#parts.push(data);
		return this;
	}

	/** A whole number in `size` bytes, at most 6. */
	uint(value: number, size: number): this {
		const part = Buffer.alloc(size);
		part.writeUIntBE(value, 0, size);
		return this.bytes(part);
	}

	/** A whole number from -2^31 in the fewest bytes: zigzag, then 7 bits a byte, lowest first, as protobuf's sint32. */
	signed(value: number): this {
		let rest = value < 0 ? -2 * value - 1 : 2 * value;
		const part: number[] = [];
		while (rest >= 0x80) {
			part.push((rest % 0x80) + 0x80);
			rest = Math.floor(rest / 0x80);
		}
		part.push(rest);
		return this.bytes(Uint8Array.from(part));
	}

	/** Bytes with their length in front, in `size` bytes. */
	sized(data: Uint8Array, size: number): this {
		return this.uint(data.length, size).bytes(data);
	}

	toBuffer(): Buffer {
		return Buffer.concat(this.#parts);
	}
}

/** Reads what {@link ByteWriter} wrote. @throws BytesError at the end of the data */
export class ByteReader {
	readonly #data: Buffer;
	#at = 0;

	constructor(data: Uint8Array) {
		this.#data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
	}

	get position(): number {
		return this.#at;
	}

	get left(): number {
		return this.#data.length - this.#at;
	}

	bytes(size: number): Buffer {
		if (size > this.left) throw new BytesError("truncated", `${size} bytes expected, ${this.left} left`);
		this.#at += size;
		return this.#data.subarray(this.#at - size, this.#at);
	}

	uint(size: number): number {
		return this.bytes(size).readUIntBE(0, size);
	}

	signed(): number {
		let value = 0;
		for (let shift = 0; shift < 5; shift++) {
			const byte = this.uint(1);
			value += (byte & 0x7f) * 2 ** (7 * shift);
			if (byte < 0x80) return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
		}
		throw new BytesError("value", "a number is too long");
	}

	sized(size: number): Buffer {
		return this.bytes(this.uint(size));
	}
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** Lower-case base32 (RFC 4648 section 6) without padding. */
export function toBase32(data: Uint8Array): string {
	let text = "";
	let bits = 0;
	let value = 0;
	for (const byte of data) {
		value = ((value << 8) | byte) & 0xfff;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			text += BASE32[(value >> bits) & 31];
		}
	}
	return bits > 0 ? text + BASE32[(value << (5 - bits)) & 31] : text;
}

/** Reads base64url without padding, in its only spelling: the unused bits of the last character are zero. Null for anything else. */
export function fromBase64url(text: string): Buffer | null {
	if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
	const data = Buffer.from(text, "base64url");
	return data.toString("base64url") === text ? data : null;
}
