import { createSocket } from "node:dgram";
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
		const socket = createSocket(isIPv6(destination) ? { type: "udp6", ipv6Only: true } : { type: "udp4" });
		const finish = (answer: SourceAnswer): void => {
			socket.removeAllListeners();
			// A late error of a socket that is being closed has nobody left to tell.
			socket.on("error", () => undefined);
			socket.close();
			resolve(answer);
		};
		const failed = (error: NodeJS.ErrnoException): void =>
			finish({ ip: null, code: error.code ?? error.message });
		socket.once("error", failed);
		socket.once("connect", () => {
			try {
				finish({ ip: socket.address().address });
			} catch (error) {
				failed(error as NodeJS.ErrnoException);
			}
		});
		socket.connect(PROBE_PORT, destination);
	});
}
