import type { HostPort } from "../../types.js";
import { ATTRIBUTE_TYPES } from "../constants.js";
import type { AddressName, AttributeName, AttributeValues } from "../types.js";
import { addressCodec, xorAddressCodec } from "./address.js";
import { bytesCodec } from "./bytes.js";
import { changeRequestCodec } from "./change-request.js";
import { errorCodeCodec } from "./error-code.js";
import { responsePortCodec, typeListCodec, uint32Codec } from "./numbers.js";
import { passwordAlgorithmCodec, passwordAlgorithmsCodec } from "./password-algorithms.js";
import { textCodec } from "./text.js";
import type { AttributeCodec } from "./types.js";

type CodecOf<N extends AttributeName> = AttributeCodec<
	AttributeValues[N],
	N extends AddressName ? HostPort : AttributeValues[N]
>;

/** REALM, NONCE and SOFTWARE have fewer than 128 characters, which is at most 763 bytes (RFC 8489 section 14). */
const LONG_TEXT = textCodec(763);

/** How each attribute that is understood is written and read. */
export const ATTRIBUTE_CODECS: { readonly [N in AttributeName]: CodecOf<N> } = {
	"MAPPED-ADDRESS": addressCodec,
	"RESPONSE-ADDRESS": addressCodec,
	"CHANGE-REQUEST": changeRequestCodec,
	"SOURCE-ADDRESS": addressCodec,
	"CHANGED-ADDRESS": addressCodec,
	USERNAME: textCodec(513),
	PASSWORD: bytesCodec(0, 0xffff),
	"MESSAGE-INTEGRITY": bytesCodec(20, 20),
	"ERROR-CODE": errorCodeCodec,
	"UNKNOWN-ATTRIBUTES": typeListCodec,
	"REFLECTED-FROM": addressCodec,
	REALM: LONG_TEXT,
	NONCE: LONG_TEXT,
	"MESSAGE-INTEGRITY-SHA256": bytesCodec(16, 32, 4),
	"PASSWORD-ALGORITHM": passwordAlgorithmCodec,
	USERHASH: bytesCodec(32, 32),
	"XOR-MAPPED-ADDRESS": xorAddressCodec,
	PADDING: bytesCodec(0, 0xffff),
	"RESPONSE-PORT": responsePortCodec,
	"PASSWORD-ALGORITHMS": passwordAlgorithmsCodec,
	"ALTERNATE-DOMAIN": textCodec(255),
	"XOR-MAPPED-ADDRESS-DRAFT": xorAddressCodec,
	SOFTWARE: LONG_TEXT,
	"ALTERNATE-SERVER": addressCodec,
	"CACHE-TIMEOUT": uint32Codec,
	FINGERPRINT: uint32Codec,
	"RESPONSE-ORIGIN": addressCodec,
	"OTHER-ADDRESS": addressCodec,
};

const NAMES: ReadonlyMap<number, AttributeName> = new Map(
	(Object.keys(ATTRIBUTE_TYPES) as AttributeName[]).map((name) => [ATTRIBUTE_TYPES[name], name]),
);

/** The name of an attribute type, if it is understood. */
export function attributeName(type: number): AttributeName | undefined {
	return NAMES.get(type);
}
