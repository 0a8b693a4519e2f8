import { networkInterfaces } from "node:os";
import { type Fields, is, MAX_TIMER, objectProblem, systemClock } from "@p2pd/net";
import {
	WAKE_JUMP,
	WATCH_DEBOUNCE,
	WATCH_FULL_INTERVAL,
	WATCH_INTERVAL,
	WATCH_MAX_HOLD,
} from "../defaults.js";
import { refuse } from "../errors.js";
import { enumerateInterfaces } from "../os/enumerate.js";
import type { NicSnapshot } from "../os/types.js";
import { diffSnapshots } from "./diff.js";
import type { InterfaceChange, InterfacesEvent, WatchDeps, WatchOptions } from "./types.js";

const needsChildProcesses = process.platform === "darwin" || process.platform === "win32";

const systemWatchDeps: WatchDeps = {
	enumerate: (options) => enumerateInterfaces(options),
	glance: needsChildProcesses ? (): string => JSON.stringify(networkInterfaces()) : null,
	clock: systemClock,
	wallNow: Date.now,
};

const interval = is.number(1, MAX_TIMER);
const fields: Fields = { interval, fullInterval: interval, debounce: is.timeout, signal: is.signal };

/**
 * Reports changes of the NICs: addresses, links, gateways, default routes, MTUs, NICs that appear and disappear. It
 * enumerates them again and again (events need native code), reports a change once the NICs stay unchanged for a moment,
 * and at once after the machine slept. Nothing is sent. The first enumeration, which is not reported, starts when the
 * first event is asked for. Leaving the loop ends the watch.
 *
 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT). The iterator throws what an enumeration throws. An aborted signal ends
 *   it without an error.
 */
export function watchInterfaces(
	options: WatchOptions = {},
	deps: Partial<WatchDeps> = {},
): AsyncGenerator<InterfacesEvent, void, undefined> {
	refuse(objectProblem(options, "", fields));
	return events(options, deps);
}

async function* events(
	options: WatchOptions,
	deps: Partial<WatchDeps>,
): AsyncGenerator<InterfacesEvent, void, undefined> {
	const { signal } = options;
	if (signal?.aborted) return;
	const watch = new Watch(options, { ...systemWatchDeps, ...deps });
	try {
		await watch.begin();
		while (!signal?.aborted) yield await watch.next();
	} catch (error) {
		if (!signal?.aborted) throw error;
	}
}

class Watch {
	readonly #interval: number;
	readonly #fullInterval: number;
	readonly #debounce: number;
	readonly #signal: AbortSignal | undefined;
	readonly #deps: WatchDeps;
	/** The snapshot of the last report. */
	#reported: NicSnapshot | null = null;
	#glanced = "";
	#lookedAt = 0;
	/** Wall clock minus steady clock. It changes only if one of them jumps. */
	#offset = 0;
	/** Whether a pause took far longer than it should. */
	#overslept = false;

	constructor(options: WatchOptions, deps: WatchDeps) {
		this.#interval = options.interval ?? WATCH_INTERVAL;
		this.#fullInterval = options.fullInterval ?? WATCH_FULL_INTERVAL;
		this.#debounce = options.debounce ?? WATCH_DEBOUNCE;
		this.#signal = options.signal;
		this.#deps = deps;
	}

	async begin(): Promise<void> {
		this.#slept();
		this.#reported = await this.#look();
	}

	/** Waits for the next event. */
	async next(): Promise<InterfacesEvent> {
		for (;;) {
			await this.#pause(this.#interval);
			const wake = this.#slept();
			if (!wake && !this.#mustLook()) continue;
			const before = this.#reported;
			let snapshot = await this.#look();
			let changes = before ? diffSnapshots(before, snapshot) : [];
			if (changes.length > 0 && before) {
				snapshot = await this.#settle(snapshot);
				changes = diffSnapshots(before, snapshot);
			}
			this.#reported = snapshot;
			if (wake || changes.length > 0) return { changes, cause: wake ? "wake" : "change", snapshot };
		}
	}

	/** Enumerates until two snapshots, a debounce apart, are equal, or the change was held back long enough. */
	async #settle(first: NicSnapshot): Promise<NicSnapshot> {
		const { clock } = this.#deps;
		const until = clock.now() + WATCH_MAX_HOLD;
		let last = first;
		while (clock.now() < until) {
			await this.#pause(this.#debounce);
			const again = await this.#look();
			const moved: readonly InterfaceChange[] = diffSnapshots(last, again);
			last = again;
			if (moved.length === 0) break;
		}
		return last;
	}

	#mustLook(): boolean {
		const { glance, clock } = this.#deps;
		if (glance === null) return true;
		return glance() !== this.#glanced || clock.now() - this.#lookedAt >= this.#fullInterval;
	}

	async #look(): Promise<NicSnapshot> {
		const { enumerate, glance, clock } = this.#deps;
		this.#glanced = glance?.() ?? "";
		this.#lookedAt = clock.now();
		return enumerate(this.#signal ? { signal: this.#signal } : {});
	}

	/**
	 * Whether the machine probably slept since the last call. Its steady clock either stops meanwhile (Linux), so that the
	 * wall clock jumps ahead of it, or goes on (Windows, macOS), so that a pause takes far too long.
	 */
	#slept(): boolean {
		const offset = this.#deps.wallNow() - this.#deps.clock.now();
		const slept = this.#overslept || Math.abs(offset - this.#offset) >= WAKE_JUMP;
		this.#offset = offset;
		this.#overslept = false;
		return slept;
	}

	#pause(ms: number): Promise<void> {
		const { clock } = this.#deps;
		const signal = this.#signal;
		const asleepAt = clock.now();
		return new Promise((resolve, reject) => {
			if (signal?.aborted) return reject(signal.reason);
			const stop = (): void => {
				clock.clearTimeout(timer);
				reject(signal?.reason);
			};
			const timer = clock.setTimeout(() => {
				signal?.removeEventListener("abort", stop);
				if (clock.now() - asleepAt - ms >= WAKE_JUMP) this.#overslept = true;
				resolve();
			}, ms);
			signal?.addEventListener("abort", stop, { once: true });
		});
	}
}
