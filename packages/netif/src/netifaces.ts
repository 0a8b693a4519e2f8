import { inspect } from "node:util";
import { type Clock, type Family, type Fields, is, objectProblem, systemClock } from "@p2pd/net";
import { NetifNoGatewayError, NetifNotFoundError, NetifNotStartedError, refuse } from "./errors.js";
import { enumerateInterfaces } from "./os/enumerate.js";
import type { CommandRunner, DefaultNic, EnumerateOptions, NicInfo, NicSnapshot } from "./os/types.js";
import { SharedTask } from "./shared-task.js";

/** Enumerates the NICs: `enumerateInterfaces`, or a test's own function. */
export type Enumerate = (options: { readonly signal?: AbortSignal }) => Promise<NicSnapshot>;

/** What the environment supplies to {@link initP2pd}. */
export interface InitDeps {
	/** @default `enumerateInterfaces` */
	readonly enumerate?: Enumerate;
	/** Runs the commands of macOS and Windows. @default `execFile`, without a shell */
	readonly run?: CommandRunner;
	readonly clock?: Pick<Clock, "now">;
}

/** How {@link Netifaces.look} enumerates. */
export interface LookOptions {
	/** How old the newest snapshot may be to be returned instead, in ms. @default 0 */
	readonly maxAge?: number;
	readonly signal?: AbortSignal;
}

const lookFields: Fields = { maxAge: is.timeoutOrInfinity, signal: is.signal };

/** The NICs of the OS: P2PD's `netifaces`. Holds the newest snapshot, and can take a new one. */
export class Netifaces {
	readonly #now: () => number;
	readonly #enumeration: SharedTask<NicSnapshot>;
	#snapshot: NicSnapshot | null = null;
	#takenAt = Number.NEGATIVE_INFINITY;

