import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { type Clock, DeadlineTimer, type DeadlineWaits } from "@p2pd/net";
import { type PipeConnectAttempt, PipeConnectError, PipeTimeoutError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { Candidate } from "./routes.js";

/** What every attempt is made with. */
export interface AttemptOptions {
	readonly localPort?: number;
	readonly reuse?: boolean;
	readonly lingerSeconds?: number;
}

/** The first connection that was established. */
export interface Connected {
	readonly socket: Socket;
	readonly candidate: Candidate;
}

/**
 * Connects to the first of several addresses that answers (RFC 8305). They are tried in order, the next one when the
 * last one failed or has not answered for `attemptDelay`. A slow attempt goes on beside those after it, until one is
 * established or `connectTimeout` is over.
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

class Race {
	readonly #candidates: readonly Candidate[];
	readonly #options: AttemptOptions;
	readonly #settings: Settings;
	readonly #signal: AbortSignal | undefined;
	readonly #resolve: (connected: Connected) => void;
	readonly #reject: (error: unknown) => void;
	readonly #failures: PipeConnectAttempt[] = [];
	/** Stops all attempts that are under way. */
	readonly #stop = spare.pop() ?? new AbortController();
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
		RaceDeadlines.on(clock).add(this, connectTimeout);
		this.#signal?.addEventListener("abort", this, { once: true });
		this.#startNext();
	}

	timedOut(): void {
		this.#settle();
		this.#reject(new PipeTimeoutError("connect", this.#settings.connectTimeout, this.#failures));
	}

	/** The caller's signal aborted. */
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
		RaceDeadlines.on(clock).remove(this);
		if (this.#delay !== null) clock.clearTimeout(this.#delay);
		this.#signal?.removeEventListener("abort", this);
		if (this.#underWay > 0) this.#stop.abort();
		else keepSpare(this.#stop);
	}
}

/** Spare controllers kept: as many as connect at once in all but the busiest programs. */
const SPARES = 16;

/**
 * Controllers that the next races use. Making one costs a tenth of a connection on the loopback, and hardly any is
 * ever aborted. A factory lets go of the signal when its socket is made; one that still listens keeps its own.
 */
const spare: AbortController[] = [];

function keepSpare(controller: AbortController): void {
	if (spare.length >= SPARES || getEventListeners(controller.signal, "abort").length > 0) return;
	spare.push(controller);
}

/**
 * The deadlines of all races on one clock. They share a timer, since nearly every connection is established or refused
 * long before its deadline: a timer for each costs more than everything else that a pipe adds to connecting.
 */
class RaceDeadlines implements DeadlineWaits {
	static readonly #byClock = new WeakMap<Clock, RaceDeadlines>();
	readonly #running = new Map<Race, number>();
	readonly #timer: DeadlineTimer;

	private constructor(clock: Clock) {
		this.#timer = new DeadlineTimer(clock, this);
	}

	/** Those of a clock. */
	static on(clock: Clock): RaceDeadlines {
		let deadlines = RaceDeadlines.#byClock.get(clock);
		if (deadlines === undefined) {
			deadlines = new RaceDeadlines(clock);
			RaceDeadlines.#byClock.set(clock, deadlines);
		}
		return deadlines;
	}

	/** Calls `timedOut` after so many milliseconds, unless `remove` comes first. */
	add(running: Race, timeout: number): void {
		this.#running.set(running, this.#timer.add(timeout));
	}

	remove(running: Race): void {
		this.#running.delete(running);
	}

	expire(now: number): number {
		let next = Number.POSITIVE_INFINITY;
		for (const [running, deadline] of this.#running) {
			if (deadline > now) next = Math.min(next, deadline);
			else {
				this.#running.delete(running);
				running.timedOut();
			}
		}
		return next;
	}
}
