import { InterfaceNotFoundError } from "./errors.js";
import { newNetifaces } from "./init.js";
import { Interface } from "./interface.js";
import type { Netifaces } from "./netifaces.js";
import type { CallOptions, InterfaceDeps, InterfaceOptions } from "./types.js";
import { type UsableInterface, usableOf } from "./usable.js";

/** Options of {@link listInterfaces}. */
export interface ListInterfacesOptions {
	/** The NICs to choose from. @default a look at this machine */
	readonly netifaces?: Netifaces;
	readonly signal?: AbortSignal;
}

/** Options of {@link loadInterfaces}. */
export interface LoadInterfacesOptions extends InterfaceOptions, CallOptions {
	/** Load these instead of those of use. */
	readonly names?: readonly string[];
	/** Whether to load the NAT of each. @default true */
	readonly nat?: boolean;
}

/**
 * The NICs of use for WAN or LAN, the default ones first: see {@link UsableInterface} for what is told of each.
 * Loopbacks, links that are down, bridges and their ports are left out, unless a route by a gateway leads over them.
 *
 * @throws the signal's reason
 */
export async function listInterfaces(options: ListInterfacesOptions = {}): Promise<UsableInterface[]> {
	const { netifaces, signal } = options;
	if (netifaces) return usableOf(netifaces.nics);
	return usableOf((await newNetifaces().look(signal ? { signal } : {})).nics);
}

/**
 * Starts the NICs of use, all at once, and loads the NAT of each. One whose NAT could not be found out stays, with
 * the reason in its `nat`, and so does one without a way out; one that vanished meanwhile is left out.
 *
 * @returns in the order of {@link listInterfaces}, or of `names`
 * @throws InterfaceNotFoundError for a name that nobody has, StunConfigError, or the signal's reason
 */
export async function loadInterfaces(
	options: LoadInterfacesOptions = {},
	deps: Partial<InterfaceDeps> = {},
): Promise<Interface[]> {
	const { names, nat = true, signal, timeout, ...rest } = options;
	const netifaces = rest.netifaces ?? deps.netifaces?.() ?? newNetifaces();
	const call = { ...(signal ? { signal } : {}), ...(timeout === undefined ? {} : { timeout }) };
	const snapshot = rest.netifaces?.hasLooked ? rest.netifaces.snapshot : await netifaces.look(call);
	const wanted =
		names?.map((name) => netifaces.get(name).name) ?? usableOf(snapshot.nics).map(({ name }) => name);
	const made = wanted.map((name) => new Interface(name, { ...rest, netifaces }, deps));
	const loaded = await Promise.all(
		made.map(async (nic) => {
			try {
				await nic.start(call);
			} catch (error) {
				// It was there when the list was made, and is gone: as if it had not been listed.
				if (error instanceof InterfaceNotFoundError) return null;
				throw error;
			}
			if (nat) await nic.loadNat(signal ? { signal } : {});
			return nic;
		}),
	);
	return loaded.filter((nic) => nic !== null);
}
