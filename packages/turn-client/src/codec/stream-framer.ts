import { CHANNEL_HEADER_LENGTH, paddingOf } from "./data.js";

/** A stream that is out of step: nothing after this can be understood. */
export class FrameError extends Error {
	override readonly name = "FrameError";
}

/**
 * Cuts a TCP or TLS stream into STUN messages and ChannelData, which there is padded to a multiple of 4 (RFC 8656
 * section 12.5). It keeps at most one unfinished frame, 65,555 bytes.
 */
export class StreamFramer {
	#chunks: Buffer[] = [];
	#length = 0;
	/** Bytes of the frame at the start, with padding; 0 while its header is not there. */
	#wanted = 0;

	/** Takes bytes. The frames that {@link StreamFramer.next} gives may be views into them. */
	push(chunk: Buffer): void {
		this.#chunks.push(chunk);
		this.#length += chunk.length;
	}

	/**
	 * The next whole frame without its padding; null if there is none yet.
	 *
	 * @throws {FrameError} when the next bytes are the start of neither kind
	 */
	next(): Buffer | null {
		if (this.#wanted === 0) {
			if (this.#length < CHANNEL_HEADER_LENGTH) return null;
			this.#wanted = frameLength(this.#joined());
		}
		if (this.#length < this.#wanted) return null;
		const all = this.#joined();
		const rest = all.subarray(this.#wanted);
		this.#chunks = rest.length === 0 ? [] : [rest];
		this.#length = rest.length;
		this.#wanted = 0;
		return all.subarray(0, exactLength(all));
	}

	/** What follows the frames that were given: raw data after an answer to ConnectionBind. */
	rest(): Buffer {
		return this.#joined();
	}

	#joined(): Buffer {
		const [first] = this.#chunks;
		if (first !== undefined && this.#chunks.length === 1) return first;
		const all = Buffer.concat(this.#chunks);
		this.#chunks = [all];
		return all;
	}
}

/** Bytes of the frame at the start of `data`, without padding. */
function exactLength(data: Buffer): number {
	const length = data.readUInt16BE(2);
	const kind = (data[0] ?? 0) >> 6;
	if (kind === 1) return CHANNEL_HEADER_LENGTH + length;
	if (kind !== 0) throw new FrameError("neither a STUN message nor ChannelData");
	if (length % 4 !== 0) throw new FrameError(`a STUN message of length ${length}, not a multiple of 4`);
	return 20 + length;
}

function frameLength(data: Buffer): number {
	const length = exactLength(data);
	return length + paddingOf(length);
}
