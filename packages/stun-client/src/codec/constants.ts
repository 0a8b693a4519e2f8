import type { AttributeName } from "./types.js";

/** The magic cookie of RFC 5389 and later, in bytes 4 to 7 of the header (RFC 8489 section 5). */
export const MAGIC_COOKIE = 0x2112a442;

/** Bytes before the first attribute. */
export const HEADER_LENGTH = 20;

/** The one method that STUN itself has. */
export const BINDING_METHOD = 1;

/** What FINGERPRINT's CRC is XORed with: "STUN" in ASCII (RFC 8489 section 14.7). */
export const FINGERPRINT_XOR = 0x5354554e;

/** Attribute numbers by name: RFC 8489 section 18.3, RFC 5780 section 9.1, RFC 3489 section 11.2. */
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

/** Attribute types below this must be understood, or the message is refused (RFC 8489 section 14). */
export const COMPREHENSION_OPTIONAL = 0x8000;
