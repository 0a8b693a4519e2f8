import { classifyIp } from "@p2pd/address";
import type { HostPort } from "@p2pd/stun-client";

/**
 * Why a server's other address cannot be used, or null if it can (pure).
 *
 * It has to differ in IP and port (RFC 5780 section 7.4), or a changed reply would prove nothing, and it has to be
 * of the same class: a public server with a private other address would send us to a stranger in our own network.
 */
export function alternateProblem(primary: HostPort, other: HostPort | null): string | null {
	if (other === null) return "names no other address";
	if (other.ip.includes(":") !== primary.ip.includes(":")) return "its other address is of another family";
	if (other.ip === primary.ip) return "its other address has the same IP";
	if (other.port === primary.port) return "its other address has the same port";
	if (other.port === 0) return "its other address has port 0";
	const own = classifyIp(primary.ip);
	const theirs = classifyIp(other.ip);
	return own === theirs ? null : `its other address is ${theirs}, its first one ${own}`;
}
