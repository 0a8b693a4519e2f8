import { printable, withAbort } from "@p2pd/net";
import { PeerAddress } from "@p2pd/peer";
import { connectionKey, helloKey, sealHello } from "@p2pd/peer/protocol";
import type { PipeProtocol } from "@p2pd/pipe";
import type { Signal } from "@p2pd/signal";
import { NodeConnectError } from "../errors.js";
import type { Incoming } from "../inbox.js";
import type { NodeStrategy } from "../strategies/types.js";
import type { NodeAttempt, NodePath } from "../types.js";
import type { NodeCore } from "./core.js";
import { Race, type RaceResult } from "./race.js";
import { PeerSession } from "./session.js";
import { SignallingFailure, untilAnswered } from "./signalling.js";

/** Options of one dial, complete. */
export interface DialOptions {
	readonly transport: PipeProtocol;
	readonly timeout: number;
	readonly via: readonly NodePath[];
	readonly onAttempt: (attempt: NodeAttempt) => void;
	readonly signal: AbortSignal | undefined;
	/** The way that worked the last time. */
	readonly prefer: string | null;
}

/** What a dial gives. */
export interface DialResult extends RaceResult {
	readonly attempts: readonly NodeAttempt[];
	readonly ms: number;
}

/** The dialer's side of one attempt: asks the peer by signalling, and races the ways meanwhile. */
export class Dial {
	readonly session: PeerSession;
	readonly #core: NodeCore;
	readonly #options: DialOptions;
	readonly #share: Buffer;
	readonly #address: PeerAddress;
	/** The value of the peer's run, from its answer. */
	#peerBoot: Uint8Array | null = null;
	#via: readonly Signal[] = [];
	#won = false;
	#onAnswer: (outcome: "answer" | SignallingFailure) => void = () => undefined;

