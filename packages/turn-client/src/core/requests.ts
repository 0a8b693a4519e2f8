import type { Endpoint, RandomBytes } from "@p2pd/net";
import { attributeValue, encodeMessage, type RawAttribute, type StunMessage } from "@p2pd/stun-client/codec";
import {
	RtoTable,
	retransmissionSchedule,
	type Schedule,
	type StunLongTermAuth,
	type StunSignature,
	StunTransactions,
	transactionKey,
} from "@p2pd/stun-client/transport";
import { METHODS, type MethodName } from "../codec/attributes.js";
import { MAX_CHALLENGES, STREAM_TIMEOUT } from "../defaults.js";
import { TurnProtocolError, TurnTimeoutError } from "../errors.js";

/** A request: what it asks, and what its answer is for. */
export interface TurnRequest<T> {
	/** Comes back with the answer. */
	readonly tag: T;
	readonly method: MethodName;
	/** Its attributes; those with an address depend on the transaction id. */
	attributes(transactionId: Uint8Array): readonly RawAttribute[];
	/** Milliseconds for one answer. @default what RFC 8489 says: 7 sends over UDP, 39.5 s over a stream */
	readonly timeout?: number;
}

/** What there is to do, or what became of a request. */
export type RequestEvent<T> =
	| { readonly kind: "send"; readonly bytes: Buffer }
	| { readonly kind: "answer"; readonly tag: T; readonly message: StunMessage }
	| {
			readonly kind: "refused";
			readonly tag: T;
			readonly method: MethodName;
			readonly status: number;
			readonly reason: string;
			readonly message: StunMessage;
	  }
	| { readonly kind: "failed"; readonly tag: T; readonly error: Error }
	/** The server does not accept the credentials: `replaceCredentials` is waited for. */
	| { readonly kind: "credentials" };

/** How requests reach the server. */
export interface RequestsPlan {
	readonly server: Endpoint;
	/** TCP or TLS: nothing is sent twice. */
	readonly reliable: boolean;
	readonly auth: StunLongTermAuth;
}

interface Running<T> {
	readonly request: TurnRequest<T>;
	readonly bytes: Buffer;
	readonly signature: StunSignature | null;
	/** 401 and 438 that it got so far. */
	readonly challenges: number;
	/** Answers that failed the integrity check. */
	forged: number;
}

/** Refused with 401 although signed; it goes on with other credentials. */
interface Parked<T> {
	readonly request: TurnRequest<T>;
	readonly challenges: number;
	readonly refusal: RequestEvent<T>;
}

/**
 * The requests under way to one server: signed, sent again over UDP, and sent anew when their nonce was stale. It has
 * no socket and no clock: it is told what happened and when, and says what to send and what came of it.
 */
export class TurnRequests<T> {
	readonly #plan: RequestsPlan;
	readonly #random: RandomBytes;
	readonly #table = new StunTransactions();
	readonly #rto = new RtoTable();
	readonly #running = new Map<string, Running<T>>();
	#parked: Parked<T>[] = [];
	#answers = 0;

	constructor(plan: RequestsPlan, random: RandomBytes) {
		this.#plan = plan;
		this.#random = random;
	}

	/** How many requests are under way. */
	get size(): number {
		return this.#running.size + this.#parked.length;
	}

	/** How many answers came that can be believed. */
	get answers(): number {
		return this.#answers;
	}

	/** When {@link TurnRequests.due} has something next; Infinity when nothing is under way. */
	nextAt(): number {
		return this.#table.nextAt() ?? Number.POSITIVE_INFINITY;
	}

	/** Takes a request on. {@link TurnRequests.due} sends it. */
	begin(request: TurnRequest<T>, now: number): void {
		this.#begin(request, 0, now);
	}

