import { IP4 } from "../family.js";
import { IpAddress } from "../ip/ip-address.js";
import { IPRange } from "../range/ip-range.js";

/** What the policy table says of a prefix: addresses of one label suit each other, a higher precedence is better. */
export interface Policy {
	readonly precedence: number;
	readonly label: number;
}

/** The default policy table, RFC 6724 section 2.1, the longest prefix first. */
const table: readonly { readonly range: IPRange; readonly policy: Policy }[] = (
	[
		["::1/128", 50, 0],
		["::ffff:0:0/96", 35, 4],
		["::/96", 1, 3],
		["2001::/32", 5, 5],
		["2002::/16", 30, 2],
		["3ffe::/16", 1, 12],
		["fec0::/10", 1, 11],
		["fc00::/7", 3, 13],
		["::/0", 40, 1],
	] as const
).map(([range, precedence, label]) => ({ range: IPRange.parse(range), policy: { precedence, label } }));

/** The policy of an address; an IPv4 address is looked up in its v4-mapped form. */
export function policyOf(address: IpAddress): Policy {
	const mapped = asV6(address);
	const line = table.find(({ range }) => range.contains(mapped));
	if (!line) throw new Error("the policy table ends with ::/0");
	return line.policy;
}

/** Scopes of RFC 4291 section 2.7, from the smallest to the largest. */
const LINK_LOCAL = 0x2;
const SITE_LOCAL = 0x5;
const GLOBAL = 0xe;

/** How far an address means the same: RFC 6724 sections 3.1 and 3.2. Private IPv4 counts as global there. */
export function scopeOf(address: IpAddress): number {
	const { ipClass } = address;
	if (ipClass === "link-local" || ipClass === "loopback") return LINK_LOCAL;
	const [first = 0, second = 0] = asV6(address).toBytes();
	if (first === 0xff) return second & 0xf;
	return first === 0xfe && (second & 0xc0) === 0xc0 ? SITE_LOCAL : GLOBAL;
}

function asV6(address: IpAddress): IpAddress {
	return address.af === IP4 ? IpAddress.fromBigInt((0xffffn << 32n) | address.toBigInt(), 6) : address;
}