	/**
	 * @param enumerate how to read the NICs
	 * @param now steady milliseconds
	 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT)
	 */
	constructor(enumerate: Enumerate, now: () => number) {
		refuse(is.function(enumerate, "enumerate") ?? is.function(now, "now"));
		this.#now = now;
		this.#enumeration = new SharedTask(async (signal) => {
			const snapshot = await enumerate({ signal });
			this.take(snapshot);
			return snapshot;
		});
	}

	/**
	 * Enumerates the NICs, unless the newest snapshot is recent enough. Callers at the same time share one enumeration.
	 *
	 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT), or the signal's reason
	 */
	async look(options: LookOptions = {}): Promise<NicSnapshot> {
		refuse(objectProblem(options, "", lookFields));
		const { maxAge = 0, signal } = options;
		signal?.throwIfAborted();
		if (this.#snapshot && this.#now() - this.#takenAt < maxAge) return this.#snapshot;
		return this.#enumeration.run(undefined, signal);
	}

	/**
	 * Stores a snapshot from elsewhere (a watch) as the newest one.
	 *
	 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT)
	 */
	take(snapshot: NicSnapshot): void {
		refuse(isSnapshot(snapshot, "snapshot"));
		this.#snapshot = snapshot;
		this.#takenAt = this.#now();
	}

	/** Whether there is a snapshot. */
	get hasLooked(): boolean {
		return this.#snapshot !== null;
	}

	/** The newest snapshot. @throws NetifNotStartedError (ERR_NETIF_NOT_STARTED) before the first one */
	get snapshot(): NicSnapshot {
		if (!this.#snapshot) throw new NetifNotStartedError("the list of NICs");
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

	/**
	 * A NIC by its name, display name or GUID.
	 *
	 * @throws NetifNotFoundError (ERR_NETIF_NOT_FOUND), NetifArgumentError (ERR_NETIF_ARGUMENT)
	 */
	get(name: string): NicInfo {
		return chooseNic(this.snapshot, checkName(name));
	}

	/**
	 * The NIC of a family's default route, or `null` if there is none.
	 *
	 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT) for a family other than 4 and 6
	 */
	defaultNic(af: Family): DefaultNic | null {
		refuse(is.family(af, "af"));
		return this.snapshot.defaults[af];
	}

	/** The newest snapshot. */
	toJSON(): NicSnapshot {
		return this.snapshot;
	}

	/** Whether a value is one: an object that merely inherits from one is not. */
	static isNetifaces(value: unknown): value is Netifaces {
		return typeof value === "object" && value !== null && #snapshot in value;
	}

	/** What Node's console shows. */
	[inspect.custom](): string {
		return `Netifaces(${this.#snapshot ? this.list().join(", ") : "not enumerated yet"})`;
	}
}

/** The check of a snapshot, as far as this package relies on a foreign one. */
export const isSnapshot = is.shape(
	{
		platform: is.text,
		nics: is.listOf(
			is.shape(
				{
					name: is.filledText,
					addresses: is.listOf(is.object),
					routes: is.listOf(is.object),
					gateways: is.shape({ 4: is.listOf(is.object), 6: is.listOf(is.object) }, { required: ["4", "6"] }),
					isDefault: is.object,
				},
				{ required: ["name", "addresses", "routes", "gateways", "isDefault"], open: true },
			),
		),
		defaults: is.object,
		routesKnown: is.object,
	},
	{ required: ["platform", "nics", "defaults", "routesKnown"], open: true },
);

function checkName(name: string): string {
	refuse(is.text(name, "name"));
	return name;
}

/**
 * Enumerates the NICs of this machine and returns them as P2PD's `netifaces`. Sends nothing.
 *
 * @param options `signal`, and `timeout` for the commands of macOS and Windows, in ms
 * @param deps how to enumerate
 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT), or the signal's reason
 */
export async function initP2pd(options: EnumerateOptions = {}, deps: InitDeps = {}): Promise<Netifaces> {
	refuse(objectProblem(options, "", { timeout: is.timeout, signal: is.signal }));
	const netifaces = newNetifaces(deps, options.timeout);
	await netifaces.look(options.signal ? { signal: options.signal } : {});
	return netifaces;
}

const initFields: Fields = {
	enumerate: is.function,
	run: is.function,
	clock: is.shape({ now: is.function }, { open: true }),
};

/** NICs without a snapshot yet. */
export function newNetifaces(deps: InitDeps = {}, timeout?: number): Netifaces {
	refuse(objectProblem(deps, "deps", initFields));
	const { run, clock = systemClock } = deps;
	const enumerate: Enumerate =
		deps.enumerate ??
		(({ signal }) =>
			enumerateInterfaces(
				{ ...(signal ? { signal } : {}), ...(timeout === undefined ? {} : { timeout }) },
				run ? { run } : {},
			));
	return new Netifaces(enumerate, () => clock.now());
}

/** What an `Interface` can be asked for by: a name, a family (its default NIC), or nothing (the default NIC). */
export type InterfaceSelector = string | Family | null | undefined;

/**
 * The NIC that a selector stands for. A name is a NIC's name, or its display name (P2PD's names on Windows) or GUID if
 * only one NIC has it.
 *
 * @throws NetifNotFoundError (ERR_NETIF_NOT_FOUND) for an unknown name
 * @throws NetifNoGatewayError (ERR_NETIF_NO_GATEWAY) if the family, or both, have no default route
 */
export function chooseNic(snapshot: NicSnapshot, selector: InterfaceSelector): NicInfo {
	if (selector === null || selector === undefined || selector === "") return defaultOf(snapshot, [4, 6]);
	if (typeof selector === "number") return defaultOf(snapshot, [selector]);
	const { nics } = snapshot;
	const guid = selector.toLowerCase().replace(/^\{?(.*?)\}?$/, "{$1}");
	const others = nics.filter((nic) => nic.displayName === selector || nic.guid?.toLowerCase() === guid);
	const found = nics.find((nic) => nic.name === selector) ?? (others.length === 1 ? others[0] : undefined);
	if (found) return found;
	throw new NetifNotFoundError(
		selector,
		nics.map(({ name }) => name),
	);
}

function defaultOf(snapshot: NicSnapshot, families: readonly Family[]): NicInfo {
	for (const af of families) {
		const name = snapshot.defaults[af]?.name;
		const nic = snapshot.nics.find((each) => each.name === name);
		if (nic) return nic;
	}
	throw new NetifNoGatewayError(
		families.length === 1 ? (families[0] ?? null) : null,
		snapshot.nics.map(({ name }) => name),
	);
}
