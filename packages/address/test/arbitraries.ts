import fc from "fast-check";
import { IPRange, IpAddress } from "../src/index.js";

/** Values near the edges of the special blocks as well as anywhere. */
const edgesV4 = [
	0x0a000000n,
	0x7f000000n,
	0xa9fe0000n,
	0xac100000n,
	0xc0a80000n,
	0x64400000n,
	0xe0000000n,
	0xffffffffn,
];

export const v4Value = fc.oneof(
	fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }),
	fc
		.tuple(fc.constantFrom(...edgesV4), fc.bigInt({ min: -2n, max: 2n }))
		.map(([edge, off]) => (edge + off) & 0xffffffffn),
);

/** Groups are zero more often than chance has it, so that every form of `::` comes up. */
const group = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn }));
export const v6Value = fc
	.array(group, { minLength: 8, maxLength: 8 })
	.map((groups) => groups.reduce((sum, part) => (sum << 16n) | part, 0n));

const linkLocal = fc
	.tuple(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.constantFrom("eth0", "wlan0.1", "en0", "17"))
	.map(([host, zone]) => IpAddress.fromBigInt((0xfe80n << 112n) | host, 6, zone));

export const v4 = v4Value.map((value) => IpAddress.fromBigInt(value, 4));
export const v6 = v6Value.map((value) => IpAddress.fromBigInt(value, 6));
export const anyIp = fc.oneof(v4, v6, linkLocal);

const rangeV4 = fc.tuple(v4, fc.integer({ min: 0, max: 32 })).map(([ip, cidr]) => new IPRange(ip, cidr));
const rangeV6 = fc.tuple(v6, fc.integer({ min: 0, max: 128 })).map(([ip, cidr]) => new IPRange(ip, cidr));
const zoned = fc
	.tuple(linkLocal, fc.integer({ min: 10, max: 128 }))
	.map(([ip, cidr]) => new IPRange(ip, cidr));
export const anyRange = fc.oneof(rangeV4, rangeV6, zoned);
