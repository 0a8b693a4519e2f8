import { PeerAddress } from "@p2pd/peer";
import { connectionKey } from "@p2pd/peer/protocol";
import { CALL_TIMEOUT, MAX_CALLS, MAX_CALLS_PER_PEER } from "../defaults.js";
import type { Incoming } from "../inbox.js";
import type { RefusalReason } from "../messages.js";
import type { SecureLink } from "../secure/link.js";
import type { NodeStrategy } from "../strategies/types.js";
import type { NodeCore } from "./core.js";
import { PeerSession } from "./session.js";

interface Call {
	readonly session: PeerSession;
	readonly share: Buffer;
	readonly end: AbortController;
	/** Of the dialer's run: what belongs to the call comes from the same. */
	readonly boot: Uint8Array;
	readonly timer: unknown;
}

/** The answerer's side of attempts: answers knocks, runs its part of the strategies, and ends when the dialer does. */
export class Calls {
	readonly #core: NodeCore;
	readonly #onLink: (link: SecureLink, id: string, attempt: string, signal: AbortSignal) => void;
	readonly #calls = new Map<string, Call>();
	readonly #running = new Set<Promise<void>>();
	/** Attempts that ended well not long ago. */
	readonly #finished = new Set<string>();
	#closed = false;

	/** @param onLink told of each link that is ready for the dialer's choice */
	constructor(
		core: NodeCore,
		onLink: (link: SecureLink, id: string, attempt: string, signal: AbortSignal) => void,
	) {
		this.#core = core;
		this.#onLink = onLink;
	}

	/** The session of an attempt; null if there is none. */
	session(attempt: string): PeerSession | null {
		return this.#calls.get(attempt)?.session ?? null;
	}

	/** The dialer has chosen a link: the attempt is over, also if its knock is still on the way. */
	finish(attempt: string): void {
		this.#finished.add(attempt);
		const [oldest] = this.#finished;
		if (this.#finished.size > MAX_CALLS && oldest !== undefined) this.#finished.delete(oldest);
		this.#end(attempt);
	}

	/** A link that came to our port for a call. */
	deliverLink(attempt: string, link: SecureLink): void {
		const call = this.#calls.get(attempt);
		if (call === undefined) link.close();
		else this.#onLink(link, call.session.theirId, attempt, call.end.signal);
	}

	/** A message of a dialer's. Never rejects. */
	receive(incoming: Incoming): void {
		const { message, sender } = incoming;
		if (message.type === "knock") {
			this.#track(this.#knocked(incoming, message));
			return;
		}
		const call = this.#calls.get(message.attempt);
		// Only a knock may come from who does not know this run of the node: nothing follows from it but an answer.
		if (call === undefined || call.session.theirId !== sender.id || !incoming.current) return;
		if (message.type === "bye") this.#end(message.attempt);
		if (message.type !== "channel" || !call.session.deliver(message.name, message.data)) return;
		const strategy = this.#core.strategies.find(({ path }) => path === message.name.split(":", 1)[0]);
		if (strategy?.answer) this.#track(this.#work(call, strategy.answer, message.name));
	}

	async close(): Promise<void> {
		this.#closed = true;
		for (const attempt of [...this.#calls.keys()]) this.#end(attempt);
		await Promise.all(this.#running);
	}

	async #knocked(incoming: Incoming, message: Incoming["message"] & { type: "knock" }): Promise<void> {
		const { boot, offBy, sender, via } = incoming;
		const { attempt } = message;
		if (offBy !== null) {
			const now = Math.round(this.#core.wallNow());
			await this.#core.inbox.send(sender, { type: "time", attempt, now }, boot, [via]);
			return;
		}
		const theirs = readAddress(message.address);
		if (theirs === null || theirs.id !== sender.id) return;
		const known = this.#calls.get(attempt);
		if (known === undefined) {
			const refusal = await this.#whyNot(sender.id);
			// It may have come to its end meanwhile, by a link that no signalling prepared.
			if (this.#closed || this.#finished.has(attempt)) return;
			if (refusal !== null) {
				await this.#core.inbox.send(sender, { type: "refuse", attempt, why: refusal }, boot, [via]);
				return;
			}
		} else if (known.session.theirId !== sender.id) return;
		const call = this.#calls.get(attempt) ?? this.#begin(incoming, message, theirs);
		const address = this.#core.address.toString();
		await this.#core.inbox.send(theirs, { type: "answer", attempt, share: call.share, address }, boot, [via]);
	}

	async #whyNot(id: string): Promise<RefusalReason | null> {
		if (!(await this.#core.accepts(id))) return "denied";
		const own = [...this.#calls.values()].filter(({ session }) => session.theirId === id).length;
		return this.#calls.size >= MAX_CALLS || own >= MAX_CALLS_PER_PEER ? "busy" : null;
	}

	#begin(incoming: Incoming, message: Incoming["message"] & { type: "knock" }, theirs: PeerAddress): Call {
		const { attempt } = message;
		const share = Buffer.from(this.#core.random(32));
		const boot = Uint8Array.from(incoming.boot);
		const session = new PeerSession({
			...this.#core.sessionParts(),
			side: "answerer",
			attempt,
			transport: message.transport,
			theirs,
			post: (name, data) =>
				this.#core.inbox.send(theirs, { type: "channel", attempt, name, data }, boot, [incoming.via]),
			hello: null,
		});
		const key = connectionKey({
			attempt: Buffer.from(attempt, "hex"),
			dialerShare: message.share,
			answererShare: share,
			dialer: theirs.signing,
			answerer: this.#core.identity.signing,
		});
		session.agree(key, theirs);
		const timer = this.#core.clock.setTimeout(() => this.#end(attempt), CALL_TIMEOUT);
		const call = { session, share, boot, end: new AbortController(), timer };
		this.#calls.set(attempt, call);
		return call;
	}

	async #work(call: Call, answer: NonNullable<NodeStrategy["answer"]>, channel: string): Promise<void> {
		const { end, session } = call;
		const link = await answer(session, end.signal, channel);
		if (end.signal.aborted) link.close();
		else this.#onLink(link, session.theirId, session.attempt, end.signal);
	}

	#end(attempt: string): void {
		const call = this.#calls.get(attempt);
		if (call === undefined) return;
		this.#calls.delete(attempt);
		this.#core.clock.clearTimeout(call.timer);
		call.end.abort(new Error("the attempt is over"));
		call.session.end();
	}

	/** What goes wrong here is the dialer's to report: it knows its own side of it. */
	#track(work: Promise<void>): void {
		const tracked = work.catch(() => undefined).finally(() => this.#running.delete(tracked));
		this.#running.add(tracked);
	}
}

function readAddress(text: string): PeerAddress | null {
	try {
		return PeerAddress.parse(text);
	} catch {
		return null;
	}
}
