import { Address, type ResolverSockets } from "@p2pd/address";
import { PipeResolveError, PipeTimeoutError } from "../errors.js";
import { withZone } from "../peer.js";
import type { PipeAddress, PipeDeps, PipeEndpoint, PipeSockets } from "../types.js";
import type { Target } from "./destination.js";

/** The default for names: `Address` of `@p2pd/address`. */
export const resolveName: NonNullable<PipeDeps["resolve"]> = async (
	host,
	port,
	sockets,
	{ signal, timeout },
) => {
	const address: PipeAddress = await new Address(host, port).res(sockets as ResolverSockets | null, {
		...(signal !== undefined && { signal }),
		timeout,
	});
	return address;
};

/**
 * The addresses of a target that `sockets` can reach, best first; all of them where the kernel chooses.
 *
 * @throws PipeResolveError, PipeTimeoutError (phase `resolve`), PipeDestinationError
 */
export async function endpointsOf(
	target: Target,
	sockets: PipeSockets | null,
	resolve: NonNullable<PipeDeps["resolve"]>,
	limits: { readonly signal: AbortSignal | undefined; readonly timeout: number },
): Promise<readonly PipeEndpoint[]> {
	const all = target.endpoints ?? (await lookUp(target, sockets, resolve, limits));
	const usable = sockets === null ? all : all.filter(({ ip }) => familyOf(ip) === sockets.af);
	if (usable.length === 0) {
		const why = sockets === null || all.length === 0 ? "no address" : `no IPv${sockets.af} address`;
		throw new PipeResolveError(target.host, why);
	}
	return usable.map(({ ip, port }) => ({ ip: withZone(ip, sockets?.nic ?? null), port }));
}

/** The family of an IP literal. */
export function familyOf(ip: string): 4 | 6 {
	return ip.includes(":") ? 6 : 4;
}

async function lookUp(
	{ host, port }: Target,
	sockets: PipeSockets | null,
	resolve: NonNullable<PipeDeps["resolve"]>,
	limits: { readonly signal: AbortSignal | undefined; readonly timeout: number },
): Promise<readonly PipeEndpoint[]> {
	try {
		return (await resolve(host, port, sockets, limits)).endpoints();
	} catch (cause) {
		if (limits.signal?.aborted) throw limits.signal.reason;
		if (isTimeout(cause)) throw new PipeTimeoutError("resolve", limits.timeout);
		throw new PipeResolveError(host, (cause as Error).message, { cause });
	}
}

function isTimeout(error: unknown): boolean {
	return error instanceof Error && "code" in error && error.code === "ERR_ADDRESS_TIMEOUT";
}
