import type { Duplex } from "node:stream";
import type { ReadableStream, WritableStream } from "node:stream/web";
import { inspect } from "node:util";
import { abortable } from "./abortable.js";
import { checkFunction, checkSubscription } from "./check.js";
import { PipeCore } from "./core/pipe-core.js";
import type { PipeInit, PipeSocket } from "./core/pipe-init.js";
import type { Delivery } from "./delivery/delivery.js";
import { PipeOptionError, PipeRoleError } from "./errors.js";
import { parsePeer, peerText } from "./peer.js";
import { receive, receiveFrom } from "./receive.js";
import { checkRelay, noteRelays } from "./relay/check-relay.js";
import { send } from "./send.js";
import { isOrderly, type MessageSource } from "./streams/message-source.js";
import { toNodeDuplex } from "./streams/node-duplex.js";
import { toReadable, toWritable } from "./streams/web-streams.js";
import { Matcher } from "./subscription/matcher.js";
import type { Message } from "./subscription/queue.js";
import { Acceptor } from "./tcp/acceptor.js";
import type { TlsAcceptor } from "./tls/tls-acceptor.js";
import type { TlsInfo } from "./tls/types.js";
import type {
	ConnectCallback,
	EndCallback,
	EndReason,
	ErrorCallback,
	MessageCallback,
	Peer,
	PipeRole,
	PipeState,
	PipeStats,
	Protocol,
	RecvOptions,
	Sendable,
	Stall,
	SubscribeOptions,
	SubscriptionInfo,
	SubscriptionKey,
} from "./types.js";

/**
 * One object for TCP and UDP, clients and servers. `pipeOpen` makes it; what a role cannot do rejects, or
 * throws where it returns no promise, with PipeRoleError (`ERR_PIPE_ROLE`).
 *
 * Messages are handed out in the order of their arrival: to relays, then callbacks, then subscriptions.
 * Callbacks do not wait for each other's promises; a subscription's handler is never called before its last
 * promise has settled.
 */
export class Pipe {
	readonly #core: PipeCore;
	#readable: ReadableStream<Uint8Array> | null = null;
	#writable: WritableStream<Sendable> | null = null;

	/** @internal Pipes come from `pipeOpen`, `accept` and callbacks. */
	constructor(init: PipeInit, tls: TlsAcceptor | null = null) {
		this.#core = new PipeCore(this, init);
		if (init.role === "server" && init.protocol === "tcp") {
			this.#core.acceptor = new Acceptor(this.#core, (accepted) => new Pipe(accepted), tls);
		}
		this.#core.opened();
	}

	/** `tcp` or `udp`. */
	get protocol(): Protocol {
		return this.#core.init.protocol;
	}

	get role(): PipeRole {
		return this.#core.init.role;
	}

	get state(): PipeState {
		return this.#core.life.state;
	}

	/** The socket's own address. */
	get local(): Peer {
		return this.#core.transport.local;
	}

	/** The peer; null on a server, which has none or many. */
	get remote(): Peer | null {
		return this.#core.transport.remote;
	}

	/** Why the pipe ended; null while it is open. */
	get reason(): EndReason | null {
		return this.#core.reason;
	}

	/** What came of the TLS handshake; null without TLS. */
	get tls(): TlsInfo | null {
		return this.#core.init.tls;
	}

