import type { StunReply } from "../socket/types.js";
import type { Clock } from "../types.js";
import { delay } from "./delay.js";

/** Sends one request in one form. */
export type Attempt = (classic: boolean, signal: AbortSignal) => Promise<StunReply>;

/** An error response, on its way to being compared with the other form's outcome. */
class ErrorReply extends Error {
	readonly reply: StunReply;

	constructor(reply: StunReply) {
		super("an error response");
		this.reply = reply;
	}
}

/**
 * Asks in the form of RFC 8489, and also in that of RFC 3489 once the first had no answer for `patience` ms or was
 * answered with an error. The first success wins, and the other is cancelled; without one, the outcome is the first
 * form's.
 */
export async function askInBothDialects(
	attempt: Attempt,
	clock: Clock,
	patience: number,
	signal: AbortSignal | undefined,
): Promise<StunReply> {
	const stop = new AbortController();
	const abort = (): void => stop.abort(signal?.reason);
	signal?.addEventListener("abort", abort, { once: true });
	const success = async (classic: boolean): Promise<StunReply> => {
		const reply = await attempt(classic, stop.signal);
		if (reply.message.class === "error") throw new ErrorReply(reply);
		return reply;
	};
	const first = success(false);
	const second = Promise.race([delay(clock, patience, stop.signal), first.then(noop, noop)]).then(() => {
		stop.signal.throwIfAborted();
		return success(true);
	});
	try {
		return await Promise.any([first, second]);
	} catch {
		return await first.catch((error: unknown) => {
			if (error instanceof ErrorReply) return error.reply;
			throw error;
		});
	} finally {
		signal?.removeEventListener("abort", abort);
		stop.abort();
		await Promise.allSettled([first, second]);
	}
}

const noop = (): void => undefined;
