import type { Socket } from "node:net";
import { type ConnectAttempt, PipeConnectError, PipeTimeoutError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { PipeSockets } from "../types.js";

/** One address to try, and what to try it with. */
export interface Candidate {
	readonly sockets: PipeSockets;
	readonly ip: string;
	readonly port: number;
}

/** What every attempt is made with. */
export interface AttemptOptions {
	readonly localPort?: number;
	readonly reuse?: boolean;
}

/** The first connection that stood. */
export interface Connected {
	readonly socket: Socket;
	readonly candidate: Candidate;
}

/**
 * Connects to the first of several addresses that answers (RFC 8305): they are tried in order, the next one
 * when the last one failed or has not answered for `attemptDelay`. A slow attempt goes on beside those after
 * it, until one stands or `connectTimeout` is over.
 *
 * @throws PipeConnectError if all failed, PipeTimeoutError (phase `connect`), or the signal's reason
 */
export function race(
	candidates: readonly Candidate[],
	options: AttemptOptions,
	{ attemptDelay, clock, connectTimeout }: Settings,
	signal: AbortSignal | undefined,
): Promise<Connected> {
	return new Promise((resolve, reject) => {
		const failures: ConnectAttempt[] = [];
		const stops = new Set<AbortController>();
		let next = 0;
		let settled = false;
		let delay: unknown = null;

		const settle = (outcome: () => void): void => {
			settled = true;
			clock.clearTimeout(timeout);
			if (delay !== null) clock.clearTimeout(delay);
			signal?.removeEventListener("abort", aborted);
			outcome();
			for (const stop of stops) stop.abort();
		};
		const attempt = async (candidate: Candidate): Promise<void> => {
			const { ip, port, sockets } = candidate;
			const stop = new AbortController();
			stops.add(stop);
			try {
				const socket = await sockets.connect({ ip, port, signal: stop.signal, ...options });
				stops.delete(stop);
				if (settled) socket.destroy();
				else settle(() => resolve({ socket, candidate }));
			} catch (error) {
				stops.delete(stop);
				if (settled) return;
				failures.push({ ip, port, error: error as Error });
				if (failures.length === candidates.length) settle(() => reject(new PipeConnectError(failures)));
				else startNext();
			}
		};
		const startNext = (): void => {
			if (delay !== null) clock.clearTimeout(delay);
			delay = null;
			const candidate = candidates[next++];
			if (candidate === undefined) return;
			if (next < candidates.length) delay = clock.setTimeout(startNext, attemptDelay);
			void attempt(candidate);
		};
		const aborted = (): void => settle(() => reject(signal?.reason));
		const timeout = clock.setTimeout(
			() => settle(() => reject(new PipeTimeoutError("connect", connectTimeout, failures))),
			connectTimeout,
		);
		signal?.addEventListener("abort", aborted, { once: true });
		startNext();
	});
}
