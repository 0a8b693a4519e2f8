import type { EndReason, PipeState } from "./types.js";

const ORDER: readonly PipeState[] = ["opening", "open", "closing", "closed"];

/** The state of a pipe, which only goes forward, and why it ended: the first cause counts. */
export class Lifecycle {
	#state: PipeState = "opening";
	#reason: EndReason | null = null;

	get state(): PipeState {
		return this.#state;
	}

	/** Null while the pipe is open. */
	get reason(): EndReason | null {
		return this.#reason;
	}

	/** Goes on to `state`. False if it is there, or further, already. */
	advance(state: PipeState): boolean {
		if (ORDER.indexOf(state) <= ORDER.indexOf(this.#state)) return false;
		this.#state = state;
		return true;
	}

	/** Begins to close for `reason`. False if the pipe had begun to before. */
	end(reason: EndReason): boolean {
		if (!this.advance("closing")) return false;
		this.#reason = reason;
		return true;
	}
}
