import ipaddr from "ipaddr.js";
import { requireText } from "../arguments.js";
import { AddressSyntaxError } from "../errors.js";
import { IpAddress } from "./ip-address.js";

/** Four parts of octal digits and their dots. No form of an IPv4 address is longer. */
const LONGEST = "0377.0377.0377.0377".length;

/**
 * Reads IPv4 as the C library's inet_aton does: one to four parts, each decimal, octal (`010`) or hex (`0x0a`), of
 * which the last fills the remaining bytes: `127.1`, `0x7f000001`, `2130706433`. Nothing else in this package accepts
 * these forms: a filter that reads them differently from the socket behind it lets an attacker through.
 *
 * @throws AddressSyntaxError (`ERR_ADDRESS_SYNTAX`)
 */
export function parseLegacyV4(text: string): IpAddress {
	requireText(text, "text");
	const bad = text.length > LONGEST ? LONGEST : text.search(/[^0-9a-fx.]/i);
	if (bad >= 0) throw new AddressSyntaxError(text, bad, "not a legacy IPv4 form");
	try {
		return IpAddress.fromBytes(Uint8Array.from(ipaddr.IPv4.parse(text).octets));
	} catch (cause) {
		throw new AddressSyntaxError(text, 0, "not a legacy IPv4 form", { cause });
	}
}
