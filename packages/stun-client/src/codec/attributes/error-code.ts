import { StunEncodeError } from "../../errors.js";
import { packValue } from "../stun-package.js";
import type { ErrorCodeValue } from "../types.js";
import { AttributeProblem } from "./problem.js";
import { decodeUtf8 } from "./text.js";
import type { AttributeCodec } from "./types.js";

/** The reason phrase has fewer than 128 characters, so at most 509 bytes would be 127 of the longest. */
const MAX_REASON_CHARACTERS = 127;
const MAX_REASON_BYTES = 763;

/*
 * RFC 8489 section 14.8:
 *
 *    0                    21    24       32
 *    +--------------------+-----+--------+---
 *    | 0                  |Class| Number | Reason (UTF-8)
 *    +--------------------+-----+--------+---
 */

/** ERROR-CODE: the class is the hundreds, the number the rest. */
export const errorCodeCodec: AttributeCodec<ErrorCodeValue> = {
	decode(raw) {
		if (raw.length < 4) throw new AttributeProblem(`${raw.length} bytes, less than 4`);
		if (raw.length > 4 + MAX_REASON_BYTES) throw new AttributeProblem(`a reason of ${raw.length - 4} bytes`);
		const hundreds = (raw[2] ?? 0) & 7;
		const rest = raw[3] ?? 0;
		if (hundreds < 3 || hundreds > 6 || rest > 99)
			throw new AttributeProblem(`class ${hundreds} number ${rest}`);
		return { status: hundreds * 100 + rest, reason: decodeUtf8(raw.subarray(4)) };
	},
	encode({ status, reason }, { type }) {
		if (!Number.isInteger(status) || status < 300 || status > 699)
			throw new StunEncodeError(`error code ${status}`);
		if (reason.length > MAX_REASON_CHARACTERS)
			throw new StunEncodeError(`a reason of ${reason.length} characters`);
		return packValue(type, status, reason);
	},
};
