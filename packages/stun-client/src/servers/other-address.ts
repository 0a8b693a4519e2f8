import { classifyIp, ipVersion } from "@p2pd/address";
import { type Endpoint, is } from "@p2pd/net";
import { checkArgument, isRemoteEndpoint } from "../arguments.js";

/**
 * What is wrong with the second address that a server names in OTHER-ADDRESS or CHANGED-ADDRESS, or null.
 *
 * It must differ from the address asked in IP and port (RFC 5780 section 7.4), or an answer from it would prove nothing,
 * and it must be of the same family and class: a public server that names a private address would send us to a stranger
 * in our own network.
 *
 * @returns text to put after the server's name, such as "names another address with the same IP"
 */
export function otherAddressProblem(asked: Endpoint, other: Endpoint | null): string | null {
	checkArgument(asked, "asked", isRemoteEndpoint);
	checkArgument(
		other,
		"other",
		is.nullOr(is.shape({ ip: is.text, port: is.port }, { required: ["ip", "port"], open: true })),
	);
	if (other === null) return "names no other address";
	if (ipVersion(other.ip) !== ipVersion(asked.ip))
		return `names an other address of another family, ${other.ip}`;
	if (other.ip === asked.ip) return "names an other address with the same IP";
	if (other.port === asked.port) return "names an other address with the same port";
	if (other.port === 0) return "names an other address with port 0";
	const [own, theirs] = [classifyIp(asked.ip), classifyIp(other.ip)];
	return own === theirs ? null : `names an other address that is ${theirs}, while it is itself ${own}`;
}
