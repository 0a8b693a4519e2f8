import { packValue } from "../stun-package.js";
import type { ChangeRequestValue } from "../types.js";
import { AttributeProblem } from "./problem.js";
import type { AttributeCodec } from "./types.js";

const CHANGE_IP = 4;
const CHANGE_PORT = 2;

/** CHANGE-REQUEST: 32 bits, of which two have a meaning (RFC 5780 section 7.2, RFC 3489 section 11.2.4). */
export const changeRequestCodec: AttributeCodec<ChangeRequestValue> = {
	decode(raw) {
		if (raw.length !== 4) throw new AttributeProblem(`${raw.length} bytes, not 4`);
		const flags = raw[3] ?? 0;
		return { changeIp: (flags & CHANGE_IP) !== 0, changePort: (flags & CHANGE_PORT) !== 0 };
	},
	encode({ changeIp, changePort }, { type }) {
		return packValue(type, (changeIp ? CHANGE_IP : 0) | (changePort ? CHANGE_PORT : 0));
	},
};