	constructor(core: NodeCore, address: PeerAddress, options: DialOptions) {
		this.#core = core;
		this.#options = options;
		this.#address = address;
		this.#share = Buffer.from(core.random(32));
		const attempt = Buffer.from(core.random(16)).toString("hex");
		const hello = { attempt: Buffer.from(attempt, "hex"), share: this.#share };
		this.session = new PeerSession({
			...core.sessionParts(),
			side: "dialer",
			attempt,
			transport: options.transport,
			theirs: address,
			post: async (name, data) =>
				core.inbox.send(
					this.session.theirs,
					{ type: "channel", attempt, name, data },
					this.#peerBoot,
					this.#via,
				),
			hello: () => ({
				key: helloKey(hello, core.identity, address),
				preamble: {
					kind: "hello",
					sealed: sealHello(core.inbox.mailbox, address, hello, core.wallNow()),
				},
			}),
		});
	}

	/** Runs the attempt to its end. @throws NodeConnectError (`ERR_NODE_CONNECT`), or the caller's reason */
	async run(): Promise<DialResult> {
		const { clock } = this.#core;
		const { onAttempt, prefer, signal, timeout } = this.#options;
		const startedAt = clock.now();
		const leases = this.#core.signals.leases(this.#address.signals);
		this.#via = leases.map((lease) => lease.signal);
		try {
			return await withAbort(signal, async (inner) => {
				const end = new AbortController();
				const timer = clock.setTimeout(() => end.abort(), timeout);
				const race = new Race({ clock, signal: AbortSignal.any([inner, end.signal]), onAttempt, prefer });
				const asking = new AbortController();
				const asked = this.#ask(race, AbortSignal.any([inner, end.signal, asking.signal]));
				try {
					const result = await race.finish();
					this.#won = result !== null;
					asking.abort();
					await asked;
					inner.throwIfAborted();
					const ms = Math.round(clock.now() - startedAt);
					if (result === null) throw this.#failure(race.attempts, ms, end.signal.aborted);
					return { ...result, attempts: race.attempts, ms };
				} finally {
					clock.clearTimeout(timer);
					asking.abort();
					await asked;
				}
			});
		} finally {
			this.session.end();
			await this.#goodbye();
			for (const lease of leases) lease.release();
		}
	}

	/** A message of the peer's about this attempt. */
	receive({ boot, current, message, offBy, sender, via }: Incoming): void {
		if (sender.id !== this.#address.id) return;
		if (message.type === "time") {
			const minutes = Math.round(Math.abs(message.now - this.#core.wallNow()) / 60_000);
			const what = `the clocks of this machine and of the peer differ by ${minutes} minutes; at most 2 are accepted`;
			this.#onAnswer(new SignallingFailure(what));
			return;
		}
		// What is not written to this run of the node is a copy of something old.
		if (!current || offBy !== null) return;
		if (message.type === "channel") {
			if (this.session.key !== null) this.session.deliver(message.name, message.data);
		} else if (message.type === "refuse") {
			this.#onAnswer(
				new SignallingFailure(
					message.why === "denied" ? "the peer does not accept this node" : "the peer is busy",
				),
			);
		} else if (message.type === "answer" && this.session.key === null) {
			this.#answered(message.share, message.address, boot, via);
		}
	}

	#answered(share: Buffer, text: string, boot: Uint8Array, via: Signal): void {
		let theirs: PeerAddress;
		try {
			theirs = PeerAddress.parse(text);
		} catch {
			// Its sender is the peer, whose program is broken or malicious.
			return;
		}
		if (theirs.id !== this.#address.id) return;
		this.#peerBoot = Uint8Array.from(boot);
		this.#via = [via, ...this.#via.filter((one) => one !== via)];
		const key = connectionKey({
			attempt: Buffer.from(this.session.attempt, "hex"),
			dialerShare: this.#share,
			answererShare: share,
			dialer: this.#core.identity.signing,
			answerer: theirs.signing,
		});
		this.session.agree(key, theirs);
		this.#onAnswer("answer");
	}

	/** Plans what needs no answer, asks the peer, and plans again with what it says. Never rejects. */
	async #ask(race: Race, signal: AbortSignal): Promise<void> {
		const strategies = this.#core.strategies.filter(({ path }) => this.#options.via.includes(path));
		if (!this.#address.isExpired(this.#core.wallNow()))
			this.#plan(
				race,
				strategies.filter((one) => !one.needsAnswer),
				false,
			);
		const answered = new Promise<"answer" | SignallingFailure>((resolve) => {
			this.#onAnswer = resolve;
		});
		let failure: string | null = null;
		try {
			await untilAnswered({
				signals: this.#via,
				send: (open) => this.#knock(open),
				answered,
				clock: this.#core.clock,
				signal,
			});
			const outcome = await answered;
			if (outcome !== "answer") failure = outcome.message;
		} catch (error) {
			if (signal.aborted) failure = "the peer did not answer by signalling; it may be offline";
			else failure = (error as Error).message;
		}
		if (this.#won) return;
		if (failure === null) this.#plan(race, strategies, true);
		else {
			for (const { needsAnswer, path } of strategies) {
				if (needsAnswer || this.#address.isExpired(this.#core.wallNow())) race.skip(path, printable(failure));
				else this.#skipUnplanned(race, path);
			}
		}
		race.complete();
	}

	readonly #skipped = new Map<NodePath, string>();

	#plan(race: Race, strategies: readonly NodeStrategy[], final: boolean): void {
		for (const strategy of strategies) {
			const plan = strategy.plan(this.session);
			if ("ways" in plan) {
				race.add(strategy.path, plan.ways);
				this.#skipped.delete(strategy.path);
			} else if (final) race.skip(strategy.path, plan.skipped);
			else this.#skipped.set(strategy.path, plan.skipped);
		}
	}

	#skipUnplanned(race: Race, path: NodePath): void {
		const reason = this.#skipped.get(path);
		if (reason !== undefined) race.skip(path, reason);
	}

	async #knock(open: readonly Signal[]): Promise<void> {
		const { attempt, transport } = this.session;
		const address = this.#core.address.toString();
		await this.#core.inbox.send(
			this.#address,
			{ type: "knock", attempt, share: this.#share, transport, address },
			this.#peerBoot,
			open,
		);
	}

	/** Tells the peer that the attempt is over, if it works on it. */
	async #goodbye(): Promise<void> {
		if (this.session.key === null) return;
		await this.#core.inbox
			.send(this.session.theirs, { type: "bye", attempt: this.session.attempt }, this.#peerBoot, this.#via)
			// The peer gives up by itself, only later.
			.catch(() => undefined);
	}

	#failure(attempts: readonly NodeAttempt[], ms: number, timedOut: boolean): NodeConnectError {
		const reasons = new Map<string, string[]>();
		for (const { outcome, path, reason } of attempts) {
			if (outcome === "connected") continue;
			const why = reason ?? (timedOut ? "no success in time" : "cancelled");
			reasons.set(why, [...(reasons.get(why) ?? []), path]);
		}
		const why = [...reasons]
			.map(([reason, paths]) => `${[...new Set(paths)].join(", ")}: ${reason}`)
			.join("; ");
		const { id } = this.#address;
		return new NodeConnectError(`no way leads to ${id}: ${why}`, { id, attempts, ms });
	}
}
