/** Splits one direction of a stream into messages. Each pipe has its own. */
export interface PipeFrameDecoder {
	/** Takes a chunk as it arrived. The decoder may keep it: it is not changed afterwards. */
	push(chunk: Buffer): void;
	/**
	 * The next whole message, or null if more is needed.
	 *
	 * @throws PipeFramingError if the stream violates the framing; the rest of it cannot be decoded then
	 */
	next(): Buffer | null;
	/**
	 * The stream is over. Returns what is left if that counts as a message, or null.
	 *
	 * @throws PipeFramingError if it ended inside a message
	 */
	end(): Buffer | null;
}

/** How a stream is split into messages, in both directions. */
export interface PipeFraming {
	decoder(): PipeFrameDecoder;
	/**
	 * A message as it is sent.
	 *
	 * @throws PipeFramingError if the message cannot be framed, PipeTooLongError if it is too long
	 */
	encode(message: Uint8Array): Uint8Array;
}
