import { formatIpv6, groupsFromHex, prefixOf } from "../ip-text.js";
import type { AddressScope, NicAddress } from "../types.js";

const IFA_F_TEMPORARY = 0x01;
const IFA_F_DADFAILED = 0x08;
const IFA_F_DEPRECATED = 0x20;
const IFA_F_TENTATIVE = 0x40;

/** The scope bits of the kernel's address type. */
const SCOPES: Readonly<Record<number, AddressScope>> = { 0: "global", 16: "host", 32: "link", 64: "site" };

const REACH: readonly AddressScope[] = ["global", "site", "link", "host"];

/** An IPv6 address together with its NIC. */
export interface Inet6Line {
	readonly nic: string;
	readonly index: number;
	readonly address: NicAddress;
}

/**
 * The addresses in /proc/net/if_inet6: no header, one line an address with the columns
 * `address index plen scope flags name`, numbers in hex. Unlike getifaddrs it shows links without a carrier too. The
 * kernel prints them in the order of a hash table: here the ones that reach further come first, then by text.
 */
export function parseIfInet6(text: string): Inet6Line[] {
	const lines: Inet6Line[] = [];
	for (const line of text.split("\n")) {
		const [hex, index, plen, scopeBits, flags, nic] = line.trim().split(/\s+/);
		const groups = hex ? groupsFromHex(hex) : null;
		if (!groups || !index || !plen || !scopeBits || !flags || !nic) continue;
		const scope = SCOPES[Number.parseInt(scopeBits, 16) & 0x70] ?? "global";
		const bits = Number.parseInt(flags, 16);
		const ip = formatIpv6(groups);
		lines.push({
			nic,
			index: Number.parseInt(index, 16),
			address: {
				af: 6,
				ip: scope === "link" ? `${ip}%${nic}` : ip,
				cidr: prefixOf(6, Number.parseInt(plen, 16)),
				scope,
				...(bits & IFA_F_TEMPORARY ? { temporary: true } : {}),
				...(bits & IFA_F_DEPRECATED ? { deprecated: true } : {}),
				...(bits & (IFA_F_TENTATIVE | IFA_F_DADFAILED) ? { tentative: true } : {}),
			},
		});
	}
	return lines.sort(
		(a, b) =>
			REACH.indexOf(a.address.scope) - REACH.indexOf(b.address.scope) ||
			(a.address.ip < b.address.ip ? -1 : a.address.ip > b.address.ip ? 1 : 0),
	);
}
