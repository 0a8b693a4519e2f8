import {
	abortable,
	type Clock,
	MessageQueue,
	printable,
	type RandomBytes,
	systemClock,
	systemRandom,
} from "@p2pd/net";
import type { PeerIdentity } from "@p2pd/peer";
import type { MqttClient } from "mqtt";
import {
	CLOSE_TIMEOUT,
	CONNECT_TIMEOUT,
	INBOX_MESSAGES,
	KEEPALIVE_SECONDS,
	MAX_SIGNAL_MESSAGE_BYTES,
	RECONNECT_FIRST,
	RECONNECT_MAX,
} from "../defaults.js";
import { SignalClosedError, type SignalConnectError, SignalSendError } from "../errors.js";
import { checkMessage } from "../memory.js";
import { makePassword } from "../password.js";
import { inboxTopic } from "../topic.js";
import type { Signal, SignalCallOptions, SignalState } from "../types.js";
import { toConnectError } from "./connect-error.js";
import { parseSignalUrl, type SignalServer } from "./server-url.js";

/** Options of {@link openMqttSignal}. */
export interface MqttSignalOptions {
	/** One try to connect, in ms. @default 4000 */
	readonly connectTimeout?: number;
	/** MQTT 3.1.1 (4) or 5. @default 4, which every server speaks */
	readonly protocolVersion?: 4 | 5;
	/** PEM certificates of the authorities that may have signed the server's. @default Node's */
	readonly ca?: string;
}

/** What the environment supplies to {@link openMqttSignal}. */
export interface MqttSignalDeps {
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
	/** Milliseconds since 1970. @default `Date.now` */
	readonly wallNow?: () => number;
	/** @default the system's cryptographic source */
	readonly random?: RandomBytes;
}

/**
 * Opens a node's inbox on an MQTT server, and connects to it again whenever the connection is lost. Where the URL has a
 * user and a password, these are used; otherwise the node proves its id by a signature, as our own broker wants it. The
 * `mqtt` package is loaded when this is first called.
 *
 * @throws SignalArgumentError (`ERR_SIGNAL_ARGUMENT`) for a URL that is not one
 */
export function openMqttSignal(
	url: string,
	identity: PeerIdentity,
	options: MqttSignalOptions = {},
	deps: MqttSignalDeps = {},
): Signal {
	return new MqttSignal(parseSignalUrl(url), identity, options, deps);
}

class MqttSignal implements Signal {
	readonly id: string;
	readonly url: string;
	readonly #server: SignalServer;
	readonly #identity: PeerIdentity;
	readonly #options: MqttSignalOptions;
	readonly #clock: Clock;
	readonly #wallNow: () => number;
	readonly #random: RandomBytes;
	readonly #queue = new MessageQueue<Uint8Array>(INBOX_MESSAGES);
	/** Those who wait for the end of a try to connect. */
	readonly #waiting = new Set<(error: SignalConnectError | SignalClosedError | null) => void>();
	/** Rejects the sends that the server has not acknowledged. */
	readonly #sending = new Set<(error: Error) => void>();
	#client: MqttClient | null = null;
	#state: SignalState = "connecting";
	/** Why the last try failed; null while the first one runs. */
	#problem: SignalConnectError | null = null;
	#failures = 0;
	#timer: unknown = null;

	constructor(
		server: SignalServer,
		identity: PeerIdentity,
		options: MqttSignalOptions,
		deps: MqttSignalDeps,
	) {
		this.id = identity.id;
		this.url = server.url;
		this.#server = server;
		this.#identity = identity;
		this.#options = options;
		this.#clock = deps.clock ?? systemClock;
		this.#wallNow = deps.wallNow ?? Date.now;
		this.#random = deps.random ?? systemRandom;
		void this.#connect();
	}

	get state(): SignalState {
		return this.#state;
	}

