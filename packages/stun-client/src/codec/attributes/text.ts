import { StunEncodeError } from "../../errors.js";
import { AttributeProblem } from "./problem.js";
import type { AttributeCodec } from "./types.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads UTF-8.
 * @throws {AttributeProblem} when it is not
 */
export function decodeUtf8(raw: Uint8Array): string {
	try {
		// Some servers end their texts with a NUL from their C strings.
		return utf8.decode(raw).replace(/\0+$/, "");
	} catch (cause) {
		throw new AttributeProblem("not UTF-8", { cause });
	}
}

/** A text of at most `maxBytes` bytes of UTF-8. */
export function textCodec(maxBytes: number): AttributeCodec<string> {
	return {
		decode(raw) {
			if (raw.length > maxBytes) throw new AttributeProblem(`${raw.length} bytes, more than ${maxBytes}`);
			return decodeUtf8(raw);
		},
		encode(text) {
			const bytes = Buffer.from(text, "utf8");
			if (bytes.length > maxBytes)
				throw new StunEncodeError(`a text of ${bytes.length} bytes, more than ${maxBytes}`);
			return bytes;
		},
	};
}
