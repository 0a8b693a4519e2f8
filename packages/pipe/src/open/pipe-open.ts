import { resolveHost } from "@p2pd/address";
import { FAMILIES, type Family, is, systemClock } from "@p2pd/net";
import { checkDeps } from "../check.js";
import { PipeOptionError } from "../errors.js";
import { familyOf } from "../peer.js";
import { NO_OPTIONS, resolveSettings } from "../settings.js";
import type { Pipe, PipeProtocol } from "../types.js";
import { openAdopted } from "./adopt.js";
import { readDestination, type Target } from "./destination.js";
import { type Candidate, candidatesOf, kernelSockets, socketsOf } from "./routes.js";
import { type Opening, openTcpClient, openTcpServer, openUdp } from "./sockets.js";
import type { PipeDeps, PipeDestination, PipeOptions, PipeRoute } from "./types.js";

const NO_DEPS: PipeDeps = {};
const isProtocol = is.oneOf("tcp", "udp");

/**
 * Opens a pipe: a client if there is a destination, otherwise a server.
 *
 * @param route a bound route or other socket factory, a route, an `Interface` (its first route of each family that
 * the destination has), or null to let the kernel choose
 * @param protocol `TCP` or `UDP`
 * @param dest an `Address`, an endpoint, `[host, port]` or `"host:port"`
 *
 * Rejects with PipeOptionError, PipeResolveError, PipeDestinationError, PipeBindError, PipeConnectError,
 * PipeTimeoutError, PipeTlsError, the signal's reason, or what an unbound route rejects with. Nothing stays open then.
 */
export async function pipeOpen(
	route: PipeRoute,
	protocol: PipeProtocol,
	dest?: PipeDestination | null,
	options: PipeOptions = NO_OPTIONS,
	deps: PipeDeps = NO_DEPS,
): Promise<Pipe> {
	const wrong = isProtocol(protocol, "protocol");
	if (wrong !== null) throw new PipeOptionError(wrong.path, wrong.message);
	if (deps !== NO_DEPS) checkDeps(deps);
	const settings = resolveSettings(protocol, options, deps.clock ?? systemClock);
	const { signal } = options;
	signal?.throwIfAborted();
	const target = dest === undefined || dest === null ? null : readDestination(dest);
	const kernel = deps.kernel ?? kernelSockets;
	const factories = await socketsOf(route, familiesOf(target, options.af));
	const lookup = {
		resolve: deps.resolve ?? resolveHost,
		timeout: settings.dnsTimeout,
		signal,
		af: options.af,
		kernel,
	};
	const candidates = target && (await candidatesOf(target, factories, lookup));
	signal?.throwIfAborted();
	const [first] = candidates ?? [];
	const af = first === undefined ? (factories[0]?.af ?? options.af ?? 4) : familyOf(first.ip);
	const sockets = factories.find((one) => one.af === af) ?? factories[0] ?? kernel(af);
	const opening: Opening = { protocol, options, settings, sockets, host: target?.host ?? null, af };
	const pipe = await openSocket(opening, candidates);
	if (signal?.aborted) {
		await pipe.reset();
		throw signal.reason;
	}
	return pipe;
}

/** As `pipeOpen`, but returns null instead of an error. */
export async function tryPipeOpen(...args: Parameters<typeof pipeOpen>): Promise<Pipe | null> {
	try {
		return await pipeOpen(...args);
	} catch {
		return null;
	}
}

/** The families that an interface needs routes of: those of the destination, both for a name, none for a server. */
function familiesOf(target: Target | null, af: Family | undefined): readonly Family[] {
	if (af !== undefined) return [af];
	if (target === null) return [];
	if (target.endpoints === null) return FAMILIES;
	const { endpoints } = target;
	return FAMILIES.filter((family) => endpoints.some(({ ip }) => familyOf(ip) === family));
}

function openSocket(opening: Opening, candidates: readonly Candidate[] | null): Promise<Pipe> {
	const { socket } = opening.options;
	if (socket !== undefined) return openAdopted(opening, socket, candidates);
	if (opening.protocol === "udp") return openUdp(opening, candidates);
	return candidates === null ? openTcpServer(opening) : openTcpClient(opening, candidates);
}
