/** What an attribute's codec may know of the message around it. */
interface AttributeContext {
	readonly type: number;
	/** 12 bytes, or 16 in an RFC 3489 message. */
	readonly transactionId: Uint8Array;
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
