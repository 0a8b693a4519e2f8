import type { Endpoint } from "@p2pd/net";
import { StunDecodeError, StunEncodeError } from "../errors.js";
import { addressValue, xorAddressValue } from "./address-value.js";
import type {
	AddressName,
	AttributeCodec,
	AttributeInput,
	AttributeName,
	AttributeValues,
	DeferredAttribute,
	RawAttribute,
	StunMessage,
} from "./types.js";
import {
	AttributeProblem,
	bytesValue,
	changeRequestValue,
	errorCodeValue,
	passwordAlgorithmsValue,
	passwordAlgorithmValue,
	responsePortValue,
	textValue,
	typeListValue,
	uint32Value,
} from "./values.js";

/** Attribute types below this must be understood, or the message is refused (RFC 8489 section 14). */
export const COMPREHENSION_OPTIONAL = 0x8000;

/** Attribute types by name: RFC 8489 section 18.3, RFC 5780 section 9.1, RFC 3489 section 11.2. */
export const ATTRIBUTE_TYPES: { readonly [N in AttributeName]: number } = {
	"MAPPED-ADDRESS": 0x0001,
	"RESPONSE-ADDRESS": 0x0002,
	"CHANGE-REQUEST": 0x0003,
	"SOURCE-ADDRESS": 0x0004,
	"CHANGED-ADDRESS": 0x0005,
	USERNAME: 0x0006,
	PASSWORD: 0x0007,
	"MESSAGE-INTEGRITY": 0x0008,
	"ERROR-CODE": 0x0009,
	"UNKNOWN-ATTRIBUTES": 0x000a,
	"REFLECTED-FROM": 0x000b,
	REALM: 0x0014,
	NONCE: 0x0015,
	"MESSAGE-INTEGRITY-SHA256": 0x001c,
	"PASSWORD-ALGORITHM": 0x001d,
	USERHASH: 0x001e,
	"XOR-MAPPED-ADDRESS": 0x0020,
	PADDING: 0x0026,
	"RESPONSE-PORT": 0x0027,
	"PASSWORD-ALGORITHMS": 0x8002,
	"ALTERNATE-DOMAIN": 0x8003,
	"XOR-MAPPED-ADDRESS-DRAFT": 0x8020,
	SOFTWARE: 0x8022,
	"ALTERNATE-SERVER": 0x8023,
	"CACHE-TIMEOUT": 0x8027,
	FINGERPRINT: 0x8028,
	"RESPONSE-ORIGIN": 0x802b,
	"OTHER-ADDRESS": 0x802c,
};

/** REALM, NONCE and SOFTWARE have fewer than 128 characters, which is at most 763 bytes (RFC 8489 section 14). */
const LONG_TEXT = textValue(763);

type CodecOf<N extends AttributeName> = AttributeCodec<
	AttributeValues[N],
	N extends AddressName ? Endpoint : AttributeValues[N]
>;

/** How the value of each of STUN's own attributes is read and written. */
export const ATTRIBUTE_CODECS: { readonly [N in AttributeName]: CodecOf<N> } = {
	"MAPPED-ADDRESS": addressValue,
	"RESPONSE-ADDRESS": addressValue,
	"CHANGE-REQUEST": changeRequestValue,
	"SOURCE-ADDRESS": addressValue,
	"CHANGED-ADDRESS": addressValue,
	USERNAME: textValue(513),
	PASSWORD: bytesValue(0, 0xffff),
	"MESSAGE-INTEGRITY": bytesValue(20, 20),
	"ERROR-CODE": errorCodeValue,
	"UNKNOWN-ATTRIBUTES": typeListValue,
	"REFLECTED-FROM": addressValue,
	REALM: LONG_TEXT,
	NONCE: LONG_TEXT,
	"MESSAGE-INTEGRITY-SHA256": bytesValue(16, 32, 4),
	"PASSWORD-ALGORITHM": passwordAlgorithmValue,
	USERHASH: bytesValue(32, 32),
	"XOR-MAPPED-ADDRESS": xorAddressValue,
	PADDING: bytesValue(0, 0xffff),
	"RESPONSE-PORT": responsePortValue,
	"PASSWORD-ALGORITHMS": passwordAlgorithmsValue,
	"ALTERNATE-DOMAIN": textValue(255),
	"XOR-MAPPED-ADDRESS-DRAFT": xorAddressValue,
	SOFTWARE: LONG_TEXT,
	"ALTERNATE-SERVER": addressValue,
	"CACHE-TIMEOUT": uint32Value,
	FINGERPRINT: uint32Value,
	"RESPONSE-ORIGIN": addressValue,
	"OTHER-ADDRESS": addressValue,
};

