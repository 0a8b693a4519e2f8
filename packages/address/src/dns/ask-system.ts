import type { Clock } from "../clock.js";
import { AddressNotFoundError } from "../errors.js";
import { ipVersion } from "../ip/predicates.js";
import type { Family } from "../types.js";
import type { AskFamily, SystemLookup } from "./types.js";

/** One lookup of both families, and the moment from which each is to be looked up on its own too. */
interface Shared {
	readonly both: Promise<readonly string[]>;
	readonly apart: Promise<void>;
}

/**
 * Asks the system resolver for both families in one go, as other programs do: only so is a name of the hosts
 * file what the file says and no more. If that takes longer than `hedgeAfter` ms, or fails (as musl's does when
 * one family fails), each family is looked up on its own too, and its first certain answer counts.
 */
export function askSystem(host: string, lookup: SystemLookup, hedgeAfter: number, clock: Clock): AskFamily {
	let shared: Shared | undefined;
	return (af, signal) => {
		shared ??= startBoth(lookup(host, 0, signal), hedgeAfter, clock);
		const { both, apart } = shared;
		return new Promise((resolve, reject) => {
			both
				.then((addresses) => resolve(ofFamily(host, addresses, af)))
				.catch((error: unknown) => {
					// Any other failure brings the moment on, and the family's own lookup decides.
					if (error instanceof AddressNotFoundError) reject(error);
				});
			apart.then(() => lookup(host, af, signal)).then(resolve, reject);
		});
	};
}

function startBoth(both: Promise<readonly string[]>, hedgeAfter: number, clock: Clock): Shared {
	const apart = new Promise<void>((resolve) => {
		const timer = clock.setTimeout(resolve, hedgeAfter);
		both.then(
			() => clock.clearTimeout(timer),
			(error: unknown) => {
				clock.clearTimeout(timer);
				if (!(error instanceof AddressNotFoundError)) resolve();
			},
		);
	});
	return { both, apart };
}

function ofFamily(host: string, addresses: readonly string[], af: Family): readonly string[] {
	const found = addresses.filter((address) => ipVersion(address) === af);
	if (found.length === 0) throw new AddressNotFoundError(host, `no IPv${af} address`);
	return found;
}
