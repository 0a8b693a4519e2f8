import { type Clock, endpointText, printable } from "@p2pd/net";
import { PATHS, RELAY_GRACE, STAGGER } from "../defaults.js";
import type { SecureLink } from "../secure/link.js";
import type { NodeWay } from "../strategies/types.js";
import type { NodeAttempt, NodePath } from "../types.js";

/** What a race ends with: the link that the peer has acknowledged. */
export interface RaceResult {
	readonly link: SecureLink;
	readonly path: NodePath;
	readonly rttMs: number;
	/** Names the way: {@link RaceInit.prefer} of the next race. */
	readonly way: string;
}

/** What the race needs. */
export interface RaceInit {
	readonly clock: Clock;
	/** Ends everything. */
	readonly signal: AbortSignal;
	readonly onAttempt: (attempt: NodeAttempt) => void;
	/** The way that worked the last time; null if there is none. It is tried first. */
	readonly prefer: string | null;
}

interface Runner {
	readonly path: NodePath;
	readonly way: NodeWay;
	readonly abort: AbortController;
	startedAt: number;
	state: "waiting" | "running" | "ended";
}

/**
 * Ways to a peer that race: the best begins, each other one a stagger after the one before it, or at once when one has
 * failed. Ways can be added while it runs. The first link that the peer acknowledges wins, a relay after a grace in which
 * something better may come. Losers are ended; when the race is over nothing of them is left.
 */
export class Race {
	readonly #init: RaceInit;
	readonly #runners: Runner[] = [];
	readonly #attempts: NodeAttempt[] = [];
	readonly #keys = new Set<string>();
	readonly #running = new Set<Promise<void>>();
	/** Links that are ready and not yet chosen, best first. */
	readonly #ready: { readonly link: SecureLink; readonly runner: Runner }[] = [];
	readonly #result: Promise<RaceResult | null>;
	#settle: (result: RaceResult | null) => void = () => undefined;
	#timer: unknown = null;
	#grace: unknown = null;
	#choosing = false;
	#complete = false;
	#over = false;

