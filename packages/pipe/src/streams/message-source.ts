import { PipeClosedError } from "../errors.js";

/** One consumer's view of a pipe's messages. */
export interface MessageSource {
	/** The next message. Rejects with PipeClosedError when there are no more. */
	next(): Promise<Buffer>;
	/** Wants no more. */
	stop(): void;
}

/** Whether a pipe ended as it should, so that its messages are simply over. */
export function isOrderly(error: unknown): boolean {
	return error instanceof PipeClosedError && error.reason.error === null;
}
