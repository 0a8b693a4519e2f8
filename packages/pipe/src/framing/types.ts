/** Cuts one direction of a stream into messages. Made anew for each pipe. */
export interface PipeFrameDecoder {
	/** Takes a chunk as it came from the wire. The decoder may keep it; nobody changes it afterwards. */
	push(chunk: Buffer): void;
	/**
	 * The next whole message, or null if more is needed.
	 *
	 * @throws PipeFramingError if the stream does not keep to the framing; it cannot be picked up again then
	 */
	next(): Buffer | null;
	/**
	 * The stream is over: what is left and still counts as a message, or null.
	 *
	 * @throws PipeFramingError if it ended in the midst of a message
	 */
	end(): Buffer | null;
}

/** How messages are told apart on a stream, in both directions. */
export interface PipeFraming {
	decoder(): PipeFrameDecoder;
	/**
	 * The bytes that stand for a message on the wire.
	 *
	 * @throws PipeFramingError if the message cannot be framed, PipeTooLongError if it is too long
	 */
	encode(message: Uint8Array): Uint8Array;
}
