import { attributeValue } from "../codec/message.js";
import type { StunMessage } from "../codec/types.js";
import { INITIAL_RTO, MAX_AUTH_ROUNDS, MAX_SERVER_ERROR_RETRIES } from "../defaults.js";
import { StunIntegrityError, StunTimeoutError } from "../errors.js";
import type { StunReply, StunRequestOptions, StunTransport } from "../socket/types.js";
import type { Clock, HostPort } from "../types.js";
import { askInBothDialects } from "./both-dialects.js";
import { delay } from "./delay.js";
import { LongTermSession } from "./long-term.js";
import type { StunCredentials, StunDialect } from "./types.js";

/** What a {@link Conversation} is about. */
export interface ConversationOptions {
	readonly transport: StunTransport;
	/** Over a connection a reply that is not protected ends the request, over UDP it is as if it never came. */
	readonly reliable: boolean;
	readonly server: HostPort;
	readonly mode: StunDialect | "auto";
	readonly credentials: StunCredentials | undefined;
	readonly fingerprint: boolean;
	readonly clock: Clock;
}

/** One question, with its end on the clock. */
export interface Question extends Pick<StunRequestOptions, "changeIp" | "changePort" | "attributes" | "rtt"> {
	readonly expectFrom?: HostPort | undefined;
	readonly deadline: number;
	readonly signal: AbortSignal | undefined;
}

const statusOf = ({ message }: StunReply): number =>
	message.class === "error" ? (attributeValue(message, "ERROR-CODE")?.status ?? 0) : 0;

/**
 * The requests of a client to one server over one transport: what the server speaks, who we are to it, and what its
 * errors ask for (RFC 8489 section 6.3.4).
 */
export class Conversation {
	readonly #options: ConversationOptions;
	readonly #session: LongTermSession | undefined;
	#classic: boolean | undefined;

	constructor(options: ConversationOptions) {
		this.#options = options;
		this.#session = options.credentials === undefined ? undefined : new LongTermSession(options.credentials);
		this.#classic = options.mode === "auto" ? undefined : options.mode === "rfc3489";
	}

	/**
	 * Asks until there is a last word: a success, or an error response that asking again cannot change.
	 *
	 * @throws {StunError} ERR_STUN_TIMEOUT, _NETWORK, _INTEGRITY, _CLOSED; the signal's reason when it was aborted
	 */
	async ask(question: Question): Promise<StunReply> {
		const { clock } = this.#options;
		let authRounds = 0;
		for (let failures = 0; ; ) {
			const reply = await this.#askOnce(question);
			const status = statusOf(reply);
			if ((status === 401 || status === 438) && authRounds < MAX_AUTH_ROUNDS) {
				authRounds++;
				if (this.#session?.challenged(reply.message) === true) continue;
			}
			const pause = INITIAL_RTO * 2 ** failures;
			const mayRetry = status >= 500 && status <= 599 && failures < MAX_SERVER_ERROR_RETRIES;
			if (!mayRetry || clock.now() + pause >= question.deadline) return reply;
			failures++;
			await delay(clock, pause, question.signal);
		}
	}

	async #askOnce(question: Question): Promise<StunReply> {
		const { clock } = this.#options;
		if (this.#classic !== undefined) return this.#send(question, this.#classic, question.signal);
		const reply = await askInBothDialects(
			(classic, signal) => this.#send(question, classic, signal),
			clock,
			INITIAL_RTO,
			question.signal,
		);
		if (reply.message.class === "success") this.#classic = reply.message.classic;
		return reply;
	}

	async #send(question: Question, classic: boolean, signal: AbortSignal | undefined): Promise<StunReply> {
		const { transport, server, clock, reliable, fingerprint } = this.#options;
		const giveUpAfter = question.deadline - clock.now();
		if (giveUpAfter <= 0) throw new StunTimeoutError(server, 0, 0);
		const own = classic ? undefined : this.#session?.request();
		const violation = new AbortController();
		let refused = 0;
		const accept = (message: StunMessage): boolean => {
			if (this.#session === undefined || this.#session.accepts(message)) return true;
			refused++;
			if (reliable)
				violation.abort(new StunIntegrityError(server, "its answer is not protected with our key"));
			return false;
		};
		try {
			return await transport.request({
				to: server,
				expectFrom: question.expectFrom ?? server,
				changeIp: question.changeIp ?? false,
				changePort: question.changePort ?? false,
				attributes: [...(question.attributes ?? []), ...(own?.attributes ?? [])],
				...(own?.integrity === undefined ? {} : { integrity: own.integrity }),
				...(question.rtt === undefined ? {} : { rtt: question.rtt }),
				fingerprint: fingerprint && !classic,
				classic,
				giveUpAfter,
				accept,
				signal: signal === undefined ? violation.signal : AbortSignal.any([signal, violation.signal]),
			});
		} catch (error) {
			if (error instanceof StunTimeoutError && refused > 0) {
				throw new StunIntegrityError(server, `none of its ${refused} answers is protected with our key`);
			}
			throw error;
		}
	}
}
