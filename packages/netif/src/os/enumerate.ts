import { type Family, type Fields, is, objectProblem, type SourceAnswer } from "@p2pd/net";
import { refuse } from "../errors.js";
import { readDarwin } from "./darwin/read.js";
import { chooseDefault, isDefaultRoute, probeDestination } from "./default-nic.js";
import { readFallback } from "./fallback.js";
import { hostDeps, readHostAddresses } from "./host.js";
import { readLinuxNames } from "./linux/proc.js";
import { readLinux } from "./linux/read.js";
import type {
	EnumerateOptions,
	NicGateway,
	NicInfo,
	NicSnapshot,
	OsDeps,
	PerFamily,
	RawNic,
	RawSnapshot,
} from "./types.js";
import { readWindows } from "./windows/read.js";

type Reader = (deps: OsDeps, options: EnumerateOptions) => Promise<RawSnapshot>;

const READERS: Readonly<Record<string, Reader>> = {
	linux: readLinux,
	android: readLinux,
	darwin: readDarwin,
	win32: readWindows,
};

const fields: Fields = { timeout: is.timeout, signal: is.signal };

/**
 * Reads every NIC of the operating system with its addresses and routes, and the default NIC of each family. Sends
 * nothing. A fact that the OS refuses is named in `missing` and never guessed silently.
 *
 * @param options the deadline for commands, and a signal
 * @param deps the operating system; this machine's by default
 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT), or the signal's reason; it is not expected to fail otherwise
 */
export async function enumerateInterfaces(
	options: EnumerateOptions = {},
	deps: Partial<OsDeps> = {},
): Promise<NicSnapshot> {
	refuse(objectProblem(options, "", fields));
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

/** The kernel's answer, or `null` if every destination to ask about has a route of its own. */
async function askKernel(os: OsDeps, raw: RawSnapshot, af: Family): Promise<SourceAnswer | null> {
	const destination = probeDestination(raw.nics, af);
	return destination === null ? null : os.sourceAddress(destination);
}

/**
 * Makes the snapshot from a platform reader's result and the kernel's answers.
 *
 * @param answers the kernel's source address for each family; `null` if it was not asked
 */
function assemble(platform: string, raw: RawSnapshot, answers: PerFamily<SourceAnswer | null>): NicSnapshot {
	const defaults = { 4: chooseDefault(raw, 4, answers[4]), 6: chooseDefault(raw, 6, answers[6]) };
	const nics = raw.nics.map(
		(nic): NicInfo => ({
			...nic,
			gateways: { 4: gatewaysOf(nic, 4), 6: gatewaysOf(nic, 6) },
			isDefault: { 4: defaults[4]?.name === nic.name, 6: defaults[6]?.name === nic.name },
		}),
	);
	nics.sort(
		(a, b) =>
			(a.index ?? Number.MAX_SAFE_INTEGER) - (b.index ?? Number.MAX_SAFE_INTEGER) ||
			(a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
	);
	return { platform, nics, defaults, routesKnown: raw.routesKnown, missing: raw.missing };
}

function gatewaysOf(nic: RawNic, af: Family): NicGateway[] {
	const seen = new Set<string>();
	return nic.routes
		.filter((route) => route.af === af && isDefaultRoute(route))
		.sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0))
		.map(({ gateway, metric }) => ({ ip: gateway, metric }))
		.filter(({ ip, metric }) => {
			// The two halves of a VPN's default route are one gateway.
			const key = `${ip} ${metric}`;
			return !seen.has(key) && seen.add(key);
		});
}

/**
 * The names of all NICs, at once and without a child process. On Linux every NIC of this network namespace; on other
 * systems those that `os.networkInterfaces()` lists, which leaves out links that are down. Empty if the OS refuses that.
 *
 * @param deps the operating system; this machine's by default
 */
export function listInterfaceNames(deps: Partial<OsDeps> = {}): string[] {
	const os: OsDeps = { ...hostDeps, ...deps };
	if (os.platform === "linux" || os.platform === "android") {
		try {
			return readLinuxNames(os);
		} catch {
			// Android refuses both files; libuv's list remains.
		}
	}
	const host = readHostAddresses(os);
	return host.ok ? [...host.byName.keys()] : [];
}
