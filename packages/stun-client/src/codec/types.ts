import type { Endpoint, Family } from "@p2pd/net";

/** The class of a message (RFC 8489 section 5). */
export type MessageClass = "request" | "indication" | "success" | "error";

/** The value of an address attribute. */
export interface AddressValue extends Endpoint {
	readonly family: Family;
}

/** The value of CHANGE-REQUEST (RFC 5780 section 7.2): from which address the server must answer. */
export interface ChangeRequestValue {
	readonly changeIp: boolean;
	readonly changePort: boolean;
}

/** The value of ERROR-CODE (RFC 8489 section 14.8). */
export interface ErrorCodeValue {
	/** 300 to 699. */
	readonly status: number;
	readonly reason: string;
}

/** One password algorithm (RFC 8489 section 14.12): 1 is MD5, 2 is SHA-256. */
export interface PasswordAlgorithmValue {
	readonly algorithm: number;
	readonly parameters: Uint8Array;
}

/** STUN's own attributes by name, with the type of their value. */
export interface AttributeValues {
	"MAPPED-ADDRESS": AddressValue;
	"RESPONSE-ADDRESS": AddressValue;
	"CHANGE-REQUEST": ChangeRequestValue;
	"SOURCE-ADDRESS": AddressValue;
	"CHANGED-ADDRESS": AddressValue;
	USERNAME: string;
	PASSWORD: Uint8Array;
	"MESSAGE-INTEGRITY": Uint8Array;
	"ERROR-CODE": ErrorCodeValue;
	"UNKNOWN-ATTRIBUTES": readonly number[];
	"REFLECTED-FROM": AddressValue;
	REALM: string;
	NONCE: string;
	"MESSAGE-INTEGRITY-SHA256": Uint8Array;
	"PASSWORD-ALGORITHM": PasswordAlgorithmValue;
	USERHASH: Uint8Array;
	"XOR-MAPPED-ADDRESS": AddressValue;
	PADDING: Uint8Array;
	"RESPONSE-PORT": number;
	"PASSWORD-ALGORITHMS": readonly PasswordAlgorithmValue[];
	"ALTERNATE-DOMAIN": string;
	/** XOR-MAPPED-ADDRESS under the number 0x8020 of the drafts of RFC 5389, which old servers still send. */
	"XOR-MAPPED-ADDRESS-DRAFT": AddressValue;
	SOFTWARE: string;
	"ALTERNATE-SERVER": AddressValue;
	/** Seconds (RFC 5780 section 7.7, informative). */
	"CACHE-TIMEOUT": number;
	FINGERPRINT: number;
	"RESPONSE-ORIGIN": AddressValue;
	"OTHER-ADDRESS": AddressValue;
}

/** The name of one of STUN's own attributes. */
export type AttributeName = keyof AttributeValues;

/** An attribute by name. */
export type NamedAttribute = {
	[N in AttributeName]: {
		readonly name: N;
		readonly value: N extends AddressName ? Endpoint : AttributeValues[N];
	};
}[AttributeName];

/** The names whose value is an address. When one is written, the family follows from the IP. */
export type AddressName = {
	[N in AttributeName]: AttributeValues[N] extends AddressValue ? N : never;
}[AttributeName];

/** An attribute by number, its value as the bytes that go on the wire (without padding). */
export interface RawAttribute {
	readonly type: number;
	readonly value: Uint8Array;
}

/** An attribute of an extension, to write: see `AttributeKind.of`. */
export interface DeferredAttribute {
	readonly type: number;
	/** The bytes of the value, for a message with this transaction id. @throws {StunEncodeError} ERR_STUN_ENCODE */
	encode(transactionId: Uint8Array): Uint8Array;
}

/** An attribute to write. */
export type AttributeInput = NamedAttribute | RawAttribute | DeferredAttribute;

/** What the codec of an attribute is told about the message around it. */
export interface AttributeContext {
	readonly type: number;
	/** 12 bytes, or 16 in an RFC 3489 message. */
	readonly transactionId: Uint8Array;
	/** True for an RFC 3489 message. */
	readonly classic: boolean;
}

/** How one kind of value is read and written. */
export interface AttributeCodec<T, I = T> {
	/** Reads a value. @throws {AttributeProblem} if the bytes are not such a value; its message says why */
	decode(raw: Uint8Array, context: AttributeContext): T;
	/** Writes a value. @throws {StunEncodeError} ERR_STUN_ENCODE if the value has no wire form */
	encode(value: I, context: AttributeContext): Uint8Array;
}

/** A decoded attribute. Only STUN's own attributes have `name` and `value`. */
export type StunAttribute =
	| {
			[N in AttributeName]: {
				readonly name: N;
				readonly type: number;
				readonly value: AttributeValues[N];
				/** The value's bytes, a view into the message. */
				readonly raw: Uint8Array;
				/** Where the attribute's header starts in the message. */
				readonly offset: number;
			};
	  }[AttributeName]
	| {
			readonly name: undefined;
			readonly type: number;
			readonly value: undefined;
			readonly raw: Uint8Array;
			readonly offset: number;
	  };

/** A decoded message. Unprotected attributes after MESSAGE-INTEGRITY are left out, as RFC 8489 section 14.5 asks. */
export interface StunMessage {
	readonly class: MessageClass;
	/** 1 is Binding. Extensions have others: 3 is TURN's Allocate. */
	readonly method: number;
	/** 12 bytes, or 16 where `classic` is true. */
	readonly transactionId: Uint8Array;
	/** True for an RFC 3489 message: it has no magic cookie, and those 4 bytes belong to the id. */
	readonly classic: boolean;
	readonly attributes: readonly StunAttribute[];
	/** The types below 0x8000 (comprehension-required) that are neither STUN's own nor in `understands`. */
	readonly unknownRequired: readonly number[];
	/** The whole message as it came. */
	readonly bytes: Uint8Array;
}

/** How a message is protected when it is written. */
export interface IntegrityOptions {
	/** The HMAC key: see `longTermKey` and `shortTermKey`. */
	readonly key: Uint8Array;
	/** "sha256" writes MESSAGE-INTEGRITY-SHA256. @default "sha1" */
	readonly algorithm?: "sha1" | "sha256" | "both";
}

/** A message to write. */
export interface MessageInput {
	readonly class: MessageClass;
	/** 0 to 0xfff. @default 1 (Binding) */
	readonly method?: number;
	/** 12 bytes: the magic cookie is written before them. 16 bytes: an RFC 3489 message. */
	readonly transactionId: Uint8Array;
	/** Written in this order, followed by integrity and FINGERPRINT. */
	readonly attributes?: readonly AttributeInput[];
	readonly integrity?: IntegrityOptions;
	/** Append FINGERPRINT. @default false */
	readonly fingerprint?: boolean;
}