	ready({ signal }: SignalCallOptions = {}): Promise<void> {
		if (this.#state === "open") return Promise.resolve();
		if (this.#state === "closed") return Promise.reject(new SignalClosedError());
		if (this.#problem !== null && this.#timer !== null) return Promise.reject(this.#problem);
		let stop: () => void = () => undefined;
		const settled = new Promise<void>((resolve, reject) => {
			const wait = (error: Error | null): void => (error === null ? resolve() : reject(error));
			this.#waiting.add(wait);
			stop = () => this.#waiting.delete(wait);
		});
		return abortable(settled, signal).finally(() => stop());
	}

	async send(to: string, bytes: Uint8Array, { signal }: SignalCallOptions = {}): Promise<void> {
		checkMessage(to, bytes);
		signal?.throwIfAborted();
		if (this.#state === "closed") throw new SignalClosedError();
		const client = this.#client;
		if (this.#state !== "open" || client === null) {
			throw new SignalSendError(`${this.url}: not connected`, { cause: this.#problem ?? undefined });
		}
		const sent = new Promise<void>((resolve, reject) => {
			// The package forgets what was under way when the connection is lost.
			this.#sending.add(reject);
			client.publish(inboxTopic(to), Buffer.from(bytes), { qos: 1 }, (error) => {
				this.#sending.delete(reject);
				if (error)
					reject(
						new SignalSendError(`${this.url}: not taken: ${printable(error.message)}`, { cause: error }),
					);
				else resolve();
			});
		});
		await abortable(sent, signal);
	}

	messages(): AsyncIterableIterator<Uint8Array> {
		return this.#queue.read();
	}

	async close(): Promise<void> {
		if (this.#state === "closed") return;
		this.#state = "closed";
		if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
		this.#timer = null;
		this.#settle(new SignalClosedError());
		this.#queue.end();
		this.#failSends();
		const client = this.#client;
		this.#client = null;
		if (client !== null) await endClient(client, this.#clock);
	}

	async #connect(): Promise<void> {
		this.#timer = null;
		const { connect } = await import("mqtt");
		if (this.#state === "closed") return;
		const { credentials, hostPort, url } = this.#server;
		const { connectTimeout = CONNECT_TIMEOUT, protocolVersion = 4, ca } = this.#options;
		const client = connect(url, {
			// Random, so that a stranger who uses the same cannot make the server drop this connection.
			clientId: Buffer.from(this.#random(15)).toString("base64url"),
			username: credentials?.username ?? this.#identity.id,
			password:
				credentials?.password ?? makePassword(this.#identity, hostPort, this.#wallNow(), this.#random),
			clean: true,
			reconnectPeriod: 0,
			connectTimeout,
			keepalive: KEEPALIVE_SECONDS,
			protocolVersion,
			queueQoSZero: false,
			...(ca === undefined ? {} : { ca }),
		});
		this.#client = client;
		let failure: unknown = null;
		client.on("error", (error) => {
			failure ??= error;
		});
		client.on("message", (topic, payload) => {
			if (topic === inboxTopic(this.id) && payload.length <= MAX_SIGNAL_MESSAGE_BYTES)
				this.#queue.push(payload);
		});
		client.on("connect", () => {
			client.subscribe(inboxTopic(this.id), { qos: 1 }, (error, granted) => {
				// MQTT 3.1.1 section 3.9.3: 0x80 is a refusal.
				const refused =
					error ?? (granted?.some(({ qos }) => qos >= 0x80) ? new Error("the inbox was refused") : null);
				if (refused === null) this.#opened(client);
				else {
					failure ??= refused;
					client.end(true);
				}
			});
		});
		client.on("close", () => this.#lost(client, failure));
	}

	#opened(client: MqttClient): void {
		if (client !== this.#client) return;
		this.#state = "open";
		this.#failures = 0;
		this.#problem = null;
		this.#settle(null);
	}

	#lost(client: MqttClient, failure: unknown): void {
		if (client !== this.#client) return;
		this.#client = null;
		this.#failSends();
		client.end(true);
		if (this.#state === "closed") return;
		const wasOpen = this.#state === "open";
		this.#state = "connecting";
		this.#problem = toConnectError(failure, this.#server, wasOpen);
		const delay = Math.min(RECONNECT_MAX, RECONNECT_FIRST * 2 ** Math.min(this.#failures, 10));
		this.#failures++;
		const jitter = 0.5 + ((this.#random(1)[0] ?? 0) / 255) * 0.5;
		this.#timer = this.#clock.setTimeout(() => void this.#connect(), delay * jitter);
		this.#settle(this.#problem);
	}

	#failSends(): void {
		for (const reject of this.#sending) reject(new SignalSendError(`${this.url}: the connection was lost`));
		this.#sending.clear();
	}

	#settle(error: SignalConnectError | SignalClosedError | null): void {
		for (const wait of [...this.#waiting]) wait(error);
		this.#waiting.clear();
	}
}

/** Says goodbye, and resolves when the socket is closed; cuts it off if the server takes too long. */
function endClient(client: MqttClient, clock: Clock): Promise<void> {
	return new Promise((resolve) => {
		const timer = clock.setTimeout(() => client.end(true, finish), CLOSE_TIMEOUT);
		const finish = (): void => {
			clock.clearTimeout(timer);
			resolve();
		};
		client.end(!client.connected, finish);
	});
}
