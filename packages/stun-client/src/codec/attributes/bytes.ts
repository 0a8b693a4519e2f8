import { StunEncodeError } from "../../errors.js";
import { AttributeProblem } from "./problem.js";
import type { AttributeCodec } from "./types.js";

/** Bytes of any meaning, `min` to `max` of them, in steps of `step`. */
export function bytesCodec(min: number, max: number, step = 1): AttributeCodec<Uint8Array> {
	const fits = (length: number): boolean => length >= min && length <= max && length % step === 0;
	return {
		decode(raw) {
			if (!fits(raw.length)) throw new AttributeProblem(`${raw.length} bytes`);
			return raw;
		},
		encode(bytes) {
			if (!fits(bytes.length)) throw new StunEncodeError(`${bytes.length} bytes`);
			return bytes;
		},
	};
}
