import { assemble } from "./assemble.js";
import { readDarwin } from "./darwin/read.js";
import { probeDestination } from "./default-nic.js";
import { readFallback } from "./fallback.js";
import { hostDeps } from "./host-deps.js";
import { readLinux } from "./linux/read.js";
import type { EnumerateOptions, NicSnapshot, OsDeps, OsFamily, RawSnapshot, SourceAnswer } from "./types.js";
import { readWindows } from "./windows/read.js";

type Reader = (deps: OsDeps, options: EnumerateOptions) => Promise<RawSnapshot>;

const READERS: Readonly<Record<string, Reader>> = {
	linux: readLinux,
	android: readLinux,
	darwin: readDarwin,
	win32: readWindows,
};

/**
 * Looks at the operating system once: every NIC, its addresses and routes, and the default NIC of each family.
 * Sends nothing. A fact that the OS refuses is named in `missing` and never guessed silently.
 *
 * @param options the deadline for commands, and a signal
 * @param deps the operating system; this machine's by default
 * @throws the signal's reason when it aborts; nothing else is expected to make it fail
 */
export async function enumerateInterfaces(
	options: EnumerateOptions = {},
	deps: Partial<OsDeps> = {},
): Promise<NicSnapshot> {
	const os: OsDeps = { ...hostDeps, ...deps };
	options.signal?.throwIfAborted();
	const read =
		READERS[os.platform] ??
		((each, its): Promise<RawSnapshot> =>
			readFallback(each, its, `no reader for the platform ${os.platform}`));
	const raw = await read(os, options);
	const [four, six] = await Promise.all([askKernel(os, raw, 4), askKernel(os, raw, 6)]);
	options.signal?.throwIfAborted();
	return assemble(os.platform, raw, { 4: four, 6: six });
}

/** The kernel's answer, or `null` when every destination to ask about has a route of its own. */
async function askKernel(os: OsDeps, raw: RawSnapshot, af: OsFamily): Promise<SourceAnswer | null> {
	const destination = probeDestination(raw.nics, af);
	return destination === null ? null : os.sourceAddress(destination);
}
