import { SEED_TEXT } from "./seed-text.js";

/** The steps of the walk-through: the first program, a line a step. */
export const STEPS: readonly string[] = SEED_TEXT.trimEnd().split("\n");

/** Keeps the place in the walk-through. Pure. */
export class Walkthrough {
	#next = 0;

	/** The steps as a numbered list, the next one marked. */
	list(): string {
		return STEPS.map((step, index) => {
			const mark = index === this.#next ? ">" : " ";
			return `${mark} ${String(index + 1).padStart(2)}  ${step}`;
		}).join("\n");
	}

	/**
	 * Takes a step.
	 *
	 * @param wanted its number from 1, or `next` or nothing for the one that is due
	 * @returns the code, or undefined where there is no such step
	 */
	take(wanted: string): string | undefined {
		const index = wanted === "next" ? this.#next : Number(wanted) - 1;
		const step = STEPS[index];
		if (step !== undefined) this.#next = index + 1;
		return step;
	}
}
