import { kernelRoute } from "@p2pd/route";
import type { PipeSockets } from "../types.js";

const made = new Map<4 | 6, PipeSockets>();

/** The kernel's own choice, one factory a family: it keeps what it knows from one connection to the next. */
export function kernelSockets(af: 4 | 6): PipeSockets {
	const sockets = made.get(af) ?? kernelRoute(af);
	made.set(af, sockets);
	return sockets;
}
