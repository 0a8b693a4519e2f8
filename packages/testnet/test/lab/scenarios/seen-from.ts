import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { HostPort } from "../../../src/index.js";
import { Asker } from "./asker.js";
import { realSockets } from "./real-sockets.js";

/** The address that a peer sees, for a socket bound to each of these local addresses. */
export async function run(input: { peer: HostPort; locals: string[] }): Promise<Record<string, string>> {
	const seen: Record<string, string> = {};
	for (const local of input.locals) {
		const asker = await Asker.open(realSockets(local), input.peer);
		seen[local] = (await asker.seenBy(input.peer)).ip;
		asker.close();
	}
	// Nothing but an address of its own can be bound: the blocks are local as a whole, and no more is.
	const stranger = createSocket("udp4");
	stranger.bind(0, "8.9.0.1");
	const [error] = (await once(stranger, "error")) as [NodeJS.ErrnoException];
	stranger.close();
	return { ...seen, stranger: error.code ?? error.message };
}
