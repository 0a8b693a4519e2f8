import { type Clock, MAX_TIMER, type RandomBytes, systemClock, systemRandom } from "@p2pd/net";
import { PREDICTED_ROUND_MS, PREDICTED_ROUNDS, ROUND_MS, ROUNDS, TIMEOUT } from "./defaults.js";
import { type NatKind, natKind } from "./kind.js";
import { Meeting, type MeetingEvent } from "./meeting.js";
import { NONCE_SIZE, type Offer } from "./message.js";
import { Packets } from "./packet.js";
import { type PunchPlan, planPunch } from "./plan.js";
import { PrepareError, type Puncher, type PuncherContext } from "./puncher.js";
import { believable } from "./targets.js";
import type { PunchDeps, PunchFailure, PunchOptions, PunchReport, PunchSuccess } from "./types.js";

/** What a session is made of. */
export interface SessionParts<S> {
	readonly transport: "udp" | "tcp";
	readonly options: PunchOptions;
	readonly probes: number;
	readonly deps: PunchDeps;
	readonly localIp: string;
	readonly makePuncher: (context: PuncherContext) => Puncher<S>;
}

type Result<S> = PunchSuccess<S> | PunchFailure;

/** Joins a meeting and a puncher to a channel and a clock: the only place that waits. */
export function runSession<S>(parts: SessionParts<S>): Promise<Result<S>> {
	parts.options.signal?.throwIfAborted();
	return new Promise((resolve, reject) => new Session(parts, resolve, reject).begin());
}

class Session<S> {
	readonly #parts: SessionParts<S>;
	readonly #resolve: (result: Result<S>) => void;
	readonly #reject: (reason: unknown) => void;
	readonly #clock: Clock;
	readonly #role: "leader" | "follower";
	readonly #ourKind: NatKind;
	readonly #meeting: Meeting;
	readonly #puncher: Puncher<S>;
	readonly #startedAt: number;
	readonly #messages: AsyncIterator<Uint8Array>;
	#plan: PunchPlan;
	#ours: Offer | null = null;
	#round: { readonly endsAt: number } | null = null;
	/** Counts preparations: only the last one matters. */
	#turn = 0;
	#preparing = false;
	#agreedAt: number | null = null;
	#deadline: unknown = null;
	#timer: unknown = null;
	#channelEnded = false;
	#over = false;
	#stepping = false;
	#again = false;

