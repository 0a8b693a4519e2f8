import { Address, parseTarget } from "@p2pd/core";
import type { Context } from "../context.js";
import { CommandError, errorLine, UsageError } from "../errors.js";
import { socketsFor } from "./sockets.js";

/**
 * Reads a command's target and looks it up.
 *
 * @param defaultPort the port where the target has none
 * @throws UsageError where it cannot be read; CommandError where it has no address
 */
export async function resolveTarget(
	context: Context,
	target: string,
	defaultPort: number,
	servers?: readonly string[],
): Promise<Address> {
	const { options, progress, signal } = context;
	let host: string;
	let port: number;
	try {
		const read = parseTarget(target, { defaultPort });
		host = read.host;
		port = read.port;
	} catch (error) {
		throw new UsageError(errorLine(error), { cause: error });
	}
	const address = new Address(host, port, servers === undefined ? {} : { servers });
	const needsRoute = options.nic !== undefined || options.family !== undefined;
	try {
		const route = needsRoute ? await socketsFor(context, options.family ?? 4) : null;
		return await progress.during(`looking up ${host}`, () =>
			address.res(route, { signal, timeout: context.timeLeft() }),
		);
	} catch (error) {
		signal.throwIfAborted();
		if (error instanceof CommandError) throw error;
		throw new CommandError(errorLine(error), { cause: error });
	}
}
