import type { ManualClock } from "./manual-clock.js";
import type { DropReason, Packet, PacketEvent } from "./packet.js";

/** Sees what happens to packets. */
export type Watcher = (event: PacketEvent) => void;

/** What every part of one network shares: the clock, and those who watch. */
export class Fabric {
	readonly clock: ManualClock;
	readonly #watchers = new Set<Watcher>();

	constructor(clock: ManualClock) {
		this.clock = clock;
	}

	/** Calls `watcher` for everything that happens from now on. @returns what ends it */
	watch(watcher: Watcher): () => void {
		this.#watchers.add(watcher);
		return () => this.#watchers.delete(watcher);
	}

	report(what: PacketEvent["what"], where: string, packet: Packet, why?: DropReason): void {
		if (this.#watchers.size === 0) return;
		const at = this.clock.now();
		const event: PacketEvent =
			why === undefined ? { at, where, what, packet } : { at, where, what, why, packet };
		for (const watcher of this.#watchers) watcher(event);
	}
}
