import type { IpAddress } from "@p2pd/address";
import { ANSWER_HOLDS, ANSWERS_KEPT } from "../defaults.js";
import { UnreachableError } from "../errors.js";
import { kernelSource } from "./kernel-source.js";
import { type Reachability, reachabilityOf } from "./reachability.js";
import type { Place, SocketDeps } from "./types.js";

/**
 * What the kernel says of destinations, on behalf of one seat. An answer holds for a moment, so that a series
 * of connections does not ask anew each time.
 */
export class KernelAnswers {
	readonly #deps: SocketDeps;
	readonly #sources: Remembered<Promise<string | null>>;
	readonly #reachability: Remembered<Reachability>;

	constructor(deps: SocketDeps) {
		this.#deps = deps;
		this.#sources = new Remembered(deps.now);
		this.#reachability = new Remembered(deps.now);
	}

	/** The source that the kernel would choose, without its zone; null where it has no route. */
	source(to: IpAddress): Promise<string | null> {
		return this.#sources.get(to.toString(), () => kernelSource(to, this.#deps));
	}

	/** Forgets the source towards a destination, which turned out otherwise. */
	forgetSource(to: IpAddress): void {
		this.#sources.forget(to.toString());
	}

	/** Throws UnreachableError (`ERR_ROUTE_UNREACHABLE`) where the kernel says that a device leads nowhere. */
	refuseUnreachable(place: Place): void {
		const { device, to } = place;
		if (device === null || to === null) return;
		const answer = this.#reachability.get(to.toString(), () => reachabilityOf(place, this.#deps));
		if (answer.status !== "unreachable") return;
		throw new UnreachableError(answer.problem, device.name, `${to}`, answer.reason);
	}
}

/** Answers by key, each for a moment. */
class Remembered<T> {
	readonly #now: () => number;
	readonly #kept = new Map<string, { readonly answer: T; readonly until: number }>();

	constructor(now: () => number) {
		this.#now = now;
	}

	get(key: string, ask: () => T): T {
		const now = this.#now();
		const kept = this.#kept.get(key);
		if (kept !== undefined && now < kept.until) return kept.answer;
		const answer = ask();
		if (this.#kept.size >= ANSWERS_KEPT) this.#kept.clear();
		this.#kept.set(key, { answer, until: now + ANSWER_HOLDS });
		return answer;
	}

	forget(key: string): void {
		this.#kept.delete(key);
	}
}
