import { setTimeout as delay } from "node:timers/promises";
import type { HostPort } from "../../../src/index.js";
import { Asker } from "./asker.js";
import { realSockets } from "./real-sockets.js";

/** Idle for longer than the mapping lives, ms; the kernel's clock is real, so this is waited for. */
const IDLE = 2500;

/**
 * How a mapping of 1 s lives: whether it is still the same after a pause in which nothing, or only packets
 * from outside, passed it; and whether the way in is still open then.
 */
export async function run(input: { endpoints: HostPort[]; keepAlive: boolean }) {
	const [ap] = input.endpoints as [HostPort];
	const sockets = realSockets("0.0.0.0");
	const outsider = await Asker.open(sockets, ap);
	const asker = await Asker.open(sockets, ap);
	const before = await asker.seenBy(ap);
	const again = await asker.seenBy(ap);
	for (let waited = 0; waited < IDLE; waited += 250) {
		if (input.keepAlive) outsider.send(ap, { from: [ap], to: before });
		await delay(250);
	}
	const late = outsider.send(ap, { from: [ap], to: before });
	await outsider.settle();
	const after = await asker.seenBy(ap);
	await asker.settle();
	const open = asker.heardFrom(late) !== null;
	asker.close();
	outsider.close();
	return { steady: again.port === before.port, same: after.port === before.port, open };
}
