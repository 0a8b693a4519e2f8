import type { HostPort } from "../../../src/index.js";
import { Asker } from "./asker.js";
import { realSockets } from "./real-sockets.js";

/**
 * Lets B:q send to a mapping before anything was sent to B:q, and then asks B:q what it sees: the mapping's
 * port, or another one because the router took the unsolicited packet for a connection of its own.
 */
export async function run(endpoints: HostPort[]) {
	const [ap, , , bq] = endpoints as [HostPort, HostPort, HostPort, HostPort];
	const asker = await Asker.open(realSockets("0.0.0.0"), ap);
	const { port } = await asker.seenBy(ap);
	const came = await asker.letIn({ from: [bq] });
	const later = await asker.seenBy(bq);
	asker.close();
	return { came, moved: later.port !== port };
}
