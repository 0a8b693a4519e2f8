import { errnoOf } from "../errors.js";
import type { UdpSocket } from "../types.js";

/** Closes a socket, and is content when somebody has closed it already. */
export function closeUdp(socket: UdpSocket): Promise<void> {
	return new Promise((resolve, reject) => {
		try {
			socket.close(() => resolve());
		} catch (error) {
			if (error instanceof Error && errnoOf(error) === "ERR_SOCKET_DGRAM_NOT_RUNNING") resolve();
			else reject(error);
		}
	});
}
