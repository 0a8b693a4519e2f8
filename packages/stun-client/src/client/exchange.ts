import { type Clock, type Endpoint, sleep } from "@p2pd/net";
import { attributeValue } from "../codec/message.js";
import type { StunMessage } from "../codec/types.js";
import { INITIAL_RTO, MAX_AUTH_ROUNDS, MAX_SERVER_ERROR_RETRIES } from "../defaults.js";
import { StunIntegrityError, StunTimeoutError } from "../errors.js";
import type { StunReply, StunRequestOptions, StunTransport } from "../transport/types.js";
import { StunLongTermAuth, type StunSignature } from "./auth.js";
import type { StunCredentials, StunDialect } from "./types.js";

/** What a {@link ServerExchange} needs. */
export interface ServerExchangeOptions {
	readonly transport: StunTransport;
	/** Over a connection, a reply without valid integrity ends the request; over UDP it is ignored. */
	readonly reliable: boolean;
	readonly server: Endpoint;
	readonly mode: StunDialect | "auto";
	readonly credentials: StunCredentials | undefined;
	readonly fingerprint: boolean;
	readonly clock: Clock;
}

/** One request and its deadline on the clock. */
export interface ExchangeRequest
	extends Pick<StunRequestOptions, "changeIp" | "changePort" | "attributes" | "rtt"> {
	readonly expectFrom?: Endpoint | undefined;
	readonly deadline: number;
	readonly signal: AbortSignal | undefined;
}

/** A reply, and what its request was signed with. */
interface SignedReply {
	readonly reply: StunReply;
	readonly signature: StunSignature | null;
}

const statusOf = ({ message }: StunReply): number =>
	message.class === "error" ? (attributeValue(message, "ERROR-CODE")?.status ?? 0) : 0;

/**
 * The requests of a client to one server over one transport. It knows which dialect the server speaks, authenticates,
 * and reacts to error responses (RFC 8489 section 6.3.4).
 */
export class ServerExchange {
	readonly #options: ServerExchangeOptions;
	readonly #auth: StunLongTermAuth | undefined;
	#classic: boolean | undefined;

	constructor(options: ServerExchangeOptions) {
		this.#options = options;
		this.#auth = options.credentials === undefined ? undefined : new StunLongTermAuth(options.credentials);
		this.#classic = options.mode === "auto" ? undefined : options.mode === "rfc3489";
	}

	/**
	 * Asks until the outcome is final: a success, or an error response that another request would not change.
	 *
	 * @throws {StunError} ERR_STUN_TIMEOUT, _NETWORK, _INTEGRITY, _CLOSED; the signal's reason when it aborts
	 */
	async ask(request: ExchangeRequest): Promise<StunReply> {
		const { clock } = this.#options;
		let authRounds = 0;
		for (let failures = 0; ; ) {
			const { reply, signature } = await this.#askOnce(request);
			const status = statusOf(reply);
			if ((status === 401 || status === 438) && authRounds < MAX_AUTH_ROUNDS) {
				authRounds++;
				if (this.#auth?.challenged(reply.message, signature) === "again") continue;
			}
			const pause = INITIAL_RTO * 2 ** failures;
			const mayRetry = status >= 500 && status <= 599 && failures < MAX_SERVER_ERROR_RETRIES;
			if (!mayRetry || clock.now() + pause >= request.deadline) return reply;
			failures++;
			await sleep(pause, clock, request.signal);
		}
	}

	async #askOnce(request: ExchangeRequest): Promise<SignedReply> {
		const { clock } = this.#options;
		if (this.#classic !== undefined) return this.#send(request, this.#classic, request.signal);
		const answer = await askInBothDialects(
			(classic, signal) => this.#send(request, classic, signal),
			clock,
			INITIAL_RTO,
			request.signal,
		);
		const { message } = answer.reply;
		if (message.class === "success") this.#classic = message.classic;
		return answer;
	}

	async #send(
		request: ExchangeRequest,
		classic: boolean,
		signal: AbortSignal | undefined,
	): Promise<SignedReply> {
		const { transport, server, clock, reliable, fingerprint } = this.#options;
		const giveUpAfter = request.deadline - clock.now();
		if (giveUpAfter <= 0) throw new StunTimeoutError(server, 0, 0);
		const signature = classic ? null : (this.#auth?.current ?? null);
		const violation = new AbortController();
		let refused = 0;
		const accept = (message: StunMessage): boolean => {
			if (this.#auth === undefined || this.#auth.accepts(message, signature)) return true;
			refused++;
			if (reliable) violation.abort(new StunIntegrityError(server, "answered without valid integrity"));
			return false;
		};
		try {
			const reply = await transport.request({
				to: server,
				expectFrom: request.expectFrom ?? server,
				changeIp: request.changeIp ?? false,
				changePort: request.changePort ?? false,
				attributes: [...(request.attributes ?? []), ...(signature?.attributes ?? [])],
				...(signature === null ? {} : { integrity: signature.integrity }),
				...(request.rtt === undefined ? {} : { rtt: request.rtt }),
				fingerprint: fingerprint && !classic,
				classic,
				giveUpAfter,
				accept,
				signal: signal === undefined ? violation.signal : AbortSignal.any([signal, violation.signal]),
			});
			return { reply, signature };
		} catch (error) {
			if (error instanceof StunTimeoutError && refused > 0) {
				throw new StunIntegrityError(server, `sent ${refused} answers, none with valid integrity`);
			}
			throw error;
		}
	}
}

/** Sends one request, in the form of RFC 3489 if `classic`. */
type Attempt = (classic: boolean, signal: AbortSignal) => Promise<SignedReply>;

/** Carries an error response through a race of promises. */
class ErrorReply extends Error {
	readonly answer: SignedReply;

	constructor(answer: SignedReply) {
		super("an error response");
		this.answer = answer;
	}
}

/**
 * Asks in the form of RFC 8489, and also in that of RFC 3489 once the first had no answer for `patience` ms or got an
 * error response. The first success wins and the other request is cancelled. Without a success, the outcome of the
 * first form is returned.
 */
async function askInBothDialects(
	attempt: Attempt,
	clock: Clock,
	patience: number,
	signal: AbortSignal | undefined,
): Promise<SignedReply> {
	const stop = new AbortController();
	const abort = (): void => stop.abort(signal?.reason);
	signal?.addEventListener("abort", abort, { once: true });
	const success = async (classic: boolean): Promise<SignedReply> => {
		const answer = await attempt(classic, stop.signal);
		if (answer.reply.message.class === "error") throw new ErrorReply(answer);
		return answer;
	};
	const first = success(false);
	const second = Promise.race([sleep(patience, clock, stop.signal), first.then(noop, noop)]).then(() => {
		stop.signal.throwIfAborted();
		return success(true);
	});
	try {
		return await Promise.any([first, second]);
	} catch {
		return await first.catch((error: unknown) => {
			if (error instanceof ErrorReply) return error.answer;
			throw error;
		});
	} finally {
		signal?.removeEventListener("abort", abort);
		stop.abort();
		await Promise.allSettled([first, second]);
	}
}

const noop = (): void => undefined;
