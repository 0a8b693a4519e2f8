import { classifyIp } from "@p2pd/address";
import { familyOf } from "../ip-text.js";
import type { HostPort } from "../types.js";

/**
 * What is wrong with the second address that a server names, or undefined when nothing is. It must differ from the
 * address asked in IP and port, and be of the same family and class: a public server that names 10.0.0.2 stands
 * behind a NAT of its own and cannot answer from there.
 */
export function checkOtherAddress(asked: HostPort, other: HostPort): string | undefined {
	if (familyOf(other.ip) !== familyOf(asked.ip)) return `its other address ${other.ip} is of another family`;
	if (other.ip === asked.ip) return "its other address has the same IP";
	if (other.port === asked.port) return "its other address has the same port";
	const [askedClass, otherClass] = [classifyIp(asked.ip), classifyIp(other.ip)];
	if (askedClass !== otherClass) return `its other address ${other.ip} is ${otherClass}, not ${askedClass}`;
	return undefined;
}
