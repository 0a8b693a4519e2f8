import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { isIPv6 } from "node:net";

/** The source address that the kernel would use, or the system's error code where it has no route. */
export type SourceAnswer =
	| { readonly ip: string; readonly code: null }
	| { readonly ip: null; readonly code: string };

/** Nothing is sent, so any port but 0 serves. */
const ANY_PORT = 9;

/**
 * The source address that the kernel would use towards `destination` (an IP literal, with `%zone` if link-local).
 * A UDP socket is connected, which looks the route up, and closed again. Nothing is sent.
 *
 * @returns the address as the system writes it, or `ip: null` with the system's error code (`ENETUNREACH`,
 * `EAFNOSUPPORT`, `EMFILE`, ...)
 */
export function kernelSourceAddress(destination: string): Promise<SourceAnswer> {
	return new Promise((resolve) => {
		const isV6 = isIPv6(destination);
		// The destination is an address already, so there is nothing to look up.
		const lookup: SocketOptions["lookup"] = (host, _, callback) => callback(null, host, isV6 ? 6 : 4);
		let socket: Socket;
		try {
			socket = createSocket(isV6 ? { type: "udp6", ipv6Only: true, lookup } : { type: "udp4", lookup });
		} catch (error) {
			resolve(refusal(error));
			return;
		}
		const finish = (answer: SourceAnswer): void => {
			socket.removeAllListeners();
			// An error that arrives while the socket closes changes nothing: the answer is known.
			socket.on("error", () => undefined);
			socket.close();
			resolve(answer);
		};
		socket.once("error", (error) => finish(refusal(error)));
		socket.once("connect", () => {
			try {
				finish({ ip: socket.address().address, code: null });
			} catch (error) {
				finish(refusal(error));
			}
		});
		socket.connect(ANY_PORT, destination);
	});
}

function refusal(error: unknown): SourceAnswer {
	if (!(error instanceof Error)) return { ip: null, code: String(error) };
	return { ip: null, code: (error as NodeJS.ErrnoException).code ?? error.message };
}
