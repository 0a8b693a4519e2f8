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

/** Takes back a controller whose signal nobody listens to any more. One that has aborted is not kept. */
export function giveBack(controller: AbortController): void {
	if (!controller.signal.aborted && spare.length < SPARES) spare.push(controller);
}
