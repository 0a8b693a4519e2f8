import type { NicRef } from "@p2pd/net";
import { checkTimeout } from "../check-timeout.js";
import type { InterfaceSelector } from "../choose-nic.js";
import { LOOK_MAX_AGE, START_TIMEOUT } from "../defaults.js";
import { type InterfaceState, stateOfNic } from "../interface-state.js";
import type { Netifaces } from "../netifaces.js";
import type { NicInfo, NicSnapshot } from "../os/types.js";
import { SharedTask } from "../shared-task.js";
import type { CallOptions, InterfaceDeps, InterfaceOptions } from "../types.js";
import type { InterfacesEvent } from "../watch/types.js";
import { lookUp } from "./look-up.js";
import { observationTime, withDeadline } from "./with-deadline.js";

/** What a starter works for. */
export interface StarterParts {
	/** The interface. */
	readonly nic: NicRef;
	readonly options: InterfaceOptions;
	readonly deps: InterfaceDeps;
	/** Told what was learned, as soon as it is. */
	readonly learn: (state: Partial<InterfaceState>) => void;
}

/** What one start is asked for. */
interface StartInput {
	readonly selector: InterfaceSelector;
	/** How old a look at the OS will do, in ms. */
	readonly maxAge: number;
	readonly timeout: number;
}

/** Where a NIC was found last. */
export interface Seen {
	readonly info: NicInfo;
	readonly snapshot: NicSnapshot;
}

/** Starts an interface, again and again if it must: starts at the same time are one. */
export class Starter {
	readonly #parts: StarterParts;
	readonly #starting: SharedTask<void, StartInput>;
	#netifaces: Netifaces | null;
	#seen: Seen | null = null;

	constructor(parts: StarterParts) {
		this.#parts = parts;
		this.#netifaces = parts.options.netifaces ?? null;
		this.#starting = new SharedTask((signal, input) => this.#start(signal, input));
	}

	/** The look at the OS in which the NIC was found last; `null` before. */
	get seen(): Seen | null {
		return this.#seen;
	}

	/** Starts with a look that is young enough to be shared with other interfaces. */
	start(selector: InterfaceSelector, call: CallOptions): Promise<void> {
		return this.#run(selector, LOOK_MAX_AGE, call);
	}

	/** Starts with a new look at the OS, or with that of a watch. */
	again(selector: InterfaceSelector, event: InterfacesEvent | undefined, call: CallOptions): Promise<void> {
		if (event) this.#looks().take(event.snapshot);
		return this.#run(selector, event ? LOOK_MAX_AGE : 0, call);
	}

	#looks(): Netifaces {
		this.#netifaces ??= this.#parts.deps.netifaces();
		return this.#netifaces;
	}

	#run(selector: InterfaceSelector, maxAge: number, call: CallOptions): Promise<void> {
		const { options, deps } = this.#parts;
		const timeout = checkTimeout(call.timeout ?? options.timeout ?? START_TIMEOUT);
		const input = { selector, maxAge, timeout };
		return withDeadline("start()", { timeout, signal: call.signal, clock: deps.clock }, (signal) =>
			this.#starting.run(input, signal),
		);
	}

	async #start(signal: AbortSignal, { selector, maxAge, timeout }: StartInput): Promise<void> {
		const { nic, options, deps, learn } = this.#parts;
		const deadline = deps.clock.now() + observationTime(timeout);
		const found = (info: NicInfo, snapshot: NicSnapshot): void => {
			this.#seen = { info, snapshot };
			learn(stateOfNic(info, snapshot));
		};
		const netifaces = this.#looks();
		learn(await lookUp({ selector, nic, netifaces, options, deps, maxAge, deadline, found }, signal));
	}
}
