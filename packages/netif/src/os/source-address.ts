import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { isIPv6 } from "node:net";
import { PROBE_PORT } from "./defaults.js";
import type { SourceAnswer } from "./types.js";

/**
 * The source address that the kernel would take towards `destination` (an IP literal). A UDP socket is connected
 * and closed again: that looks the route up and sends nothing.
 *
 * @returns the address, or `ip: null` with the OS's error code (`ENETUNREACH`, `EAFNOSUPPORT`, ...)
 */
export function kernelSourceAddress(destination: string): Promise<SourceAnswer> {
	return new Promise((resolve) => {
		const refused = (error: unknown): SourceAnswer => ({ ip: null, code: codeOf(error) });
		const six = isIPv6(destination);
		// It is an address already: nothing is looked up.
		const lookup: SocketOptions["lookup"] = (host, _, callback) => callback(null, host, six ? 6 : 4);
		let socket: Socket;
		try {
			socket = createSocket(six ? { type: "udp6", ipv6Only: true, lookup } : { type: "udp4", lookup });
		} catch (error) {
			resolve(refused(error));
			return;
		}
		const finish = (answer: SourceAnswer): void => {
			socket.removeAllListeners();
			// A late error of a socket that is being closed has nobody left to tell.
			socket.on("error", () => undefined);
			socket.close();
			resolve(answer);
		};
		socket.once("error", (error) => finish(refused(error)));
		socket.once("connect", () => {
			try {
				finish({ ip: socket.address().address });
			} catch (error) {
				finish(refused(error));
			}
		});
		socket.connect(PROBE_PORT, destination);
	});
}

function codeOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	return (error as NodeJS.ErrnoException).code ?? error.message;
}
