import { networkInterfaces } from "node:os";
import { systemClock } from "@p2pd/stun-client";
import {
	WAKE_JUMP,
	WATCH_DEBOUNCE,
	WATCH_FULL_INTERVAL,
	WATCH_INTERVAL,
	WATCH_MAX_HOLD,
} from "../defaults.js";
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

/**
 * Tells what changes in the NICs: addresses, links, gateways, default routes, NICs that come and go. It looks again
 * and again (there is no event without native code), tells a difference once the NICs keep still, and looks at once
 * after the machine slept. Nothing is sent. The first look, which nothing is told of, is taken when the first
 * event is asked for; leaving the loop ends the watch.
 *
 * @throws from the iterator: what a look throws. An aborted signal ends it without an error.
 */
export async function* watchInterfaces(
	options: WatchOptions = {},
	deps: Partial<WatchDeps> = {},
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
	/** What was last told. */
	#told: NicSnapshot | null = null;
	#glanced = "";
	#lookedAt = 0;
	/** Wall clock minus steady clock: it moves only when one of them jumps. */
	#offset = 0;
	/** Whether a pause was far longer than asked for. */
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
		this.#told = await this.#look();
	}

	/** Waits for the next event. */
	async next(): Promise<InterfacesEvent> {
		for (;;) {
			await this.#pause(this.#interval);
			const wake = this.#slept();
			if (!wake && !this.#mustLook()) continue;
			const before = this.#told;
			let snapshot = await this.#look();
			let changes = before ? diffSnapshots(before, snapshot) : [];
			if (changes.length > 0 && before) {
				snapshot = await this.#settle(snapshot);
				changes = diffSnapshots(before, snapshot);
			}
			this.#told = snapshot;
			if (wake || changes.length > 0) return { changes, cause: wake ? "wake" : "change", snapshot };
		}
	}

	/** Looks until two looks, a debounce apart, are the same, or it was held back long enough. */
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
	 * Whether the machine probably slept since the last time. Its steady clock stands still meanwhile (Linux), so
	 * that the wall clock jumps ahead of it, or goes on (Windows, macOS), so that a pause is far too long.
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
