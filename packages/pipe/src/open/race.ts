import type { Socket } from "node:net";
import { type ConnectAttempt, PipeConnectError, PipeTimeoutError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { PipeSockets } from "../types.js";
import { Deadlines, type Limited } from "./deadlines.js";
import { giveBack, takeController } from "./stop-signals.js";

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
	readonly lingerSeconds?: number;
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
	settings: Settings,
	signal: AbortSignal | undefined,
): Promise<Connected> {
	return new Promise((resolve, reject) => {
		new Race(candidates, options, settings, signal, resolve, reject).start();
	});
}

class Race implements Limited {
	readonly #candidates: readonly Candidate[];
	readonly #options: AttemptOptions;
	readonly #settings: Settings;
	readonly #signal: AbortSignal | undefined;
	readonly #resolve: (connected: Connected) => void;
	readonly #reject: (error: unknown) => void;
	readonly #failures: ConnectAttempt[] = [];
	/** Stops all attempts that are still under way. */
	readonly #stop = takeController();
	#underWay = 0;
	#next = 0;
	#settled = false;
	#delay: unknown = null;

	constructor(
		candidates: readonly Candidate[],
		options: AttemptOptions,
		settings: Settings,
		signal: AbortSignal | undefined,
		resolve: (connected: Connected) => void,
		reject: (error: unknown) => void,
	) {
		this.#candidates = candidates;
		this.#options = options;
		this.#settings = settings;
		this.#signal = signal;
		this.#resolve = resolve;
		this.#reject = reject;
	}

	start(): void {
		const { clock, connectTimeout } = this.#settings;
		Deadlines.on(clock).add(this, connectTimeout);
		this.#signal?.addEventListener("abort", this, { once: true });
		this.#startNext();
	}

	timedOut(): void {
		this.#settle();
		this.#reject(new PipeTimeoutError("connect", this.#settings.connectTimeout, this.#failures));
	}

	/** The program's signal. */
	handleEvent(): void {
		this.#settle();
		this.#reject(this.#signal?.reason);
	}

	#startNext(): void {
		const { attemptDelay, clock } = this.#settings;
		if (this.#delay !== null) clock.clearTimeout(this.#delay);
		this.#delay = null;
		const candidate = this.#candidates[this.#next++];
		if (candidate === undefined) return;
		if (this.#next < this.#candidates.length) {
			this.#delay = clock.setTimeout(() => this.#startNext(), attemptDelay);
		}
		const { ip, port, sockets } = candidate;
		this.#underWay++;
		sockets.connect({ ip, port, signal: this.#stop.signal, ...this.#options }).then(
			(socket) => this.#connected(socket, candidate),
			(error: Error) => this.#failed(error, candidate),
		);
	}

	#connected(socket: Socket, candidate: Candidate): void {
		this.#underWay--;
		if (this.#settled) {
			socket.destroy();
			return;
		}
		this.#settle();
		this.#resolve({ socket, candidate });
	}

	#failed(error: Error, { ip, port }: Candidate): void {
		this.#underWay--;
		if (this.#settled) return;
		this.#failures.push({ ip, port, error });
		if (this.#failures.length < this.#candidates.length) {
			this.#startNext();
			return;
		}
		this.#settle();
		this.#reject(new PipeConnectError(this.#failures));
	}

	/** Ends what is still under way. */
	#settle(): void {
		const { clock } = this.#settings;
		this.#settled = true;
		Deadlines.on(clock).remove(this);
		if (this.#delay !== null) clock.clearTimeout(this.#delay);
		this.#signal?.removeEventListener("abort", this);
		if (this.#underWay > 0) this.#stop.abort();
		else giveBack(this.#stop, this.#candidates[0]?.sockets);
	}
}
