import { type Clock, DeadlineTimer, type RandomBytes } from "@p2pd/net";
import { StunDecodeError } from "@p2pd/stun-client";
import { decodeMessage } from "@p2pd/stun-client/codec";
import type { StunLongTermAuth } from "@p2pd/stun-client/transport";
import {
	AllocationCore,
	type AllocationEvent,
	type AllocationPlan,
	type ChannelUse,
} from "../core/allocation-core.js";
import { RELEASE_TIMEOUT } from "../defaults.js";
import { TurnClosedError } from "../errors.js";
import type { Link } from "../link/types.js";
import type { TurnAllocationInfo, TurnCredentials } from "../types.js";

/** What an allocation needs. */
export interface AllocationDeps {
	readonly clock: Clock;
	readonly random: RandomBytes;
	/** Gives other credentials when the server refuses those in use; null if there are none. */
	renewCredentials(): Promise<TurnCredentials | null>;
}

/** Hears what becomes of an allocation. */
export interface AllocationListener {
	/** A packet that carries a peer's data, or nonsense. */
	data(packet: Buffer): void;
	event(event: AllocationEvent): void;
}

interface Wait {
	readonly promise: Promise<void>;
	resolve(): void;
	reject(error: Error): void;
}

/** The first byte of a STUN message: its top two bits are 0, and of ChannelData 01 (RFC 8656 section 12.4). */
const STUN_BITS = 0xc0;
/** The second byte of the type of a Data indication (method 7, class 1), whose first is 0. */
const DATA_INDICATION = 0x17;

/** Joins an {@link AllocationCore} to a link, a clock and those who wait. */
export class Allocation {
	readonly link: Link;
	readonly plan: AllocationPlan;
	readonly #core: AllocationCore;
	readonly #deps: AllocationDeps;
	readonly #timer: DeadlineTimer;
	readonly #permits = new Map<string, Wait>();
	readonly #listeners = new Set<AllocationListener>();
	/** Resolves when the allocation is over: null if it was released, the error if it was lost. */
	readonly over: Promise<Error | null>;
	#finish: (error: Error | null) => void = () => undefined;
	#released: Promise<void> | null = null;
	#ended: Error | null = null;
	/** Takes the place of listeners while the allocation is asked for. */
	#opening: ((event: AllocationEvent) => void) | null = null;

