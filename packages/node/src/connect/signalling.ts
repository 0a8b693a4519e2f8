import { sleep } from "@p2pd/net";
import type { Signal } from "@p2pd/signal";
import { RESEND } from "../defaults.js";

/** Why the peer could not be asked by signalling. */
export class SignallingFailure extends Error {
	override readonly name = "SignallingFailure";
}

/** Every signal was given up. */
class NoSignal extends Error {}

/** What {@link untilAnswered} needs. */
export interface Asking {
	readonly signals: readonly Signal[];
	/** Sends the question by the signals that are open. */
	readonly send: (open: readonly Signal[]) => Promise<void>;
	/** Settles when the peer has answered. */
	readonly answered: Promise<unknown>;
	readonly clock: Parameters<typeof sleep>[1];
	readonly signal: AbortSignal;
}

/**
 * Sends a question again and again, by every signal as soon as it is open, until the peer answers or no signal can be
 * opened.
 *
 * @throws SignallingFailure, or the signal's reason
 */
export async function untilAnswered({ answered, clock, send, signal, signals }: Asking): Promise<void> {
	if (signals.length === 0) throw new SignallingFailure("the peer's address names no signal server");
	const over = new AbortController();
	const either = AbortSignal.any([signal, over.signal]);
	const problems = new Map<Signal, Error>();
	const asking = signals.map(async (one) => {
		for (let failures = 0; ; ) {
			try {
				await one.ready({ signal: either });
				await send([one]);
				problems.delete(one);
				failures = 0;
			} catch (error) {
				either.throwIfAborted();
				problems.set(one, error as Error);
				failures++;
				if (failures >= TRIES || FINAL.includes((error as { code?: string }).code ?? "")) return;
			}
			await sleep(RESEND, clock, either);
		}
	});
	try {
		await Promise.race([answered, Promise.all(asking).then(() => Promise.reject(new NoSignal()))]);
	} catch (error) {
		if (!(error instanceof NoSignal)) throw error;
		throw new SignallingFailure([...problems.values()].map(({ message }) => message).join("; "));
	} finally {
		over.abort();
		for (const one of asking) one.catch(() => undefined);
	}
}

/** Refusals that trying again does not change. */
const FINAL: readonly string[] = ["ERR_SIGNAL_DENIED", "ERR_SIGNAL_CLOCK", "ERR_SIGNAL_ARGUMENT"];
/** Tries before a server counts as gone: one that is being restarted comes back in less. */
const TRIES = 3;
