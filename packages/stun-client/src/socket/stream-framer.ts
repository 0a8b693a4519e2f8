import { HEADER_LENGTH } from "../codec/constants.js";
import { StunDecodeError } from "../errors.js";

/**
 * Cuts a byte stream into messages by their length field (RFC 8489 section 6.2.2). It keeps at most one unfinished
 * message, which is at most 65555 bytes.
 */
export class StreamFramer {
	#rest: Buffer = Buffer.alloc(0);

	/**
	 * Takes bytes and gives the messages that they complete.
	 *
	 * @throws {StunDecodeError} ERR_STUN_DECODE when the stream is not at the start of a message: it cannot go on
	 */
	push(chunk: Uint8Array): Buffer[] {
		const data = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
		const messages: Buffer[] = [];
		let at = 0;
		while (data.length - at >= 4) {
			if (((data[at] ?? 0) & 0xc0) !== 0)
				throw new StunDecodeError("header", 0, "the first two bits are not zero");
			const length = data.readUInt16BE(at + 2);
			if (length % 4 !== 0) throw new StunDecodeError("header", 2, `length ${length} is not a multiple of 4`);
			const end = at + HEADER_LENGTH + length;
			if (end > data.length) break;
			messages.push(data.subarray(at, end));
			at = end;
		}
		this.#rest = data.subarray(at);
		return messages;
	}
}
