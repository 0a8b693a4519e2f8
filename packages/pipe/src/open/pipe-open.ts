import { checkParts } from "../check.js";
import { systemClock } from "../clock.js";
import { PipeOptionError } from "../errors.js";
import type { Pipe } from "../pipe.js";
import { NO_OPTIONS, resolveSettings } from "../settings.js";
import type { Destination, PipeDeps, PipeEndpoint, PipeOptions, PipeRoute, Protocol } from "../types.js";
import { openAdopted } from "./adopt.js";
import { readDestination } from "./destination.js";
import { kernelSockets } from "./kernel.js";
import type { Opening } from "./opening.js";
import { endpointsOf, familyOf, resolveName } from "./resolve.js";
import { socketsOf } from "./route.js";
import { openTcpClient, openTcpServer } from "./tcp.js";
import { openUdp } from "./udp.js";

const NO_DEPS: PipeDeps = {};

/**
 * Opens a pipe: a client with a destination, a server without.
 *
 * @param route a bound route or other socket factory, a route, an interface (its first route is taken), or
 * nothing: then the kernel chooses
 * @param protocol `TCP` or `UDP`
 * @param dest an `Address`, an endpoint, `[host, port]` or `"host:port"`
 *
 * Rejects with PipeOptionError, PipeResolveError, PipeDestinationError, PipeBindError, PipeConnectError,
 * PipeTimeoutError, PipeTlsError, or the signal's reason. Nothing stays open then.
 */
export async function pipeOpen(
	route: PipeRoute,
	protocol: Protocol,
	dest?: Destination | null,
	options: PipeOptions = NO_OPTIONS,
	deps: PipeDeps = NO_DEPS,
): Promise<Pipe> {
	if (protocol !== "tcp" && protocol !== "udp") {
		throw new PipeOptionError("protocol", `neither TCP nor UDP: ${String(protocol)}`);
	}
	if (options !== NO_OPTIONS) checkParts(options);
	const { signal } = options;
	signal?.throwIfAborted();
	const settings = resolveSettings(protocol, options, deps.clock ?? systemClock);
	const target = dest === undefined || dest === null ? null : readDestination(dest);
	const literal = target?.endpoints?.[0];
	const sockets = await socketsOf(route, options.af ?? (literal && familyOf(literal.ip)));
	const opening: Opening = {
		protocol,
		options,
		settings,
		sockets,
		host: target?.host ?? null,
		kernel: deps.kernel ?? kernelSockets,
		af: sockets?.af ?? options.af ?? (literal === undefined ? 4 : familyOf(literal.ip)),
	};
	const limits = { signal, timeout: settings.dnsTimeout };
	const endpoints = target && (await endpointsOf(target, sockets, deps.resolve ?? resolveName, limits));
	signal?.throwIfAborted();
	const pipe = await openSocket(opening, endpoints);
	if (signal?.aborted) {
		await pipe.reset();
		throw signal.reason;
	}
	return pipe;
}

function openSocket(opening: Opening, endpoints: readonly PipeEndpoint[] | null): Promise<Pipe> {
	const { socket } = opening.options;
	if (socket !== undefined) return openAdopted(opening, socket, endpoints);
	if (opening.protocol === "udp") return openUdp(opening, endpoints);
	return endpoints === null ? openTcpServer(opening) : openTcpClient(opening, endpoints);
}

/** `pipeOpen` for those who would rather have null than an error. */
export async function tryPipeOpen(...args: Parameters<typeof pipeOpen>): Promise<Pipe | null> {
	try {
		return await pipeOpen(...args);
	} catch {
		return null;
	}
}
