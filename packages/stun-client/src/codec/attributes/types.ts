/** What an attribute's codec may know of the message around it. */
export interface AttributeContext {
	readonly type: number;
	/** Bytes 4 to 19 of the message: cookie and id, or an RFC 3489 id. */
	readonly id: Uint8Array;
	/** True for an RFC 3489 message. */
	readonly classic: boolean;
}

/** How one kind of value is written and read. */
export interface AttributeCodec<T, I = T> {
	/**
	 * Reads a value; the text says what is wrong with it.
	 * @throws {AttributeProblem} when the bytes are not such a value
	 */
	decode(raw: Uint8Array, context: AttributeContext): T;
	/** @throws {StunEncodeError} when the value has no wire form */
	encode(value: I, context: AttributeContext): Uint8Array;
}
