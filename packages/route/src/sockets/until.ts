import type { EventEmitter } from "node:events";
import { RouteError, SocketError } from "../errors.js";

/** How to wait for a socket: for which event, what to do when it comes to nothing, and what failed then. */
export interface Waiting {
	readonly event: "listening" | "connect";
	readonly start: () => void;
	/** Closes the socket; called once, on failure only. */
	readonly abandon: () => void;
	readonly call: string;
	readonly subject: string;
	readonly signal: AbortSignal | undefined;
}

/**
 * Starts something on a socket and waits until it stands. Rejects with SocketError, or with the signal's
 * reason; the socket is then closed, and a late error of it is no longer anybody's.
 */
export function until(socket: EventEmitter, waiting: Waiting): Promise<void> {
	const { signal } = waiting;
	return new Promise((resolve, reject) => {
		const settle = (): void => {
			socket.off(waiting.event, stand);
			socket.off("error", fail);
			signal?.removeEventListener("abort", abort);
		};
		const stand = (): void => {
			settle();
			resolve();
		};
		const giveUp = (reason: unknown): void => {
			settle();
			socket.on("error", ignore);
			waiting.abandon();
			reject(reason);
		};
		const fail = (cause: unknown): void => giveUp(toSocketError(waiting.call, waiting.subject, cause));
		const abort = (): void => giveUp(signal?.reason);
		socket.on(waiting.event, stand);
		socket.on("error", fail);
		signal?.addEventListener("abort", abort);
		try {
			waiting.start();
		} catch (cause) {
			fail(cause);
		}
	});
}

/** An error that comes after the socket was given up has no one left to tell. */
function ignore(): undefined {
	return undefined;
}

/**
 * Node's error of a system call as this package's, with the system's own name for the reason; ours as they are.
 * Node says which call it was, if not the one that was asked for: a connection may fail at its bind.
 */
export function toSocketError(call: string, subject: string | null, cause: unknown): RouteError {
	if (cause instanceof RouteError) return cause;
	if (!(cause instanceof Error)) return new SocketError(call, "EUNKNOWN", subject, { cause });
	const { code = "EUNKNOWN", syscall = call, address, port }: NodeError = cause;
	const where = address === undefined || port === undefined ? subject : endpointText(address, port);
	return new SocketError(syscall, code, where, { cause });
}

/** What Node puts on the error of a system call. */
type NodeError = Error & Partial<Record<"code" | "syscall" | "address", string>> & { readonly port?: number };

/** `ip:port`, with brackets in IPv6. */
export function endpointText(ip: string, port: number): string {
	return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
