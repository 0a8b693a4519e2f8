import { is } from "@p2pd/net";
import { checkFraming } from "../check.js";
import { FRAME_BYTES } from "../defaults.js";
import { PipeFramingError, PipeTooLongError } from "../errors.js";
import { Partial } from "./partial.js";
import type { PipeFrameDecoder, PipeFraming } from "./types.js";

/** Options of {@link lengthPrefixed}. */
export interface PipeLengthPrefixedOptions {
	/** Bytes of the length: 1, 2 or 4. @default 4 */
	readonly bytes?: 1 | 2 | 4;
	/** Least significant byte first. @default false: network order */
	readonly littleEndian?: boolean;
	/** Bytes of a message at most, without its length. @default 1 MiB */
	readonly maxBytes?: number;
}

/**
 * Messages behind their length, in both directions:
 *
 * ```
 *  0        bytes              bytes + length
 * +--------+------------------+
 * | length | message          |  length counts the message alone
 * +--------+------------------+
 * ```
 *
 * @throws PipeOptionError for an unknown option or a wrong value
 */
export function lengthPrefixed(options: PipeLengthPrefixedOptions = {}): PipeFraming {
	checkFraming(options, { bytes: is.oneOf(1, 2, 4), littleEndian: is.boolean });
	const { bytes = 4, littleEndian = false } = options;
	const limit = Math.min(options.maxBytes ?? FRAME_BYTES, 2 ** (8 * bytes) - 1);
	return {
		decoder: () => new LengthDecoder(bytes, littleEndian, limit),
		encode(message) {
			if (message.length > limit) throw new PipeTooLongError(message.length, limit);
			const framed = Buffer.allocUnsafe(bytes + message.length);
			if (littleEndian) framed.writeUIntLE(message.length, 0, bytes);
			else framed.writeUIntBE(message.length, 0, bytes);
			framed.set(message, bytes);
			return framed;
		},
	};
}

class LengthDecoder implements PipeFrameDecoder {
	readonly #size: number;
	readonly #littleEndian: boolean;
	readonly #limit: number;
	readonly #partial = new Partial();
	#chunk: Buffer = Buffer.alloc(0);
	#at = 0;
	/** The length of the message that is arriving; null while its header is. */
	#length: number | null = null;

	constructor(size: number, littleEndian: boolean, limit: number) {
		this.#size = size;
		this.#littleEndian = littleEndian;
		this.#limit = limit;
	}

	push(chunk: Buffer): void {
		// The rest of the last chunk may hold whole messages.
		this.#chunk =
			this.#at < this.#chunk.length ? Buffer.concat([this.#chunk.subarray(this.#at), chunk]) : chunk;
		this.#at = 0;
	}

	next(): Buffer | null {
		if (this.#length === null) {
			const header = this.#take(this.#size);
			if (header === null) return null;
			const length = this.#littleEndian ? header.readUIntLE(0, this.#size) : header.readUIntBE(0, this.#size);
			if (length > this.#limit) {
				throw new PipeFramingError(`the length of a message is ${length}, above the limit of ${this.#limit}`);
			}
			this.#length = length;
		}
		const message = this.#take(this.#length);
		if (message !== null) this.#length = null;
		return message;
	}

	end(): Buffer | null {
		if (this.#length === null && this.#partial.length === 0 && this.#at === this.#chunk.length) return null;
		throw new PipeFramingError("the stream ended inside a message");
	}

	/** The next `count` bytes, or null and what there is kept. */
	#take(count: number): Buffer | null {
		const missing = count - this.#partial.length;
		const end = this.#at + missing;
		if (end > this.#chunk.length) {
			this.#partial.append(this.#chunk.subarray(this.#at));
			this.#at = this.#chunk.length;
			return null;
		}
		const part = this.#chunk.subarray(this.#at, end);
		this.#at = end;
		if (this.#partial.length === 0) return part;
		this.#partial.append(part);
		return this.#partial.take();
	}
}
