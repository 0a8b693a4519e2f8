import { inspect } from "node:util";
import { InterfaceNotFoundError, NotStartedError } from "./errors.js";
import type { DefaultNic, NicInfo, NicSnapshot, OsFamily } from "./os/types.js";
import { SharedTask } from "./shared-task.js";

/** Looks at the operating system: `enumerateInterfaces`, or a test's own. */
export type Enumerate = (options: { readonly signal?: AbortSignal }) => Promise<NicSnapshot>;

/**
 * The NICs that the OS has: P2PD's `netifaces`. It holds the newest look and can take another; whatever asks it for
 * a default NIC gets that of the newest look.
 */
export class Netifaces {
	readonly #now: () => number;
	readonly #look: SharedTask<NicSnapshot>;
	#snapshot: NicSnapshot | null = null;
	#takenAt = Number.NEGATIVE_INFINITY;

	/**
	 * @param enumerate how to look
	 * @param now steady milliseconds
	 */
	constructor(enumerate: Enumerate, now: () => number) {
		this.#now = now;
		this.#look = new SharedTask(async (signal) => {
			const snapshot = await enumerate({ signal });
			this.take(snapshot);
			return snapshot;
		});
	}

	/**
	 * Looks at the OS, unless the newest look is young enough. Callers at the same time share one look.
	 *
	 * @param maxAge how old a look will do, in ms. @default 0
	 * @throws the signal's reason
	 */
	async look(
		options: { readonly maxAge?: number; readonly signal?: AbortSignal } = {},
	): Promise<NicSnapshot> {
		options.signal?.throwIfAborted();
		const { maxAge = 0, signal } = options;
		if (this.#snapshot && this.#now() - this.#takenAt < maxAge) return this.#snapshot;
		return this.#look.run(undefined, signal);
	}

	/** Takes a look that somebody else had (a watch) for the newest one. */
	take(snapshot: NicSnapshot): void {
		this.#snapshot = snapshot;
		this.#takenAt = this.#now();
	}

	/** Whether a look was taken. */
	get hasLooked(): boolean {
		return this.#snapshot !== null;
	}

	/** The newest look. @throws NotStartedError (ERR_NETIF_NOT_STARTED) before the first */
	get snapshot(): NicSnapshot {
		if (!this.#snapshot) throw new NotStartedError("the list of NICs");
		return this.#snapshot;
	}

	/** Every NIC, in the order of its index. */
	get nics(): readonly NicInfo[] {
		return this.snapshot.nics;
	}

	/** The names of all NICs, in the same order. */
	list(): string[] {
		return this.nics.map(({ name }) => name);
	}

	/** A NIC by its name, display name or GUID. @throws InterfaceNotFoundError (ERR_NETIF_NOT_FOUND) */
	get(name: string): NicInfo {
		const found = findNic(this.nics, name);
		if (!found) throw new InterfaceNotFoundError(name, this.list());
		return found;
	}

	/** The NIC of the default way out with a family, or `null` where there is none. */
	defaultNic(af: OsFamily): DefaultNic | null {
		return this.snapshot.defaults[af];
	}

	/** The newest look as it is. */
	toJSON(): NicSnapshot {
		return this.snapshot;
	}

	/** What Node's console shows. */
	[inspect.custom](): string {
		return `Netifaces(${this.#snapshot ? this.list().join(", ") : "not looked yet"})`;
	}
}

/** A NIC by its name; else by the display name (P2PD's names on Windows) or the GUID, if that is of one NIC alone. */
export function findNic(nics: readonly NicInfo[], name: string): NicInfo | undefined {
	const exact = nics.find((nic) => nic.name === name);
	if (exact) return exact;
	const guid = name.toLowerCase().replace(/^\{?(.*?)\}?$/, "{$1}");
	const others = nics.filter((nic) => nic.displayName === name || nic.guid?.toLowerCase() === guid);
	return others.length === 1 ? others[0] : undefined;
}
