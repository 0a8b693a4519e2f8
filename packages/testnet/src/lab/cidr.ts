import { isIPv4, isIPv6 } from "node:net";
import { LabTopologyError } from "./errors.js";
import type { LabFamily } from "./types.js";

/** An address with its prefix length. */
export interface Cidr {
	readonly af: LabFamily;
	/** As it was written, without the prefix. */
	readonly ip: string;
	readonly value: bigint;
	readonly bits: number;
}

const width = (af: LabFamily): number => (af === 4 ? 32 : 128);

function value4(ip: string): bigint {
	return ip.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function value6(ip: string): bigint {
	const dotted = ip.lastIndexOf(".") < 0 ? null : ip.slice(ip.lastIndexOf(":") + 1);
	const low = dotted === null ? null : value4(dotted);
	const text =
		low === null || dotted === null
			? ip
			: `${ip.slice(0, -dotted.length)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
	const [head = "", tail] = text.split("::");
	const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
	const front = groups(head);
	const back = tail === undefined ? [] : groups(tail);
	const middle = tail === undefined ? [] : Array<string>(8 - front.length - back.length).fill("0");
	return [...front, ...middle, ...back].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}

/** The family of an address literal. @throws LabTopologyError `ERR_LAB_TOPOLOGY` if it is none. */
function familyOf(ip: string): LabFamily {
	if (isIPv4(ip)) return 4;
	if (isIPv6(ip) && !ip.includes("%")) return 6;
	throw new LabTopologyError(`"${ip}" is no IP address`);
}

/** Parses `ip/bits`, or `ip` alone as a single address. @throws LabTopologyError `ERR_LAB_TOPOLOGY`. */
export function parseCidr(text: string): Cidr {
	const [ip = "", prefix, rest] = text.split("/");
	const af = familyOf(ip);
	const bits = prefix === undefined ? width(af) : Number(prefix);
	if (rest !== undefined || prefix === "" || !Number.isInteger(bits) || bits < 0 || bits > width(af)) {
		throw new LabTopologyError(`"${text}" is no address with a prefix`);
	}
	return { af, ip, value: af === 4 ? value4(ip) : value6(ip), bits };
}

const hostMask = (cidr: Cidr): bigint => (1n << BigInt(width(cidr.af) - cidr.bits)) - 1n;

/** The network in which an address lies, as `ip/bits` with the host bits zero. */
export function networkOf(cidr: Cidr): string {
	const value = cidr.value & ~hostMask(cidr);
	if (cidr.af === 4) {
		return `${[24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".")}/${cidr.bits}`;
	}
	const groups = Array.from({ length: 8 }, (_, i) =>
		((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
	);
	return `${groups.join(":")}/${cidr.bits}`;
}

/** Whether `inner` lies within `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
	return (
		outer.af === inner.af &&
		outer.bits <= inner.bits &&
		(inner.value & ~hostMask(outer)) === (outer.value & ~hostMask(outer))
	);
}

/** Whether an entry of a NIC stands for a whole block: more than two addresses, and its host bits are zero. */
export function isBlock(cidr: Cidr): boolean {
	return cidr.bits < width(cidr.af) - 1 && (cidr.value & hostMask(cidr)) === 0n;
}

const BOGONS = [
	"10.0.0.0/8",
	"172.16.0.0/12",
	"192.168.0.0/16",
	"100.64.0.0/10",
	"169.254.0.0/16",
	"fc00::/7",
	"fe80::/10",
];

/** Whether the core, as any provider, refuses to route it: private, shared or link-local. */
export function isBogon(cidr: Cidr): boolean {
	return BOGONS.some((bogon) => contains(parseCidr(bogon), cidr));
}

/** Whether it is link-local, of either family. */
export function isLinkLocal(cidr: Cidr): boolean {
	return contains(parseCidr("169.254.0.0/16"), cidr) || contains(parseCidr("fe80::/10"), cidr);
}
