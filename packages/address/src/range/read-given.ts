import { AddressSyntaxError } from "../errors.js";
import { bitsOf } from "../family.js";
import { IpAddress, type IpInput } from "../ip/ip-address.js";
import { readPrefix, toCidr } from "./netmask.js";

/** What a range is made from: its address and its prefix length, whichever of the two forms they come in. */
export function readGiven(
	ip: IpInput,
	prefix: number | string | undefined,
): { given: IpAddress; cidr: number } {
	const slash = typeof ip === "string" ? ip.indexOf("/") : -1;
	if (typeof ip !== "string" || slash < 0) {
		const given = IpAddress.from(ip);
		return { given, cidr: prefix === undefined ? bitsOf(given.af) : toCidr(prefix, given.af) };
	}
	if (prefix !== undefined) throw new AddressSyntaxError(ip, slash, "a second prefix");
	const given = parsePart(ip, slash);
	const reading = readPrefix(ip.slice(slash + 1), given.af);
	if (!reading.ok) throw new AddressSyntaxError(ip, slash + 1 + reading.position, reading.reason);
	return { given, cidr: reading.cidr };
}

/** The address before the slash; an error names the whole text. */
function parsePart(text: string, slash: number): IpAddress {
	try {
		return IpAddress.parse(text.slice(0, slash));
	} catch (error) {
		if (!(error instanceof AddressSyntaxError)) throw error;
		throw new AddressSyntaxError(text, error.position, error.reason);
	}
}
