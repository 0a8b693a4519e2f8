import type { HostPort } from "../../../src/index.js";
import { Asker } from "./asker.js";
import { realSockets } from "./real-sockets.js";

/**
 * Two sockets behind one NAT: the second sends to the first one's external endpoint, after the first has
 * opened the way for it. Tells where that came from, as the first sees it.
 */
export async function run(endpoints: HostPort[]) {
	const [ap] = endpoints as [HostPort];
	const sockets = realSockets("0.0.0.0");
	const first = await Asker.open(sockets, ap);
	const second = await Asker.open(sockets, ap);
	const firstSeen = await first.seenBy(ap);
	const secondSeen = await second.seenBy(ap);
	first.send(secondSeen);
	await first.settle();
	const id = second.send(firstSeen);
	await second.settle();
	await first.settle();
	const from = first.heardFrom(id);
	first.close();
	second.close();
	return { from, secondSeen };
}