	constructor(init: RaceInit) {
		this.#init = init;
		this.#result = new Promise((resolve) => {
			this.#settle = resolve;
		});
	}

	/** What was tried so far. */
	get attempts(): readonly NodeAttempt[] {
		return this.#attempts;
	}

	/** Adds ways of a kind; those that are in the race already are left out. */
	add(path: NodePath, ways: readonly NodeWay[]): void {
		if (this.#over) return;
		for (const way of ways) {
			const key = `${path} ${way.key}`;
			if (this.#keys.has(key)) continue;
			this.#keys.add(key);
			this.#runners.push({ path, way, abort: new AbortController(), startedAt: 0, state: "waiting" });
		}
		this.#runners.sort((a, b) => this.#rank(a) - this.#rank(b));
		if (this.#timer === null) this.#startNext();
	}

	/** Notes a kind of way that is not tried. */
	skip(path: NodePath, reason: string): void {
		this.#note({ path, family: null, to: null, ms: 0, outcome: "skipped", reason });
	}

	/** No more ways will be added: when all have failed, the race is over. */
	complete(): void {
		this.#complete = true;
		this.#endIfLost();
	}

	/** The winner, or null if every way failed or the signal aborted. Nothing of the others is left then. */
	async finish(): Promise<RaceResult | null> {
		const { clock, signal } = this.#init;
		const onAbort = (): void => this.#end(null);
		signal.addEventListener("abort", onAbort, { once: true });
		if (signal.aborted) onAbort();
		const result = await this.#result;
		signal.removeEventListener("abort", onAbort);
		clock.clearTimeout(this.#timer);
		clock.clearTimeout(this.#grace);
		await Promise.all(this.#running);
		return result;
	}

	#rank(runner: Runner): number {
		return nameOf(runner) === this.#init.prefer ? -1 : PATHS.indexOf(runner.path);
	}

	#startNext(): void {
		const { clock } = this.#init;
		clock.clearTimeout(this.#timer);
		this.#timer = null;
		const next = this.#runners.find(({ state }) => state === "waiting");
		if (this.#over || next === undefined) return;
		next.state = "running";
		next.startedAt = clock.now();
		this.#init.onAttempt(this.#describe(next, "running", null));
		const run = this.#run(next).finally(() => this.#running.delete(run));
		this.#running.add(run);
		if (this.#runners.some(({ state }) => state === "waiting")) {
			this.#timer = clock.setTimeout(() => this.#startNext(), STAGGER);
		}
	}

	async #run(runner: Runner): Promise<void> {
		try {
			const link = await runner.way.run(runner.abort.signal);
			if (this.#over) {
				link.close();
				this.#note(this.#describe(runner, "cancelled", null));
				return;
			}
			this.#ready.push({ link, runner });
			this.#ready.sort((a, b) => PATHS.indexOf(a.runner.path) - PATHS.indexOf(b.runner.path));
			this.#choose();
		} catch (error) {
			this.#failed(runner, error);
		}
	}

	/** Takes the best link that is ready, unless it is a relay and something better may still come. */
	#choose(): void {
		const [best] = this.#ready;
		if (this.#over || this.#choosing || best === undefined) return;
		const { clock } = this.#init;
		const better = this.#runners.some(({ path, state }) => state !== "ended" && path !== "relay");
		if (best.runner.path === "relay" && better) {
			this.#grace ??= clock.setTimeout(() => {
				const [now] = this.#ready;
				if (now !== undefined) void this.#take(now);
			}, RELAY_GRACE);
			return;
		}
		void this.#take(best);
	}

	async #take(taken: { readonly link: SecureLink; readonly runner: Runner }): Promise<void> {
		if (this.#over || this.#choosing) return;
		this.#choosing = true;
		this.#ready.splice(this.#ready.indexOf(taken), 1);
		const { link, runner } = taken;
		try {
			const rttMs = await link.select(runner.path, this.#init.signal);
			if (this.#over) {
				link.close();
				return;
			}
			runner.state = "ended";
			this.#note(this.#describe(runner, "connected", null));
			this.#end({ link, path: runner.path, rttMs, way: nameOf(runner) });
		} catch (error) {
			link.close();
			this.#choosing = false;
			this.#failed(runner, error);
			this.#choose();
		}
	}

	#failed(runner: Runner, error: unknown): void {
		if (runner.state === "ended") return;
		runner.state = "ended";
		const stopped = this.#over || runner.abort.signal.aborted;
		const reason = error instanceof Error ? printable(error.message) : String(error);
		this.#note(this.#describe(runner, stopped ? "cancelled" : "failed", stopped ? null : reason));
		if (this.#over) return;
		this.#startNext();
		this.#endIfLost();
		// What was waited for may be the one that failed.
		this.#choose();
	}

	#endIfLost(): void {
		if (
			this.#complete &&
			!this.#choosing &&
			this.#ready.length === 0 &&
			this.#runners.every(({ state }) => state === "ended")
		) {
			this.#end(null);
		}
	}

	#end(result: RaceResult | null): void {
		if (this.#over) return;
		this.#over = true;
		for (const { link, runner } of this.#ready.splice(0)) {
			link.close();
			runner.state = "ended";
			this.#note(this.#describe(runner, "cancelled", null));
		}
		for (const runner of this.#runners) {
			if (runner.state === "running") runner.abort.abort(new Error("another way was faster"));
		}
		this.#settle(result);
	}

	#describe(
		{ path, startedAt, way }: Runner,
		outcome: NodeAttempt["outcome"],
		reason: string | null,
	): NodeAttempt {
		const ms = Math.round(this.#init.clock.now() - startedAt);
		return {
			path,
			family: way.af,
			to: way.to && endpointText(way.to),
			ms: outcome === "running" ? 0 : ms,
			outcome,
			reason,
		};
	}

	#note(attempt: NodeAttempt): void {
		this.#attempts.push(attempt);
		this.#init.onAttempt(attempt);
	}
}

function nameOf({ path, way }: Runner): string {
	return `${path} ${way.key}`;
}
