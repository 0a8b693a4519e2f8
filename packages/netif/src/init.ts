import { systemClock } from "@p2pd/stun-client";
import { Netifaces } from "./netifaces.js";
import { enumerateInterfaces } from "./os/enumerate.js";
import type { EnumerateOptions } from "./os/types.js";
import type { InitDeps } from "./types.js";

/**
 * Looks at the NICs of this machine and gives them as P2PD's `netifaces`. Sends nothing.
 *
 * @param options `signal`, and `timeout` for the commands of macOS and Windows, in ms
 * @param deps how to look
 * @throws the signal's reason
 */
export async function initP2pd(options: EnumerateOptions = {}, deps: InitDeps = {}): Promise<Netifaces> {
	const netifaces = newNetifaces(deps, options.timeout);
	await netifaces.look(options.signal ? { signal: options.signal } : {});
	return netifaces;
}

/** NICs that have not been looked at yet. */
export function newNetifaces(deps: InitDeps = {}, timeout?: number): Netifaces {
	const { run, clock = systemClock } = deps;
	const enumerate =
		deps.enumerate ??
		(({ signal }): ReturnType<typeof enumerateInterfaces> =>
			enumerateInterfaces(
				{ ...(signal ? { signal } : {}), ...(timeout === undefined ? {} : { timeout }) },
				run ? { run } : {},
			));
	return new Netifaces(enumerate, () => clock.now());
}
