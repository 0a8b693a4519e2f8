import { networkInterfaces } from "node:os";
import { PipeRelayError } from "./errors.js";
import { peerText } from "./peer.js";
import { sendCost } from "./transport/pending-sends.js";
import type { Pipe, PipePeer } from "./types.js";

/** What a relay needs from its source. */
export interface RelayHost {
	/** Whether the source can wait. If not, what the target cannot take is dropped. */
	readonly lossless: boolean;
	stall(by: Relay): void;
	release(by: Relay): void;
	/** A message was dropped because too much is on its way. */
	dropped(): void;
	report(error: Error): void;
}

/** One link: what its source receives is sent on by `target`. */
export class Relay {
	readonly kind = "relay";
	readonly target: Pipe;
	/** The destination, on a UDP target that has none of its own. */
	readonly to: PipePeer | undefined;
	readonly name: string;
	readonly #host: RelayHost;
	readonly #limit: number;
	#pending = 0;
	#stalling = false;

	constructor(target: Pipe, to: PipePeer | undefined, limit: number, host: RelayHost) {
		this.target = target;
		this.to = to;
		this.#limit = limit;
		this.#host = host;
		const peer = to ?? target.remote;
		this.name = peer === null ? "unknown" : peerText(peer);
	}

	forward(data: Buffer): void {
		const cost = sendCost(data.length);
		if (!this.#host.lossless && this.#pending > 0 && this.#pending + cost > this.#limit) {
			this.#host.dropped();
			return;
		}
		this.#pending += cost;
		this.target.send(data, this.to).then(
			() => this.#sent(cost),
			(cause: unknown) => {
				this.#sent(cost);
				// If the target has ended, the link is gone and its end is known. Anything else is news.
				if (this.target.state === "open") {
					this.#host.report(new PipeRelayError(`the relay to ${this.name} lost a message`, { cause }));
				}
			},
		);
		if (this.#host.lossless && !this.#stalling && this.#pending >= this.#limit) {
			this.#stalling = true;
			this.#host.stall(this);
		}
	}

	/** The source's peer has finished: tells the target's peer, once everything is sent. */
	end(): void {
		this.target.end().catch((cause: unknown) => {
			if (this.target.state === "open") {
				this.#host.report(new PipeRelayError(`the relay to ${this.name} could not finish`, { cause }));
			}
		});
	}

	/** Lets the source read on, whatever is still on its way. */
	drop(): void {
		if (!this.#stalling) return;
		this.#stalling = false;
		this.#host.release(this);
	}

	#sent(cost: number): void {
		this.#pending -= cost;
		if (this.#stalling && this.#pending * 2 <= this.#limit) this.drop();
	}
}

/** The relays of each source. */
const relaysOf = new Map<Pipe, readonly Relay[]>();
/** The sources of each target. */
const sourcesOf = new Map<Pipe, ReadonlySet<Pipe>>();

/** Sources whose peer has finished. */
const endedSources = new WeakSet<Pipe>();

/** Records the relays of `source`, for {@link checkRelay}, {@link unlink} and {@link endRelays}. */
export function noteRelays(source: Pipe, relays: readonly Relay[]): void {
	for (const { target } of relaysOf.get(source) ?? []) {
		const rest = new Set([...(sourcesOf.get(target) ?? [])].filter((other) => other !== source));
		if (rest.size === 0) sourcesOf.delete(target);
		else sourcesOf.set(target, rest);
	}
	for (const { target } of relays) sourcesOf.set(target, new Set([...(sourcesOf.get(target) ?? []), source]));
	if (relays.length === 0) relaysOf.delete(source);
	else relaysOf.set(source, relays);
	// A link both ways may be complete only after a peer has finished.
	for (const pipe of [source, ...relays.map(({ target }) => target)]) {
		if (endedSources.has(pipe)) endRelays(pipe);
	}
}

/** Removes every link from and to a pipe. */
export function unlink(pipe: Pipe): void {
	for (const { target } of relaysOf.get(pipe) ?? []) pipe.delPipe(target);
	for (const source of sourcesOf.get(pipe) ?? []) source.delPipe(pipe);
}

/**
 * The peer of `source` has finished. If it and a target are TCP pipes linked both ways, and nothing else is sent to the
 * target, the target's peer is told so too.
 *
 * @returns whether there is such a target, so that `source` goes on in the opposite direction
 */
export function endRelays(source: Pipe): boolean {
	endedSources.add(source);
	const ending = (relaysOf.get(source) ?? []).filter(
		({ target }) =>
			target.protocol === "tcp" &&
			sourcesOf.get(target)?.size === 1 &&
			relaysOf.get(target)?.some((back) => back.target === source),
	);
	for (const relay of ending) relay.end();
	return ending.length > 0;
}

/**
 * Refuses a relay whose messages would return to where they came from, forever: when the peer that `target` sends to
 * is the socket of `source`, or of a pipe that relays on to it in the same way. Loops through another process cannot
 * be seen.
 *
 * @throws PipeRelayError
 */
export function checkRelay(source: Pipe, target: Pipe, to: PipePeer | undefined): void {
	if (source === target) throw new PipeRelayError("a pipe cannot relay to itself");
	if (source.state !== "open" || target.state !== "open")
		throw new PipeRelayError("a closed pipe cannot relay");
	const peer = to ?? target.remote;
	if (peer === null) {
		throw new PipeRelayError(
			"a UDP server has no peer of its own to relay to: addPipe(pipe, { to: [ip, port] })",
		);
	}
	const seen = new Set<Pipe>();
	const visit = (sender: Pipe, dest: PipePeer): void => {
		for (const receiver of [source, ...relaysOf.keys()]) {
			if (seen.has(receiver) || !reaches(sender, dest, receiver)) continue;
			if (receiver === source) {
				throw new PipeRelayError(`what is relayed to ${peerText(dest)} would return: a loop`);
			}
			seen.add(receiver);
			for (const next of relaysOf.get(receiver) ?? []) {
				const onward = next.to ?? next.target.remote;
				if (onward !== null) visit(next.target, onward);
			}
		}
	};
	visit(target, peer);
}

/** Whether what `sender` sends to `dest` arrives at `receiver`. */
function reaches(sender: Pipe, dest: PipePeer, receiver: Pipe): boolean {
	if (sender.protocol !== receiver.protocol || receiver.local[1] !== dest[1]) return false;
	// A connection is known by both its ends, and a UDP client hears only its destination.
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