	/** What is due at `now`. */
	due(now: number): RequestEvent<T>[] {
		const events: RequestEvent<T>[] = [];
		for (const step of this.#table.due(now)) {
			const running = this.#running.get(step.key);
			if (running === undefined) continue;
			if (step.kind === "send") events.push({ kind: "send", bytes: running.bytes });
			else {
				this.#running.delete(step.key);
				events.push({ kind: "failed", tag: running.request.tag, error: this.#timeout(running, step.waited) });
			}
		}
		return events;
	}

	/** Takes a message that arrived. What is not an answer to a request under way is ignored. */
	receive(message: StunMessage, now: number): RequestEvent<T>[] {
		if (message.class !== "success" && message.class !== "error") return [];
		const key = transactionKey(message.transactionId);
		const running = this.#running.get(key);
		if (running === undefined || message.method !== METHODS[running.request.method]) return [];
		const { server, auth, reliable } = this.#plan;
		const verdict = this.#table.judge(key, server, now);
		if (verdict.kind !== "reply") return [];
		if (!auth.accepts(message, running.signature)) {
			running.forged++;
			// Over UDP it is as if it never came (RFC 8489 section 9.2.5); a stream brings no second answer.
			if (!reliable) return [];
			this.#finish(key, now);
			return [{ kind: "failed", tag: running.request.tag, error: this.#timeout(running, 0) }];
		}
		this.#answers++;
		if (verdict.sends === 1) this.#rto.learn(server.ip, verdict.rtt, now);
		this.#finish(key, now);
		if (message.class === "success") return [{ kind: "answer", tag: running.request.tag, message }];
		return this.#refused(running, message, now);
	}

	/**
	 * Sends what waits for credentials, with those given. Null, or the ones that were refused, fail it.
	 */
	replaceCredentials(
		credentials: Parameters<StunLongTermAuth["replace"]>[0] | null,
		now: number,
	): RequestEvent<T>[] {
		const parked = this.#parked;
		this.#parked = [];
		if (credentials === null || !this.#plan.auth.replace(credentials))
			return parked.map(({ refusal }) => refusal);
		for (const { request, challenges } of parked) this.#begin(request, challenges, now);
		return [];
	}

	/** Forgets every request. */
	clear(now: number): void {
		for (const key of this.#running.keys()) this.#table.finish(key, now);
		this.#running.clear();
		this.#parked = [];
	}

	#begin(request: TurnRequest<T>, challenges: number, now: number): void {
		const { server, auth } = this.#plan;
		const id = Uint8Array.from(this.#random(12));
		const signature = auth.current;
		const bytes = encodeMessage({
			class: "request",
			method: METHODS[request.method],
			transactionId: id,
			attributes: [...request.attributes(id), ...(signature?.attributes ?? [])],
			...(signature !== null && { integrity: signature.integrity }),
		});
		const key = transactionKey(id);
		this.#running.set(key, { request, bytes, signature, challenges, forged: 0 });
		this.#table.begin({ key, to: server, expectFrom: "any", schedule: this.#schedule(request, now) }, now);
	}

	#schedule({ timeout }: TurnRequest<T>, now: number): Schedule {
		const { reliable, server } = this.#plan;
		if (reliable) return { sendAt: [0], giveUpAfter: timeout ?? STREAM_TIMEOUT };
		const { sendAt, giveUpAfter } = retransmissionSchedule(this.#rto.rto(server.ip, now));
		return { sendAt, giveUpAfter: timeout ?? giveUpAfter };
	}

	#refused(
		{ request, signature, challenges }: Running<T>,
		message: StunMessage,
		now: number,
	): RequestEvent<T>[] {
		const { status, reason } = attributeValue(message, "ERROR-CODE") ?? { status: 500, reason: "" };
		const { tag, method } = request;
		const refusal: RequestEvent<T> = { kind: "refused", tag, method, status, reason, message };
		if ((status !== 401 && status !== 438) || challenges >= MAX_CHALLENGES) return [refusal];
		const verdict = this.#plan.auth.challenged(message, signature);
		if (verdict === "hopeless") return [refusal];
		if (verdict === "again") {
			this.#begin(request, challenges + 1, now);
			return [];
		}
		this.#parked.push({ request, challenges: challenges + 1, refusal });
		return this.#parked.length === 1 ? [{ kind: "credentials" }] : [];
	}

	#finish(key: string, now: number): void {
		this.#running.delete(key);
		this.#table.finish(key, now);
	}

	#timeout({ forged, request }: Running<T>, waited: number): Error {
		const { server } = this.#plan;
		if (forged === 0) return new TurnTimeoutError(server, request.method, waited);
		return new TurnProtocolError(server, `its answers to ${request.method} fail the integrity check`);
	}
}