	constructor(link: Link, plan: AllocationPlan, deps: AllocationDeps) {
		this.link = link;
		this.plan = plan;
		this.#deps = deps;
		this.#core = new AllocationCore(plan, deps.random);
		this.over = new Promise((resolve) => {
			this.#finish = resolve;
		});
		this.#timer = new DeadlineTimer(deps.clock, {
			expire: (now) => {
				this.#run(this.#core.tick(now));
				return this.#core.nextAt();
			},
		});
		link.start({
			packet: this.#onPacket,
			trouble: (error) => this.#trouble(error),
			ended: (error) => this.#run(this.#core.fail(error)),
		});
	}

	get auth(): StunLongTermAuth {
		return this.plan.auth;
	}

	/** What was granted. Throws before {@link Allocation.open} has resolved. */
	get info(): TurnAllocationInfo {
		if (this.#core.info === null) throw new TurnClosedError("the allocation");
		return this.#core.info;
	}

	/** Why it is over; null while it is not. */
	get ended(): Error | null {
		return this.#ended;
	}

	/** Asks for the allocation. Resolves with how that ended; the link is the caller's to close unless it was granted. */
	open(
		signal: AbortSignal,
	): Promise<Extract<AllocationEvent, { kind: "allocated" | "redirected" | "failed" }>> {
		return new Promise((resolve, reject) => {
			const onAbort = (): void => {
				this.#opening = null;
				reject(signal.reason);
			};
			signal.addEventListener("abort", onAbort, { once: true });
			this.#opening = (event) => {
				if (event.kind !== "allocated" && event.kind !== "redirected" && event.kind !== "failed") return;
				this.#opening = null;
				signal.removeEventListener("abort", onAbort);
				resolve(event);
			};
			this.#run(this.#core.start(this.#deps.clock.now()));
		});
	}

	/** Gives up an allocation that was not granted. */
	abandon(): Promise<void> {
		this.#core.fail(new TurnClosedError("the allocation"));
		this.#stop(new TurnClosedError("the allocation"));
		return this.link.close();
	}

	listen(listener: AllocationListener): void {
		this.#listeners.add(listener);
	}

	unlisten(listener: AllocationListener): void {
		this.#listeners.delete(listener);
	}

	/** Whether datagrams of a peer are relayed now. */
	permits(ip: string): boolean {
		return this.#core.permits(ip);
	}

	/** Permits a peer. Rejects if the server refuses it, or the allocation ends. */
	permit(ip: string, explicit: boolean): Promise<void> {
		if (this.#ended !== null) return Promise.reject(this.#ended);
		this.#run(this.#core.permit(ip, explicit, this.#deps.clock.now()));
		if (this.#core.permits(ip)) return Promise.resolve();
		let wait = this.#permits.get(ip);
		if (wait === undefined) {
			wait = makeWait();
			this.#permits.set(ip, wait);
		}
		return wait.promise;
	}

	/** Asks for a channel to a peer. */
	bindChannel(peer: { readonly ip: string; readonly port: number }, use: ChannelUse): void {
		this.#run(this.#core.bindChannel(peer, use, this.#deps.clock.now()));
	}

	/** Asks the server to connect to a peer; "connected" or "unconnected" follows. */
	connect(peer: { readonly ip: string; readonly port: number }): void {
		this.#run(this.#core.connect(peer, this.#deps.clock.now()));
	}

	/** Ends the allocation and closes the link. Resolves once the server has confirmed it or time is up. */
	release(): Promise<void> {
		this.#released ??= this.#release();
		return this.#released;
	}

	async #release(): Promise<void> {
		if (this.#ended === null) {
			const { clock } = this.#deps;
			const timer = clock.setTimeout(() => this.#run([{ kind: "released" }]), RELEASE_TIMEOUT);
			this.#run(this.#core.release(clock.now()));
			await this.over;
			clock.clearTimeout(timer);
		}
		await this.link.close();
	}

	#trouble(error: Error): void {
		if (this.#opening !== null) this.#run(this.#core.fail(error));
		else this.#run(this.#core.probe(this.#deps.clock.now()));
	}

	readonly #onPacket = (packet: Buffer): void => {
		const first = packet[0] ?? STUN_BITS;
		if ((first & STUN_BITS) !== 0 || (first === 0 && packet[1] === DATA_INDICATION)) {
			for (const listener of this.#listeners) listener.data(packet);
			return;
		}
		try {
			this.#run(this.#core.receive(decodeMessage(packet), this.#deps.clock.now()));
		} catch (error) {
			// Nonsense, or an answer of another protocol: what was asked is asked again.
			if (!(error instanceof StunDecodeError)) throw error;
		}
	};

	#run(events: readonly AllocationEvent[]): void {
		for (const event of events) {
			switch (event.kind) {
				case "send":
					this.link.send(event.bytes);
					break;
				case "credentials":
					void this.#renew();
					break;
				case "allocated":
				case "redirected":
				case "failed":
					this.#opening?.(event);
					break;
				case "permitted":
					this.#permits.get(event.ip)?.resolve();
					this.#permits.delete(event.ip);
					this.#tell(event);
					break;
				case "refused":
					this.#permits.get(event.ip)?.reject(event.error);
					this.#permits.delete(event.ip);
					this.#tell(event);
					break;
				case "lost":
					this.#stop(event.error);
					this.#finish(event.error);
					this.#tell(event);
					void this.link.close();
					break;
				case "released":
					this.#stop(new TurnClosedError("the allocation"));
					this.#finish(null);
					break;
				default:
					this.#tell(event);
			}
		}
		this.#schedule();
	}

	#tell(event: AllocationEvent): void {
		for (const listener of [...this.#listeners]) listener.event(event);
	}

	#schedule(): void {
		const at = this.#ended === null ? this.#core.nextAt() : Number.POSITIVE_INFINITY;
		if (at === Number.POSITIVE_INFINITY) this.#timer.clear();
		else this.#timer.add(Math.max(0, at - this.#deps.clock.now()));
	}

	#stop(error: Error): void {
		this.#ended ??= error;
		this.#timer.clear();
		for (const wait of this.#permits.values()) wait.reject(this.#ended);
		this.#permits.clear();
	}

	async #renew(): Promise<void> {
		// What the provider throws is the same as none: the server's refusal is the error that the user sees.
		const credentials = await this.#deps.renewCredentials().catch(() => null);
		if (this.#ended === null) {
			this.#run(this.#core.replaceCredentials(credentials, this.#deps.clock.now()));
		}
	}
}

function makeWait(): Wait {
	let resolve: () => void = () => undefined;
	let reject: (error: Error) => void = () => undefined;
	const promise = new Promise<void>((done, failed) => {
		resolve = done;
		reject = failed;
	});
	// Those who wait hear of it; the promise itself may have nobody.
	promise.catch(() => undefined);
	return { promise, resolve, reject };
}
