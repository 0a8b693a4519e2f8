import type { EventEmitter } from "node:events";
import { endpointText } from "@p2pd/net";
import { RouteError, RouteSocketError } from "../errors.js";

/** What to wait for on a socket, and what to do if it fails. */
export interface SocketWait {
	readonly event: "listening" | "connect";
	readonly start: () => void;
	/** Closes the socket. Called once, and only on failure. */
	readonly abandon: () => void;
	/** The system call and its subject, for the error. */
	readonly call: string;
	readonly subject: string;
	readonly signal: AbortSignal | undefined;
}

/**
 * Starts an operation on a socket and waits for its event. If that fails or the signal aborts, the socket is closed and
 * its later errors are ignored. Nothing listens to the signal afterwards.
 *
 * @throws RouteSocketError (`ERR_ROUTE_SOCKET`), or the signal's reason
 */
export function waitForSocket(socket: EventEmitter, wait: SocketWait): Promise<void> {
	const { signal } = wait;
	return new Promise((resolve, reject) => {
		const settle = (): void => {
			socket.off(wait.event, succeed);
			socket.off("error", fail);
			signal?.removeEventListener("abort", abort);
		};
		const succeed = (): void => {
			settle();
			resolve();
		};
		const giveUp = (reason: unknown): void => {
			settle();
			socket.on("error", () => undefined);
			wait.abandon();
			reject(reason);
		};
		const fail = (cause: unknown): void => giveUp(toSocketError(wait.call, wait.subject, cause));
		const abort = (): void => giveUp(signal?.reason);
		socket.on(wait.event, succeed);
		socket.on("error", fail);
		signal?.addEventListener("abort", abort);
		try {
			wait.start();
		} catch (cause) {
			fail(cause);
		}
	});
}

/**
 * Node's error of a system call as this package's, with the system's name for the reason; errors of this package as
 * they are. Node names the call that failed, which can be another one than was asked for: a connection may fail at bind.
 */
export function toSocketError(call: string, subject: string | null, cause: unknown): RouteError {
	if (cause instanceof RouteError) return cause;
	if (!(cause instanceof Error)) return new RouteSocketError(call, "EUNKNOWN", subject, { cause });
	const { code = "EUNKNOWN", syscall = call, address, port }: NodeError = cause;
	const where = address === undefined || port === undefined ? subject : endpointText({ ip: address, port });
	return new RouteSocketError(syscall, code, where, { cause });
}

/** What Node puts on the error of a system call. */
type NodeError = Error & Partial<Record<"code" | "syscall" | "address", string>> & { readonly port?: number };