	constructor(
		parts: SessionParts<S>,
		resolve: (result: Result<S>) => void,
		reject: (reason: unknown) => void,
	) {
		const { options, deps, transport, localIp } = parts;
		this.#parts = parts;
		this.#resolve = resolve;
		this.#reject = reject;
		this.#clock = deps.clock ?? systemClock;
		this.#startedAt = this.#clock.now();
		const random = deps.random ?? systemRandom;
		this.#role = options.ourId < options.theirId ? "leader" : "follower";
		this.#ourKind = natKind(options.nats.our, transport);
		const theirKind = natKind(options.nats.their, transport);
		this.#plan = this.#planFor(theirKind);
		this.#meeting = new Meeting({
			role: this.#role,
			nonce: random(NONCE_SIZE),
			kind: this.#ourKind,
			theirKind,
			early: this.#plan.action === "punch" && this.#plan.our.observe !== "predict",
			rounds: this.#isPredicted() ? PREDICTED_ROUNDS : ROUNDS,
		});
		const any = localIp === "0.0.0.0" || localIp === "::";
		this.#puncher = parts.makePuncher({
			clock: this.#clock,
			localIps: (options.localIps ?? (any ? [] : [localIp])).filter((ip) => !ip.includes("%")),
			pick: picker(random),
			wake: () => this.#step(),
		});
		this.#messages = deps.channel.messages[Symbol.asyncIterator]();
	}

	begin(): void {
		if (this.#plan.action === "relay") {
			this.#fail("relay", this.#plan.reason);
			return;
		}
		const { signal, timeout = TIMEOUT } = this.#parts.options;
		signal?.addEventListener("abort", this.#onAbort, { once: true });
		const late = (): void => this.#fail("timeout", `no path after ${timeout} ms`);
		this.#deadline = this.#clock.setTimeout(late, timeout);
		void this.#listen();
		this.#meeting.begin(this.#clock.now());
		this.#step();
	}

	readonly #onAbort = (): void => {
		if (this.#over) return;
		this.#finish();
		this.#reject(this.#parts.options.signal?.reason);
	};

	async #listen(): Promise<void> {
		try {
			for (;;) {
				const { done, value } = await this.#messages.next();
				if (this.#over) return;
				if (done === true) break;
				this.#meeting.receive(value, this.#clock.now());
				this.#step();
			}
		} catch {
			// A channel that fails has ended: what matters is whether the round under way succeeds.
		}
		this.#channelEnded = true;
		this.#step();
	}

	/** Does all that is due now, and sets the timer for what is next. */
	#step(): void {
		this.#again = true;
		if (this.#stepping) return;
		this.#stepping = true;
		let wakeAt = Number.POSITIVE_INFINITY;
		while (this.#again && !this.#over) {
			this.#again = false;
			const now = this.#clock.now();
			const round = this.#pollRound(now);
			if (this.#over) break;
			const step = this.#meeting.poll(now);
			for (const message of step.messages) this.#send(message);
			for (const event of step.events) this.#handle(event);
			if (step.events.length > 0) this.#again = true;
			wakeAt = Math.min(round, step.wakeAt);
		}
		this.#stepping = false;
		if (this.#over) return;
		if (this.#channelEnded && this.#round === null && !this.#preparing) {
			this.#fail("peer", "the channel has ended");
			return;
		}
		this.#clock.clearTimeout(this.#timer);
		this.#timer = null;
		if (wakeAt === Number.POSITIVE_INFINITY) return;
		const delay = Math.min(Math.max(0, wakeAt - this.#clock.now()), MAX_TIMER);
		this.#timer = this.#clock.setTimeout(() => this.#step(), delay);
	}

	/** @returns when to look again */
	#pollRound(now: number): number {
		if (this.#round === null) return Number.POSITIVE_INFINITY;
		const { wakeAt, done, heard, spent } = this.#puncher.poll(now);
		if (done !== null) {
			const report = this.#report();
			this.#finish();
			this.#resolve({ ok: true, ...done, report });
			return Number.POSITIVE_INFINITY;
		}
		if (heard || this.#role === "follower") return wakeAt;
		if (now < this.#round.endsAt && !spent) return Math.min(wakeAt, this.#round.endsAt);
		this.#round = null;
		if (this.#plan.rule === "birthday" || this.#channelEnded)
			this.#fail("no-path", "no port that was tried is open");
		else this.#meeting.failed(now);
		return Number.POSITIVE_INFINITY;
	}

	#handle(event: MeetingEvent): void {
		if (this.#over) return;
		switch (event.type) {
			case "prepare":
				this.#round = null;
				if (event.theirKind !== null) this.#plan = this.#planFor(event.theirKind);
				if (this.#plan.action === "relay") this.#fail("relay", this.#plan.reason);
				else void this.#prepare(event.round, this.#plan);
				return;
			case "start":
				this.#start(event);
				return;
			case "ended":
				if (event.reason === "needs-listener")
					this.#fail("relay", "the peer cannot listen", "needs-listener");
				else
					this.#fail(
						"peer",
						event.reason === "relay" ? "the peer's plan is a relay" : "the peer has given up",
					);
				return;
			case "exhausted":
				this.#fail("no-path", "no round has succeeded");
		}
	}

	async #prepare(round: number, plan: Extract<PunchPlan, { action: "punch" }>): Promise<void> {
		this.#preparing = true;
		this.#turn += 1;
		const turn = this.#turn;
		try {
			const request = { side: plan.our, kind: this.#ourKind, birthday: plan.rule === "birthday" };
			const offer = await this.#puncher.prepare(request);
			if (this.#over || turn !== this.#turn) return;
			this.#ours = offer;
			this.#preparing = false;
			this.#meeting.ready(round, offer, this.#clock.now());
		} catch (error) {
			if (this.#over || turn !== this.#turn) return;
			if (!(error instanceof PrepareError)) {
				this.#finish();
				this.#reject(error);
			} else if (error.reason === "needs-listener") this.#fail("relay", error.message, "needs-listener");
			else this.#fail(error.reason, error.message);
			return;
		}
		this.#step();
	}

	#start({ round, at, theirs, secrets }: Extract<MeetingEvent, { type: "start" }>): void {
		const ours = this.#ours;
		if (ours === null || this.#plan.action === "relay") return;
		const lasts = this.#isPredicted() ? PREDICTED_ROUND_MS[this.#parts.transport] : ROUND_MS;
		this.#round = { endsAt: at + lasts + (this.#meeting.rtt ?? 0) };
		this.#agreedAt = at;
		this.#puncher.start({
			round,
			role: this.#role,
			side: this.#plan.our,
			ours,
			theirs: believable(theirs, ours),
			at,
			packets: new Packets(this.#role, secrets.leader, secrets.follower),
		});
	}

	#isPredicted(): boolean {
		return this.#plan.rule === "predicted" || this.#plan.rule === "both-predicted";
	}

	#planFor(theirKind: NatKind): PunchPlan {
		const { options, transport, probes } = this.#parts;
		const { our, their } = options.nats;
		const sameNat = (our.externalIps ?? []).some((ip) => their.externalIps?.includes(ip) === true);
		return planPunch(this.#ourKind, theirKind, {
			transport,
			leader: this.#role === "leader",
			sameNat,
			probes,
		});
	}

	#send(message: Uint8Array): void {
		// A message that could not be sent is a lost one, and those are repeated.
		this.#parts.deps.channel.send(message).catch(() => undefined);
	}

	#fail(reason: PunchFailure["reason"], detail: string, rule?: PunchFailure["rule"]): void {
		if (this.#over) return;
		const report = this.#report();
		this.#meeting.end(rule === "needs-listener" ? rule : reason === "relay" ? "relay" : "gave-up");
		this.#finish();
		const planned = this.#plan.action === "relay" && reason === "relay" ? this.#plan.rule : null;
		this.#resolve({ ok: false, reason, rule: rule ?? planned, detail, report });
	}

	/** Ends everything. What is left of the meeting's messages is sent. */
	#finish(): void {
		this.#over = true;
		const { signal } = this.#parts.options;
		signal?.removeEventListener("abort", this.#onAbort);
		if (signal?.aborted === true) this.#meeting.end("gave-up");
		for (const message of this.#meeting.poll(this.#clock.now()).messages) this.#send(message);
		this.#clock.clearTimeout(this.#timer);
		this.#clock.clearTimeout(this.#deadline);
		this.#puncher.close();
		// Not awaited: a generator that waits for its next message would not return before it.
		this.#messages.return?.()?.catch(() => undefined);
	}

	#report(): PunchReport {
		const since = (at: number | null): number | null => (at === null ? null : at - this.#startedAt);
		return {
			transport: this.#parts.transport,
			role: this.#role,
			plan: this.#plan,
			rounds: this.#meeting.rounds,
			channelRtt: this.#meeting.rtt,
			agreedAt: since(this.#agreedAt),
			heardAt: since(this.#puncher.heardAt),
			elapsed: this.#clock.now() - this.#startedAt,
			sent: this.#puncher.sent,
			guesses: this.#puncher.guesses,
			failures: Object.fromEntries(this.#puncher.failures),
		};
	}
}

function picker(random: RandomBytes): (below: number) => number {
	return (below) => {
		const bytes = random(4);
		return Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32BE() % below;
	};
}
