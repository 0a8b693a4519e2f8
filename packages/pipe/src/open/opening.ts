import type { InitialCallbacks, PipeInit } from "../core/pipe-init.js";
import { NO_OPTIONS, type Settings } from "../settings.js";
import type { PipeOptions, PipeSockets, Protocol } from "../types.js";

/** A pipe about to be opened: all that is known before there is a socket. */
export interface Opening {
	readonly protocol: Protocol;
	readonly options: PipeOptions;
	readonly settings: Settings;
	/** Null where the kernel chooses. */
	readonly sockets: PipeSockets | null;
	/** The destination as it was asked for; null on a server. */
	readonly host: string | null;
	readonly kernel: (af: 4 | 6) => PipeSockets;
	readonly af: 4 | 6;
}

/** The first factory of an opening: the route's, or the kernel's of the family. */
export function factoryOf({ af, kernel, sockets }: Opening, family = af): PipeSockets {
	return sockets ?? kernel(family);
}

/** What a pipe is made with: what the opening knows, and the parts that depend on protocol and role. */
export function pipeInit(
	{ options, protocol, settings, sockets }: Opening,
	{ parts, role, socket, tls }: Pick<PipeInit, "role" | "socket" | "tls" | "parts">,
): PipeInit {
	// Written out, since a spread object costs each connection several microseconds.
	return {
		protocol,
		role,
		settings,
		socket,
		nic: sockets?.nic ?? null,
		callbacks: initialCallbacks(options),
		signal: options.signal ?? null,
		tls,
		parts,
		onClosed: null,
	};
}

const NO_CALLBACKS: InitialCallbacks = { message: [], connect: [], end: [], error: [] };

function initialCallbacks(options: PipeOptions): InitialCallbacks {
	if (options === NO_OPTIONS) return NO_CALLBACKS;
	const { onConnect, onEnd, onError, onMessage } = options;
	return {
		message: onMessage === undefined ? [] : [onMessage],
		connect: onConnect === undefined ? [] : [onConnect],
		end: onEnd === undefined ? [] : [onEnd],
		error: onError === undefined ? [] : [onError],
	};
}
