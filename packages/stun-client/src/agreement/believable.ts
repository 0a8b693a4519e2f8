import { isPublicIp } from "@p2pd/address";
import { StunAnswerError } from "../errors.js";
import { canonicalIp, familyOf } from "../ip-text.js";
import type { Family, HostPort } from "../types.js";

/**
 * The address in one answer, as a vote may count it: of the family asked, and not a private one from a public
 * server, which can only be a mistake or a lie.
 *
 * @throws {StunAnswerError} ERR_STUN_ANSWER
 */
export function believable(mapped: HostPort, server: HostPort, af: Family): HostPort {
	const plain = af === 4 && mapped.ip.startsWith("::ffff:") ? mapped.ip.slice(7) : mapped.ip;
	const ip = canonicalIp(plain);
	if (ip === undefined || familyOf(ip) !== af)
		throw new StunAnswerError(server, `answers IPv${af} with ${mapped.ip}`);
	if (!isPublicIp(ip) && isPublicIp(server.ip))
		throw new StunAnswerError(server, `is public and answers ${ip}`);
	return { ip, port: mapped.port };
}
