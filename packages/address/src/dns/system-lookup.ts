import { HELPER_IDLE_MS } from "../defaults.js";
import { HelperProcess } from "./helper-process.js";
import type { SystemLookup } from "./types.js";

/*
 * Why a process. getaddrinfo is the only way to the names as the machine knows them (hosts file, split DNS,
 * mDNS), and it cannot be stopped. Measured with Node 20 against a server that never answers: dns.lookup keeps
 * the program for 5.1 s even through process.exit(); a worker's terminate() takes 4.5 s, because it waits for
 * the lookup; a killed process is gone in 6 ms.
 */

/** One process takes all names, until one of them is given up. */
let helper: HelperProcess | undefined;
let idleTimer: NodeJS.Timeout | undefined;

/** Names as the operating system resolves them, in a process of its own that an abort really ends. */
export const systemLookup: SystemLookup = async (host, family, signal) => {
	signal.throwIfAborted();
	clearTimeout(idleTimer);
	const mine = helper?.usable ? helper : start(host);
	try {
		return await mine.lookup(host, family, signal);
	} finally {
		if (mine === helper && mine.usable && mine.idle) endWhenUnused(mine);
	}
};

function start(host: string): HelperProcess {
	const started: HelperProcess = new HelperProcess(host, () => {
		if (helper === started) helper = undefined;
	});
	helper = started;
	return started;
}

function endWhenUnused(idle: HelperProcess): void {
	clearTimeout(idleTimer);
	idleTimer = setTimeout(() => idle.kill(), HELPER_IDLE_MS);
	idleTimer.unref();
}
