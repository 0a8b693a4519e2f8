import { is } from "@p2pd/net";
import { bytesOf, checkFraming } from "../check.js";
import { FRAME_BYTES } from "../defaults.js";
import { PipeFramingError, PipeOptionError, PipeTooLongError } from "../errors.js";
import { Partial } from "./partial.js";
import type { PipeFrameDecoder, PipeFraming } from "./types.js";

/** Options of {@link delimited} and {@link lines}. */
export interface PipeDelimitedOptions {
	/** Bytes of a message at most, without its delimiter. @default 1 MiB */
	readonly maxBytes?: number;
	/**
	 * Whether `send` takes messages, and adds the delimiter to each. If not, what is sent goes out as it is.
	 * @default true
	 */
	readonly send?: boolean;
}

/**
 * Messages that each end with `delimiter`, which is not handed out with them. What is left without one when
 * the peer finishes is the last message.
 *
 * @throws PipeOptionError for an empty delimiter
 */
export function delimited(delimiter: Uint8Array | string, options: PipeDelimitedOptions = {}): PipeFraming {
	const mark = Buffer.from(bytesOf(delimiter, "delimiter"));
	if (mark.length === 0) throw new PipeOptionError("delimiter", "must not be empty");
	checkFraming(options, { send: is.boolean });
	const limit = options.maxBytes ?? FRAME_BYTES;
	return {
		decoder: () => new DelimiterDecoder(mark, limit),
		encode: options.send === false ? (message) => message : (message) => withDelimiter(message, mark, limit),
	};
}

/** Lines of text: each ends with a line feed, and a carriage return before it is taken off. Sent with a line feed. */
export function lines(options: PipeDelimitedOptions = {}): PipeFraming {
	const framing = delimited("\n", options);
	return { ...framing, decoder: () => new LineDecoder(framing.decoder()) };
}

function withDelimiter(message: Uint8Array, mark: Buffer, limit: number): Buffer {
	if (message.length > limit) throw new PipeTooLongError(message.length, limit);
	const framed = Buffer.concat([message, mark]);
	// The first one must be the one at the end, or the receiver would cut elsewhere.
	if (framed.indexOf(mark) === message.length) return framed;
	throw new PipeFramingError("a message holds the delimiter that would end it");
}

class DelimiterDecoder implements PipeFrameDecoder {
	readonly #mark: Buffer;
	readonly #limit: number;
	readonly #partial = new Partial();
	/** The last chunk, and where its unread part begins. */
	#chunk: Buffer = Buffer.alloc(0);
	#at = 0;

	constructor(mark: Buffer, limit: number) {
		this.#mark = mark;
		this.#limit = limit;
	}

	push(chunk: Buffer): void {
		// The rest of the last chunk may hold whole messages.
		this.#chunk =
			this.#at < this.#chunk.length ? Buffer.concat([this.#chunk.subarray(this.#at), chunk]) : chunk;
		this.#at = 0;
	}

	next(): Buffer | null {
		const end = this.#find();
		if (end === -1) {
			this.#check(this.#partial.length + this.#chunk.length - this.#at - (this.#mark.length - 1));
			this.#save();
			return null;
		}
		const rest = this.#chunk.subarray(this.#at, Math.max(end - this.#mark.length, this.#at));
		let frame = rest;
		if (this.#partial.length > 0) {
			// The delimiter may have begun in what came before.
			this.#partial.append(this.#chunk.subarray(this.#at, end));
			const whole = this.#partial.take();
			frame = whole.subarray(0, whole.length - this.#mark.length);
		}
		this.#at = end;
		this.#check(frame.length);
		return frame;
	}

	end(): Buffer | null {
		this.#save();
		if (this.#partial.length === 0) return null;
		this.#check(this.#partial.length);
		return this.#partial.take();
	}

	/** Where in the chunk the next delimiter is over; -1 if it is not there. */
	#find(): number {
		const before = this.#partial.tail(this.#mark.length - 1);
		if (before.length > 0) {
			const joint = Buffer.concat([before, this.#chunk.subarray(this.#at, this.#at + this.#mark.length - 1)]);
			const found = joint.indexOf(this.#mark);
			if (found !== -1) return this.#at + found + this.#mark.length - before.length;
		}
		const found = this.#chunk.indexOf(this.#mark, this.#at);
		return found === -1 ? -1 : found + this.#mark.length;
	}

	#save(): void {
		if (this.#at < this.#chunk.length) this.#partial.append(this.#chunk.subarray(this.#at));
		this.#at = this.#chunk.length;
	}

	#check(length: number): void {
		if (length <= this.#limit) return;
		throw new PipeFramingError(`more than ${this.#limit} bytes without a delimiter`);
	}
}

/** Takes the carriage returns off. */
class LineDecoder implements PipeFrameDecoder {
	readonly #inner: PipeFrameDecoder;

	constructor(inner: PipeFrameDecoder) {
		this.#inner = inner;
	}

	push(chunk: Buffer): void {
		this.#inner.push(chunk);
	}

	next(): Buffer | null {
		return withoutReturn(this.#inner.next());
	}

	end(): Buffer | null {
		return withoutReturn(this.#inner.end());
	}
}

function withoutReturn(line: Buffer | null): Buffer | null {
	return line !== null && line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}