const NAMES: ReadonlyMap<number, AttributeName> = new Map(
	(Object.keys(ATTRIBUTE_TYPES) as AttributeName[]).map((name) => [ATTRIBUTE_TYPES[name], name]),
);

/** The name of one of STUN's own attribute types, or undefined for any other. */
export function attributeName(type: number): AttributeName | undefined {
	return NAMES.get(type);
}

/**
 * An attribute that an extension of STUN defines, such as TURN's LIFETIME. STUN's own code does not know it: whoever
 * speaks the extension passes it to `decodeMessage` in `understands`, writes it with `of` and reads it with `read`.
 *
 * @example
 * const LIFETIME = new AttributeKind("LIFETIME", 0x000d, uint32Value);
 * encodeMessage({ class: "request", method: 3, transactionId, attributes: [LIFETIME.of(600)] });
 * LIFETIME.read(decodeMessage(bytes, { understands: [LIFETIME] })); // 600
 */
export class AttributeKind<T, I = T> {
	readonly name: string;
	/** The attribute type, 0 to 0xffff. */
	readonly type: number;
	readonly #codec: AttributeCodec<T, I>;

	constructor(name: string, type: number, codec: AttributeCodec<T, I>) {
		this.name = name;
		this.type = type;
		this.#codec = codec;
	}

	/** The attribute with a value, to write. An invalid value is reported by `encodeMessage` (ERR_STUN_ENCODE). */
	of(value: I): DeferredAttribute {
		const { type } = this;
		return {
			type,
			encode: (transactionId) =>
				this.#codec.encode(value, { type, transactionId, classic: transactionId.length === 16 }),
		};
	}

	/**
	 * The value of the first such attribute in a message, or undefined. Later ones do not count (RFC 8489 section 14).
	 *
	 * @throws {StunDecodeError} ERR_STUN_DECODE if the value is malformed; never if the message was decoded with this
	 * kind in `understands`
	 */
	read(message: StunMessage): T | undefined {
		for (const attribute of message.attributes) {
			if (attribute.type === this.type) return this.decode(attribute, message);
		}
		return undefined;
	}

	/** The values of all such attributes in a message, in their order. Throws as {@link AttributeKind.read}. */
	readAll(message: StunMessage): T[] {
		return message.attributes
			.filter(({ type }) => type === this.type)
			.map((attribute) => this.decode(attribute, message));
	}

	/**
	 * The value of one attribute. Throws as {@link AttributeKind.read}.
	 */
	decode(
		{ raw, offset }: { readonly raw: Uint8Array; readonly offset: number },
		{ transactionId, classic }: Pick<StunMessage, "transactionId" | "classic">,
	): T {
		try {
			return this.#codec.decode(raw, { type: this.type, transactionId, classic });
		} catch (cause) {
			if (cause instanceof AttributeProblem)
				throw new StunDecodeError("attribute-value", offset, cause.message, this.type);
			throw cause;
		}
	}
}

/**
 * An attribute as bytes, ready for the frame.
 *
 * @throws {StunEncodeError} ERR_STUN_ENCODE if the attribute is unknown or its value has no wire form
 */
export function rawAttribute(attribute: AttributeInput, transactionId: Uint8Array): RawAttribute {
	try {
		if ("encode" in attribute) return { type: attribute.type, value: attribute.encode(transactionId) };
		if ("type" in attribute) {
			if (!(attribute.value instanceof Uint8Array)) throw new StunEncodeError("the value must be bytes");
			return attribute;
		}
		const { name, value } = attribute;
		if (!Object.hasOwn(ATTRIBUTE_TYPES, name)) throw new StunEncodeError("an attribute with an unknown name");
		const type = ATTRIBUTE_TYPES[name];
		const codec = ATTRIBUTE_CODECS[name] as AttributeCodec<unknown>;
		return {
			type,
			value: codec.encode(value, { type, transactionId, classic: transactionId.length === 16 }),
		};
	} catch (cause) {
		if (cause instanceof StunEncodeError) throw cause;
		// A codec was given a value of another type than its own.
		throw new StunEncodeError("an attribute with a value of a wrong type", { cause });
	}
}
