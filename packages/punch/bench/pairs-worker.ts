import { type Outcome, type Run, runCell } from "./run-cell.js";

/** Runs its share, sends the outcomes in parts, and ends. */
const PART = 50;

async function work(runs: readonly (readonly [index: number, run: Run])[]): Promise<void> {
	let part: [number, Outcome][] = [];
	for (const [index, run] of runs) {
		part.push([index, await runCell(run)]);
		if (part.length < PART) continue;
		process.send?.(part);
		part = [];
	}
	process.send?.(part, undefined, undefined, () => process.disconnect());
}

process.once("message", (runs) => void work(runs as readonly (readonly [number, Run])[]));
