import { IPRange } from "@p2pd/address";
import { Route, RoutePool } from "@p2pd/route";
import type { BenchCase } from "@p2pd/testnet/bench";

const LOOKUPS = 2000;
const BLOCKS = 1000;

const nicIps = [new IPRange("fe80::1")];
const routeTo = (i: number, cidr: number): Route =>
	new Route({
		af: 6,
		nicIps,
		extIps: [new IPRange(`2a00:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::`, cidr)],
	});

/** What an index and a lookup cost in a pool of many blocks, against one of a single address. */
export function poolCases(): BenchCase[] {
	const one = new RoutePool([routeTo(0, 128)]);
	const many = new RoutePool(Array.from({ length: BLOCKS }, (_, i) => routeTo(i, i % 3 === 0 ? 128 : 64)));
	const step = many.length / BigInt(LOOKUPS);
	const repeat = (lookup: (i: number) => unknown) => (): void => {
		for (let i = 0; i < LOOKUPS; i++) lookup(i);
	};
	return [
		{
			name: "pool.at: 1000 blocks against one address",
			ops: LOOKUPS,
			baseline: repeat(() => one.at(0)),
			candidate: repeat((i) => many.at(BigInt(i) * step)),
		},
		{
			name: "pool.contains: 1000 blocks against one address",
			ops: LOOKUPS,
			baseline: repeat(() => one.contains("2a00::")),
			candidate: repeat((i) => many.contains(`2a00:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::7`)),
		},
	];
}
