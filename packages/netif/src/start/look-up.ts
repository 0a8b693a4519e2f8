import type { NicRef } from "@p2pd/net";
import { chooseNic, type InterfaceSelector } from "../choose-nic.js";
import { type InterfaceState, stateOfNic } from "../interface-state.js";
import type { Netifaces } from "../netifaces.js";
import type { NicInfo, NicSnapshot } from "../os/types.js";
import type { InterfaceDeps, InterfaceOptions } from "../types.js";
import { resolveFamilies } from "./family-routes.js";
import { stunServersFor } from "./servers.js";

/** What one start of an interface rests on. */
export interface LookUp {
	readonly selector: InterfaceSelector;
	/** The interface: the sockets of an observation, and later the routes, are of it. */
	readonly nic: NicRef;
	readonly netifaces: Netifaces;
	readonly options: InterfaceOptions;
	readonly deps: InterfaceDeps;
	/** How old a look at the OS will do, in ms. */
	readonly maxAge: number;
	/** The moment, by the clock, at which the external addresses must be there. */
	readonly deadline: number;
	/** Told of the NIC before its addresses are observed: sockets ask the interface whether it is the default one. */
	readonly found: (info: NicInfo, snapshot: NicSnapshot) => void;
}

/**
 * Finds the NIC, and the routes of both families at once.
 *
 * @returns the part of the interface's state that it tells
 * @throws InterfaceNotFoundError, NoDefaultInterfaceError, StunConfigError, or the signal's reason
 */
export async function lookUp(what: LookUp, signal: AbortSignal): Promise<Partial<InterfaceState>> {
	const { nic, options, deps, deadline } = what;
	const servers = stunServersFor(options.stunServers, deps.env);
	const snapshot = await what.netifaces.look({ maxAge: what.maxAge, signal });
	const info = chooseNic(snapshot, what.selector);
	what.found(info, snapshot);
	const setting = { info, nic, servers, options, deps, deadline };
	const { 4: four, 6: six } = await resolveFamilies(setting, snapshot, signal);
	signal.throwIfAborted();
	return {
		...stateOfNic(info, snapshot),
		pools: { 4: four.pool, 6: six.pool },
		reasons: { 4: four.reason, 6: six.reason },
	};
}