	get stats(): PipeStats {
		return { ...this.#core.counters };
	}

	/** Each subscription with its counters. */
	get subscriptions(): readonly SubscriptionInfo[] {
		return this.#core.delivery?.subscriptions.map(({ info }) => info) ?? [];
	}

	/** Who has kept a TCP pipe from reading for longest; null if nobody does. */
	get stalledBy(): Stall | null {
		return this.#core.delivery?.stalledBy ?? null;
	}

	/** The connections that a TCP server has open. */
	get pipes(): ReadonlySet<Pipe> {
		return this.#core.acceptor?.pipes ?? new Set();
	}

	/**
	 * The socket underneath. It stays the pipe's. A STUN client can be attached to a UDP pipe's
	 * (`new StunClient({ sockets: pipe.socket, ... })` of `@p2pd/stun-client`): it keeps its replies to itself.
	 */
	get socket(): PipeSocket {
		return this.#core.init.socket;
	}

	/** Calls back with each message; on a TCP server, with those of connections accepted from now on. */
	onMessage(callback: MessageCallback): this {
		checkFunction("callback", callback);
		this.#core.messages.add(callback);
		this.#core.delivery?.update();
		return this;
	}

	offMessage(callback: MessageCallback): this {
		this.#core.messages.remove(callback);
		this.#core.delivery?.update();
		return this;
	}

	/** Calls back once this connection stands (which may be at once), or a server's next ones. TCP. */
	onConnect(callback: ConnectCallback): this {
		if (this.protocol === "udp") throw this.#without("onConnect", "datagrams have no connection");
		this.#core.addConnect(callback);
		return this;
	}

	offConnect(callback: ConnectCallback): this {
		this.#core.connects.remove(callback);
		return this;
	}

	/** Calls back once the pipe is closed, which may be at once. */
	onEnd(callback: EndCallback): this {
		this.#core.addEnd(callback);
		return this;
	}

	offEnd(callback: EndCallback): this {
		this.#core.ends.remove(callback);
		return this;
	}

	/** Calls back with errors that have no caller; without any such callback they are process warnings. */
	onError(callback: ErrorCallback): this {
		this.#core.errors = [...this.#core.errors, callback];
		return this;
	}

	offError(callback: ErrorCallback): this {
		this.#core.errors = this.#core.errors.filter((other) => other !== callback);
		return this;
	}

	/**
	 * Queues the messages that `sub` takes for `recv`, or gives them to `handler`, one after another. Once
	 * subscribed, subscribing to the same again changes nothing.
	 *
	 * @throws PipeOptionError for a pattern or policy that cannot be, or another handler for the same messages
	 */
	subscribe(
		sub: SubscriptionKey = null,
		handler: MessageCallback | null = null,
		options: SubscribeOptions = {},
	): this {
		const delivery = this.#delivery("subscribe");
		checkSubscription(handler, options);
		const existing = delivery.find(sub);
		if (existing === undefined) {
			const handle = handler === null ? null : ([peer, data]: Message) => handler(data, peer, this);
			delivery.subscribe(sub, new Matcher(sub), handle, options);
		} else if (handler !== null || Object.keys(options).length > 0) {
			throw new PipeOptionError("sub", `${existing.name} is subscribed to already: unsubscribe first`);
		}
		return this;
	}

	/** Drops a subscription and what it has queued; `recv`s that wait on it reject. Unknown ones are nothing to do. */
	unsubscribe(sub: SubscriptionKey = null): this {
		const delivery = this.#delivery("unsubscribe");
		const existing = delivery.find(sub);
		if (existing !== undefined) delivery.unsubscribe(existing);
		return this;
	}

	/**
	 * The next message of a subscription; null once the time is over. What was queued before the pipe ended
	 * can still be read. With `full`, `[peer, message]`.
	 *
	 * Rejects with PipeNotSubscribedError, PipeOverflowError (at a gap, under the policy `error`),
	 * PipeClosedError, or the signal's reason.
	 */
	recv(options: RecvOptions & { readonly full: true }): Promise<Message | null>;
	recv(options?: RecvOptions & { readonly full?: false }): Promise<Buffer | null>;
	recv(options?: RecvOptions): Promise<Buffer | Message | null>;
	recv(options: RecvOptions = {}): Promise<Buffer | Message | null> {
		const { delivery } = this.#core;
		if (delivery === null) return Promise.reject(this.#without("recv", "its connections have: accept()"));
		return receive(this.#core, delivery, options);
	}

	/**
	 * The messages of a subscription, for `for await`; subscribes at once if it is not there yet, and then
	 * unsubscribes at the end. Ends with the pipe, and throws if that ended by an error.
	 */
	messages(
		sub: SubscriptionKey,
		options: { readonly full: true; readonly signal?: AbortSignal },
	): AsyncGenerator<Message, void, undefined>;
	messages(
		sub?: SubscriptionKey,
		options?: { readonly full?: false; readonly signal?: AbortSignal },
	): AsyncGenerator<Buffer, void, undefined>;
	messages(
		sub: SubscriptionKey = null,
		options: { readonly full?: boolean; readonly signal?: AbortSignal } = {},
	): AsyncGenerator<Buffer | Message, void, undefined> {
		const own = this.#delivery("messages").find(sub) === undefined;
		this.subscribe(sub);
		return this.#messages(sub, own, options);
	}

	/**
	 * Sends bytes, or text as UTF-8. Resolves when the kernel has taken them; do not change them before. Awaiting
	 * each send keeps the memory that it takes bounded. A TCP pipe joins the sends of one tick.
	 *
	 * Rejects with PipeClosedError, PipeDestinationError, PipeTooLongError, PipeFramingError,
	 * PipeSendQueueError, or PipeSendError. The signal only stops the waiting: bytes cannot be called back.
	 *
	 * @param dest where to, on UDP @default the pipe's destination
	 */
	send(data: Sendable, dest?: Peer, options?: { readonly signal?: AbortSignal }): Promise<void> {
		const transport = this.#core.data;
		if (transport === null) return Promise.reject(this.#without("send", "its connections have: accept()"));
		const signal = options?.signal;
		if (signal === undefined) return send(this.#core, transport, data, dest);
		if (signal.aborted) return Promise.reject(signal.reason);
		return abortable(send(this.#core, transport, data, dest), signal);
	}

	/** Finishes sending (half-close) once all is sent; the peer's messages still come. TCP. Rejects with PipeClosedError, PipeSendError. */
	end(): Promise<void> {
		const { data } = this.#core;
		if (data === null || this.protocol === "udp") {
			return Promise.reject(this.#without("end", "only a connection has an end to send"));
		}
		return this.#core.finish(data);
	}

	/**
	 * Closes the pipe and, on a server, its connections: what is unsent gets `linger` milliseconds to leave, waiting
	 * calls reject with PipeClosedError, links are undone. Resolves once the OS has closed the socket and the end
	 * callbacks were called. Closing again awaits the same.
	 */
	close(options: { readonly linger?: number } = {}): Promise<void> {
		return this.#core.close({ kind: "local", error: null }, options.linger);
	}

	/** Closes at once: what is unsent is dropped, and a TCP peer sees a reset. */
	reset(): Promise<void> {
		return this.close({ linger: 0 });
	}

	/** Ends the pipe and gives its socket away, open. On a server, its connections are closed. */
	detach(): PipeSocket {
		this.#core.detach();
		return this.socket;
	}

	/** Lets the process end though the pipe is open. */
	unref(): this {
		this.#core.transport.keepAlive(false);
		return this;
	}

	/** Undoes `unref`. */
	ref(): this {
		this.#core.transport.keepAlive(true);
		return this;
	}

	/**
	 * Sends on every message received here by `target`, until either closes. A TCP pipe waits for a target that is
	 * behind; a UDP one drops and counts. Linked both ways, two pipes are a relay.
	 *
	 * @param options.to where to, on a target without a destination of its own
	 * @throws PipeRelayError for a loop, a closed pipe, or a target without a destination
	 */
	addPipe(target: Pipe, options: { readonly to?: Peer } = {}): this {
		const delivery = this.#delivery("addPipe");
		if (!(target instanceof Pipe)) throw new PipeOptionError("target", `not a pipe: ${String(target)}`);
		if (target.#core.data === null) throw target.#without("relay", "its connections have: accept()");
		const to = options.to === undefined ? undefined : parsePeer(options.to, "to");
		if (to !== undefined && target.#core.data.fixed) {
			throw new PipeOptionError("to", "the target sends to its peer alone");
		}
		checkRelay(this, target, to);
		if (delivery.relays.some((relay) => relay.target === target)) return this;
		delivery.addRelay(target, to);
		target.#core.sources = [...target.#core.sources, this];
		noteRelays(
			this,
			delivery.relays.map((relay) => relay.target),
		);
		return this;
	}

	/** Undoes `addPipe`. A pipe that is not linked is nothing to do. */
	delPipe(target: Pipe): this {
		const delivery = this.#delivery("delPipe");
		delivery.removeRelay(target);
		target.#core.sources = target.#core.sources.filter((source) => source !== this);
		noteRelays(
			this,
			delivery.relays.map((relay) => relay.target),
		);
		return this;
	}

	/** The next connection of a TCP server, in the order of arrival; null once a given time is over. */
	accept(options: { readonly timeout?: number; readonly signal?: AbortSignal } = {}): Promise<Pipe | null> {
		const { acceptor, deadline } = this.#core;
		if (acceptor === null) return Promise.reject(this.#without("accept", "only a TCP server accepts"));
		const { signal, timeout = Number.POSITIVE_INFINITY } = options;
		if (signal?.aborted) return Promise.reject(signal.reason);
		return acceptor.next(deadline.need(timeout), signal);
	}

	/** The connections of a TCP server, for `for await`. Ends with the server. */
	async *accepted(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Pipe, void, undefined> {
		try {
			for (;;) {
				const pipe = await this.accept(options);
				if (pipe !== null) yield pipe;
			}
		} catch (error) {
			if (!isOrderly(error)) throw error;
		}
	}

	/** All messages as a Web stream, with backpressure. The same stream at every call. */
	get readable(): ReadableStream<Uint8Array> {
		this.#readable ??= toReadable(this.#source("readable"));
		return this.#readable;
	}

	/** Sending as a Web stream. The same stream at every call. */
	get writable(): WritableStream<Sendable> {
		if (this.#core.data?.remote == null) throw this.#without("writable", "it has no peer of its own");
		this.#writable ??= toWritable(this);
		return this.#writable;
	}

	/** All messages, and sending, as a Node stream with backpressure. It closes the pipe when it is destroyed. */
	toDuplex(): Duplex {
		if (this.#core.data?.remote == null) throw this.#without("toDuplex", "it has no peer of its own");
		return toNodeDuplex(this, this.#source("duplex"));
	}

	/** What it is, in a line: `Pipe { tcp client open 127.0.0.1:50000 -> 127.0.0.1:80 }`. */
	[inspect.custom](): string {
		const { local, protocol, remote, role, state } = this;
		const peer = remote === null ? "" : ` -> ${peerText(remote)}`;
		return `Pipe { ${protocol} ${role} ${state} ${peerText(local)}${peer} }`;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	async *#messages(
		sub: SubscriptionKey,
		own: boolean,
		options: { readonly full?: boolean; readonly signal?: AbortSignal },
	): AsyncGenerator<Buffer | Message, void, undefined> {
		try {
			for (;;) {
				const message = await this.recv({ ...options, sub, timeout: Number.POSITIVE_INFINITY });
				if (message !== null) yield message;
			}
		} catch (error) {
			if (!isOrderly(error)) throw error;
		} finally {
			if (own) this.unsubscribe(sub);
		}
	}

	/** A queue of all messages beside the subscriptions. */
	#source(name: string): MessageSource {
		const delivery = this.#delivery(name);
		const subscription = delivery.subscribe({}, new Matcher(null, true), null, { name });
		return {
			next: async () => {
				const timeout = Number.POSITIVE_INFINITY;
				return (await receiveFrom(this.#core, subscription, { timeout })) as Buffer;
			},
			stop: () => delivery.unsubscribe(subscription),
		};
	}

	#delivery(method: string): Delivery {
		if (this.#core.delivery === null) throw this.#without(method, "its connections have: accept()");
		return this.#core.delivery;
	}

	#without(method: string, hint: string): PipeRoleError {
		return new PipeRoleError(method, this.protocol, this.role, hint);
	}
}
