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

/** The part of a pipe's beginnings that is the same for every protocol and role. */
export function commonInit({
	options,
	protocol,
	settings,
	sockets,
}: Opening): Pick<PipeInit, "protocol" | "settings" | "nic" | "signal" | "callbacks"> {
	return {
		protocol,
		settings,
		nic: sockets?.nic ?? null,
		signal: options.signal ?? null,
		callbacks: initialCallbacks(options),
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
