import type { PeerIdentity } from "@p2pd/peer";
import { openMqttSignal, type Signal } from "@p2pd/signal";

/** A signal in use; call `release` once. */
export interface SignalLease {
	readonly signal: Signal;
	release(): void;
}

/**
 * The signals of a node: its own, which stay, and those of peers, which are opened to reach them and closed soon after the
 * last use.
 */
export class SignalPool {
	/** The node's own inboxes. */
	readonly own: readonly Signal[];
	readonly #identity: PeerIdentity;
	readonly #onOpen: (signal: Signal) => void;
	readonly #borrowed = new Map<string, { readonly signal: Signal; users: number }>();
	readonly #closing = new Set<Promise<void>>();

	constructor(own: readonly (string | Signal)[], identity: PeerIdentity, onOpen: (signal: Signal) => void) {
		this.#identity = identity;
		this.#onOpen = onOpen;
		this.own = own.map((one) => (typeof one === "string" ? openMqttSignal(one, identity) : one));
		for (const signal of this.own) onOpen(signal);
	}

	/** URLs of the own inboxes that others can be told. */
	get urls(): readonly string[] {
		return this.own.map(({ url }) => url).filter((url) => URL.canParse(url));
	}

	/**
	 * The signals by which a peer with these URLs can be reached: an own one where it is on the same server, else one that is
	 * opened. Own signals without a URL (memory) reach everyone.
	 */
	leases(urls: readonly string[]): readonly SignalLease[] {
		const memory = this.own
			.filter(({ url }) => !URL.canParse(url))
			.map((signal) => ({ signal, release: () => undefined }));
		return [...urls.map((url) => this.#lease(url)), ...memory];
	}

	async close(): Promise<void> {
		const borrowed = [...this.#borrowed.values()];
		this.#borrowed.clear();
		await Promise.all([...this.own, ...borrowed.map(({ signal }) => signal)].map((signal) => signal.close()));
		await Promise.all(this.#closing);
	}

	#lease(url: string): SignalLease {
		const own = this.own.find((signal) => signal.url === url);
		if (own !== undefined) return { signal: own, release: () => undefined };
		const known = this.#borrowed.get(url);
		const entry = known ?? { signal: openMqttSignal(url, this.#identity), users: 0 };
		if (known === undefined) {
			this.#borrowed.set(url, entry);
			this.#onOpen(entry.signal);
		}
		entry.users++;
		return {
			signal: entry.signal,
			release: () => {
				entry.users--;
				if (entry.users > 0 || this.#borrowed.get(url) !== entry) return;
				this.#borrowed.delete(url);
				const closing = entry.signal.close().finally(() => this.#closing.delete(closing));
				this.#closing.add(closing);
			},
		};
	}
}
