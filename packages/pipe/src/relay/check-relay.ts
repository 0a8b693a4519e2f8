import { networkInterfaces } from "node:os";
import { PipeRelayError } from "../errors.js";
import { peerText } from "../peer.js";
import type { Pipe } from "../pipe.js";
import type { Peer } from "../types.js";

/** Pipes that relay to others now, to follow what they send. */
const relaying = new Map<Pipe, readonly Pipe[]>();

/** Notes which pipes `source` relays to, for the loop guard. An empty list forgets it. */
export function noteRelays(source: Pipe, targets: readonly Pipe[]): void {
	if (targets.length === 0) relaying.delete(source);
	else relaying.set(source, targets);
}

/**
 * Refuses a relay whose messages would come back to where they came from, for ever: when the peer that
 * `target` sends to is the socket of `source`, or of a pipe that relays on to it in the same way. Loops
 * through another process cannot be seen.
 *
 * @throws PipeRelayError
 */
export function checkRelay(source: Pipe, target: Pipe, to: Peer | undefined): void {
	if (source === target) throw new PipeRelayError("a pipe cannot relay to itself");
	if (source.state !== "open" || target.state !== "open")
		throw new PipeRelayError("a closed pipe relays nothing");
	const peer = to ?? target.remote;
	if (peer === null) {
		throw new PipeRelayError(
			"a UDP server has no peer of its own to relay to: addPipe(pipe, { to: [ip, port] })",
		);
	}
	const seen = new Set<Pipe>();
	const visit = (sender: Pipe, dest: Peer): void => {
		for (const receiver of [source, ...relaying.keys()]) {
			if (seen.has(receiver) || !reaches(sender, dest, receiver)) continue;
			if (receiver === source) {
				throw new PipeRelayError(`what is relayed to ${peerText(dest)} would come back: a loop`);
			}
			seen.add(receiver);
			for (const next of relaying.get(receiver) ?? []) {
				if (next.remote !== null) visit(next, next.remote);
			}
		}
	};
	visit(target, peer);
}

/** Whether what `sender` sends to `dest` arrives at `receiver`. */
function reaches(sender: Pipe, dest: Peer, receiver: Pipe): boolean {
	if (sender.protocol !== receiver.protocol || receiver.local[1] !== dest[1]) return false;
	// A connection is known by both its ends, and a UDP client hears its destination alone.
	if (receiver.remote !== null && receiver.remote[1] !== sender.local[1]) return false;
	const ip = receiver.local[0];
	if (ip === dest[0]) return true;
	return (ip === "0.0.0.0" || ip === "::") && isOwn(dest[0]);
}

function isOwn(ip: string): boolean {
	if (ip.startsWith("127.") || ip === "::1") return true;
	const bare = ip.replace(/%.*$/, "");
	return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === bare));
}
