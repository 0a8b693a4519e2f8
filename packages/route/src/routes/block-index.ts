import type { IPRange, IpAddress } from "@p2pd/address";

/** A block, the list that it came in, and the number of its first host in the count over all blocks. */
interface Block {
	readonly owner: number;
	readonly range: IPRange;
	readonly start: bigint;
}

/** The bounds of a block that no other block contains. */
interface Span {
	readonly owner: number;
	readonly low: bigint;
	readonly high: bigint;
}

/**
 * Counts the hosts of many blocks of one family as one sequence, and finds blocks by address; both by binary search over
 * the blocks, whatever their sizes. `owner` is the position of the list that a block came in.
 */
export class BlockIndex {
	/** The number of all hosts. */
	readonly length: bigint;
	readonly #blocks: readonly Block[];
	readonly #spans: readonly Span[];

	constructor(lists: readonly (readonly IPRange[])[]) {
		let start = 0n;
		const blocks: Block[] = [];
		for (const [owner, ranges] of lists.entries()) {
			for (const range of ranges) {
				blocks.push({ owner, range, start });
				start += range.size;
			}
		}
		this.length = start;
		this.#blocks = blocks;
		this.#spans = widest(blocks);
	}

	/** Host number `index` and its block's owner, or undefined outside of 0 to length - 1. */
	at(index: bigint): { readonly owner: number; readonly ip: IpAddress } | undefined {
		if (index < 0n || index >= this.length) return undefined;
		const after = firstIndex(this.#blocks, (block) => block.start > index);
		const block = this.#blocks[after - 1];
		return block === undefined ? undefined : { owner: block.owner, ip: block.range.at(index - block.start) };
	}

	/** The owner of the lowest block that has an address of the range; of nested blocks, the widest. */
	locate(range: IPRange): number | undefined {
		const low = range.network.toBigInt();
		const span = this.#spans[firstIndex(this.#spans, (candidate) => candidate.high >= low)];
		return span !== undefined && span.low <= range.last.toBigInt() ? span.owner : undefined;
	}

	/** The numbers of the hosts outside the ranges, one by one. Ranges are skipped in one step, however wide. */
	*except(taken: readonly IPRange[]): Generator<bigint, void> {
		for (const { range, start } of this.#blocks) {
			for (let offset = 0n; offset < range.size; ) {
				const ip = range.at(offset);
				const over = taken.find((other) => other.contains(ip));
				if (over === undefined) yield start + offset++;
				else offset = over.last.toBigInt() - range.first.toBigInt() + 1n;
			}
		}
	}
}

/** The blocks that no other block contains, in order of address. CIDR blocks never overlap in part. */
function widest(blocks: readonly Block[]): Span[] {
	const spans = blocks.map(({ owner, range }) => ({
		owner,
		low: range.network.toBigInt(),
		high: range.last.toBigInt(),
	}));
	spans.sort((a, b) => order(a.low, b.low) || order(b.high, a.high) || a.owner - b.owner);
	const outer: Span[] = [];
	for (const span of spans) {
		const last = outer.at(-1);
		if (last === undefined || span.high > last.high) outer.push(span);
	}
	return outer;
}

function order(a: bigint, b: bigint): number {
	if (a === b) return 0;
	return a < b ? -1 : 1;
}

/** The index of the first item that passes, or the length. All items that pass must come after all that do not. */
function firstIndex<T>(list: readonly T[], passes: (item: T) => boolean): number {
	let low = 0;
	let high = list.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		const item = list[middle];
		if (item !== undefined && passes(item)) high = middle;
		else low = middle + 1;
	}
	return low;
}
