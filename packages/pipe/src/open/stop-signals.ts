import { BoundSockets } from "@p2pd/route";
import type { PipeSockets } from "../types.js";

/** Spare controllers kept: as many as connect at once in all but the busiest programs. */
const SPARES = 16;

const spare: AbortController[] = [];

/**
 * A controller that has not aborted. Making one costs about a tenth of a connection on the loopback, and most are
 * never used: so {@link giveBack} keeps those for the next connection.
 */
export function takeController(): AbortController {
	return spare.pop() ?? new AbortController();
}

/**
 * Takes back a controller after use, unless it has aborted. Only where `sockets` are route's own, which let go of a
 * signal when the connection stands: another factory's connections may listen to it as long as they live.
 */
export function giveBack(controller: AbortController, sockets: PipeSockets | undefined): void {
	if (!(sockets instanceof BoundSockets)) return;
	if (!controller.signal.aborted && spare.length < SPARES) spare.push(controller);
}
