/** Something that is to happen at a time. */
export interface Scheduled {
	readonly at: number;
	/** Orders what happens at the same time: first set, first run. */
	readonly order: number;
	/** Null once it was cancelled. */
	run: (() => void) | null;
}

const before = (a: Scheduled, b: Scheduled): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A binary heap of what is to happen, soonest first; cancelled entries are thrown away when they surface. */
export class TimerQueue {
	readonly #heap: Scheduled[] = [];
	#order = 0;

	add(at: number, run: () => void): Scheduled {
		const entry: Scheduled = { at, order: this.#order++, run };
		const heap = this.#heap;
		let hole = heap.length;
		heap.push(entry);
		while (hole > 0) {
			const parent = (hole - 1) >> 1;
			const above = heap[parent];
			if (above === undefined || before(above, entry)) break;
			heap[hole] = above;
			hole = parent;
		}
		heap[hole] = entry;
		return entry;
	}

	/** How many are waiting. Counts through the heap: for tests, not for busy loops. */
	get waiting(): number {
		return this.#heap.reduce((count, entry) => (entry.run === null ? count : count + 1), 0);
	}

	/** The soonest one that was not cancelled. */
	peek(): Scheduled | undefined {
		for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
			if (top.run !== null) return top;
			this.#drop();
		}
		return undefined;
	}

	/** Takes away what `peek` showed. */
	shift(): Scheduled | undefined {
		const top = this.peek();
		if (top !== undefined) this.#drop();
		return top;
	}

	#drop(): void {
		const heap = this.#heap;
		const moved = heap.pop();
		if (moved === undefined || heap.length === 0) return;
		let hole = 0;
		for (;;) {
			const left = 2 * hole + 1;
			let child = heap[left];
			if (child === undefined) break;
			let at = left;
			const right = heap[left + 1];
			if (right !== undefined && before(right, child)) {
				child = right;
				at = left + 1;
			}
			if (!before(child, moved)) break;
			heap[hole] = child;
			hole = at;
		}
		heap[hole] = moved;
	}
}
