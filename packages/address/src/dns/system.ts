import type { Clock, Family } from "@p2pd/net";
import { HEDGE_DELAY, HELPER_IDLE } from "../defaults.js";
import { AddressNotFoundError } from "../errors.js";
import { ipVersion } from "../ip/text.js";
import type { SystemLookup } from "../resolve/types.js";
import { HelperProcess } from "./helper-process.js";

/*
 * Names as the operating system resolves them. Only getaddrinfo knows what the machine knows (hosts file, split DNS,
 * mDNS), and it cannot be stopped, so it runs in a process. Measured with Node 20 against a server that never answers:
 * dns.lookup keeps the program alive for 5.1 s, even through process.exit(); a worker's terminate() takes 4.5 s, because
 * it waits for the lookup; a killed process is gone in 6 ms.
 */

/** Asks for the addresses of one family. */
export type AskFamily = (af: Family, signal: AbortSignal) => Promise<readonly string[]>;

/** One lookup of both families. `apart` resolves when each is to be looked up on its own too. */
interface BothFamilies {
	readonly both: Promise<readonly string[]>;
	readonly apart: Promise<void>;
}

/**
 * Asks the system's resolver for both families in one lookup, as other programs do: only then does a name in the hosts
 * file have exactly the addresses that the file says. If that takes longer than {@link HEDGE_DELAY}, or fails (as musl's
 * does when one family fails), each family is also looked up on its own, and its first definite answer counts.
 */
export function askBothFamilies(host: string, lookup: SystemLookup, clock: Clock): AskFamily {
	let shared: BothFamilies | undefined;
	return (af, signal) => {
		shared ??= startBoth(lookup(host, 0, signal), clock);
		const { both, apart } = shared;
		return new Promise((resolve, reject) => {
			both
				.then((addresses) => resolve(ofFamily(host, addresses, af)))
				.catch((error: unknown) => {
					// After any other failure the family's own lookup decides.
					if (error instanceof AddressNotFoundError) reject(error);
				});
			apart.then(() => lookup(host, af, signal)).then(resolve, reject);
		});
	};
}

function startBoth(both: Promise<readonly string[]>, clock: Clock): BothFamilies {
	const apart = new Promise<void>((resolve) => {
		const timer = clock.setTimeout(resolve, HEDGE_DELAY);
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

/** One process takes all names, until a lookup in it is abandoned. */
let helper: HelperProcess | undefined;
let idleTimer: NodeJS.Timeout | undefined;

/** The system's resolver, in a helper process that an abort really ends. */
export const systemLookup: SystemLookup = async (host, family, signal) => {
	signal.throwIfAborted();
	clearTimeout(idleTimer);
	const mine = helper?.usable ? helper : startHelper(host);
	try {
		return await mine.lookup(host, family, signal);
	} finally {
		if (mine === helper && mine.usable && mine.idle) endWhenIdle(mine);
	}
};

function startHelper(host: string): HelperProcess {
	const started: HelperProcess = new HelperProcess(host, () => {
		if (helper === started) helper = undefined;
	});
	helper = started;
	return started;
}

function endWhenIdle(idle: HelperProcess): void {
	clearTimeout(idleTimer);
	idleTimer = setTimeout(() => idle.kill(), HELPER_IDLE);
	idleTimer.unref();
}
