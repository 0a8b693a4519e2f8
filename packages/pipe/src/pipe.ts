import type { Server as TcpServer } from "node:net";
import type { Duplex } from "node:stream";
import type { ReadableStream, WritableStream } from "node:stream/web";
import { inspect } from "node:util";
import { abortable, is } from "@p2pd/net";
import {
	checkClose,
	checkFunction,
	checkRecv,
	checkRelayOptions,
	checkSubscription,
	checkWaitOptions,
} from "./check.js";
import { Connection, readableSubscription } from "./connection.js";
import { PipeOptionError, PipeRoleError } from "./errors.js";
import type { Lifecycle, PipeInit } from "./lifecycle.js";
import { parsePeer, peerText } from "./peer.js";
import { checkRelay, noteRelays } from "./relay.js";
import { Server } from "./server.js";
import { isOrderly, type MessageSource, toDuplex, toReadable, toWritable } from "./streams.js";
import { Matcher } from "./subscription/matcher.js";
import type { MessageHandler } from "./subscription/subscription.js";
import type { TlsAcceptor } from "./tls/acceptor.js";
import type { PipeTlsInfo } from "./tls/types.js";
import type { Transport } from "./transport/types.js";
import { connectedPeer } from "./transport/udp.js";
import type {
	Pipe,
	PipeConnectCallback,
	PipeData,
	PipeEndCallback,
	PipeEndReason,
	PipeErrorCallback,
	PipeMessage,
	PipeMessageCallback,
	PipePeer,
	PipeProtocol,
	PipeRecvOptions,
	PipeRole,
	PipeSocket,
	PipeStall,
	PipeState,
	PipeStats,
	PipeSubscribeOptions,
	PipeSubscriptionInfo,
	PipeSubscriptionKey,
} from "./types.js";

/** Marks pipes, also those of another copy of this package. */
const PIPE = Symbol.for("@p2pd/pipe");

const NO_RECV_OPTIONS: PipeRecvOptions = {};
const NO_PIPES: ReadonlySet<Pipe> = new Set();

/** A pipe over a transport, ready for use. */
export function connectionPipe(init: PipeInit, transport: Transport): Pipe {
	return new PipeHandle((pipe) => new Connection(pipe, init, transport));
}

/** The pipe of a listening TCP socket. */
export function serverPipe(init: PipeInit, socket: TcpServer, tls: TlsAcceptor | null): Pipe {
	return new PipeHandle((pipe) => new Server(pipe, init, { socket, tls, makePipe: connectionPipe }));
}

/** The face of a connection or a server: checks arguments, and knows what the role does not have. */
class PipeHandle implements Pipe {
	/** Null on a TCP server, which carries no data itself. */
	readonly #connection: Connection | null;
	/** Null on everything but a TCP server. */
	readonly #server: Server | null;
	readonly #life: Lifecycle;
	#readable: ReadableStream<Uint8Array> | null = null;
	#writable: WritableStream<PipeData> | null = null;

	constructor(make: (pipe: Pipe) => Connection | Server) {
		const inner = make(this);
		this.#connection = inner instanceof Connection ? inner : null;
		this.#server = inner instanceof Server ? inner : null;
		this.#life = inner.life;
		if (inner instanceof Connection) inner.opened();
		else inner.life.open();
	}

	get [PIPE](): true {
		return true;
	}

	get [Symbol.toStringTag](): string {
		return "Pipe";
	}

	get protocol(): PipeProtocol {
		return this.#life.init.protocol;
	}

	get role(): PipeRole {
		return this.#life.init.role;
	}

	get state(): PipeState {
		return this.#life.state;
	}

	get local(): PipePeer {
		return this.#server === null ? this.#data("local").transport.local : this.#server.local;
	}

	get remote(): PipePeer | null {
		return this.#connection?.remote ?? null;
	}

	get reason(): PipeEndReason | null {
		return this.#life.reason;
	}

	get tls(): PipeTlsInfo | null {
		return this.#life.init.tls;
	}

	get stats(): PipeStats {
		return { ...(this.#server ?? this.#data("stats")).counters };
	}

	get subscriptions(): readonly PipeSubscriptionInfo[] {
		return this.#connection?.delivery.subscriptions.map(({ info }) => info) ?? [];
	}

	get stalledBy(): PipeStall | null {
		return this.#connection?.delivery.stalledBy ?? null;
	}

	get pipes(): ReadonlySet<Pipe> {
		return this.#server?.pipes ?? NO_PIPES;
	}

	get socket(): PipeSocket {
		return this.#server === null ? this.#data("socket").transport.socket : this.#server.socket;
	}

	onMessage(callback: PipeMessageCallback): this {
		checkFunction("callback", callback);
		this.#life.messages.add(callback);
		this.#connection?.delivery.update();
		return this;
	}

	offMessage(callback: PipeMessageCallback): this {
		this.#life.messages.remove(callback);
		this.#connection?.delivery.update();
		return this;
	}

	onConnect(callback: PipeConnectCallback): this {
		checkFunction("callback", callback);
		if (this.protocol === "udp") throw this.#without("onConnect", "datagrams have no connection");
		this.#life.addConnect(callback);
		return this;
	}

	offConnect(callback: PipeConnectCallback): this {
		this.#life.connects.remove(callback);
		return this;
	}

	onEnd(callback: PipeEndCallback): this {
		checkFunction("callback", callback);
		this.#life.addEnd(callback);
		return this;
	}

	offEnd(callback: PipeEndCallback): this {
		this.#life.ends.remove(callback);
		return this;
	}

	onError(callback: PipeErrorCallback): this {
		checkFunction("callback", callback);
		this.#life.errors = [...this.#life.errors, callback];
		return this;
	}

	offError(callback: PipeErrorCallback): this {
		this.#life.errors = this.#life.errors.filter((other) => other !== callback);
		return this;
	}

	subscribe(
		sub: PipeSubscriptionKey = null,
		handler: PipeMessageCallback | null = null,
		options: PipeSubscribeOptions = {},
	): this {
		const { delivery } = this.#data("subscribe");
		checkSubscription(handler, options);
		const existing = delivery.find(sub);
		if (existing === undefined) {
			delivery.subscribe(sub, new Matcher(sub), this.#handlerOf(handler), options);
			return this;
		}
		const same = handler === null || existing.handler?.given === handler;
		if (!same || Object.keys(options).length > 0) {
			throw new PipeOptionError("sub", `${existing.name} is subscribed to already: unsubscribe first`);
		}
		return this;
	}

	unsubscribe(sub: PipeSubscriptionKey = null): this {
		const { delivery } = this.#data("unsubscribe");
		const existing = delivery.find(sub);
		if (existing !== undefined) delivery.unsubscribe(existing);
		return this;
	}

	recv(options: PipeRecvOptions & { readonly full: true }): Promise<PipeMessage | null>;
	recv(options?: PipeRecvOptions & { readonly full?: false }): Promise<Buffer | null>;
	recv(options?: PipeRecvOptions): Promise<Buffer | PipeMessage | null>;
	recv(options: PipeRecvOptions = NO_RECV_OPTIONS): Promise<Buffer | PipeMessage | null> {
		try {
			const connection = this.#data("recv");
			if (options !== NO_RECV_OPTIONS) checkRecv(options);
			return connection.receive(readableSubscription(connection.delivery, options), options);
		} catch (error) {
			return Promise.reject(error);
		}
	}

	messages(
		sub: PipeSubscriptionKey,
		options: { readonly full: true; readonly signal?: AbortSignal },
	): AsyncGenerator<PipeMessage, void, undefined>;
	messages(
		sub?: PipeSubscriptionKey,
		options?: { readonly full?: false; readonly signal?: AbortSignal },
	): AsyncGenerator<Buffer, void, undefined>;
	messages(
		sub: PipeSubscriptionKey = null,
		options: { readonly full?: boolean; readonly signal?: AbortSignal } = {},
	): AsyncGenerator<Buffer | PipeMessage, void, undefined> {
		const { delivery } = this.#data("messages");
		checkWaitOptions(options, "full", "signal");
		const own = delivery.find(sub) === undefined;
		this.subscribe(sub);
		return this.#messages(sub, own, options);
	}

	send(data: PipeData, dest?: PipePeer, options?: { readonly signal?: AbortSignal }): Promise<void> {
		const connection = this.#connection;
		if (connection === null) return Promise.reject(this.#without("send", "use its connections: accept()"));
		if (options === undefined) return connection.send(data, dest);
		try {
			checkWaitOptions(options, "signal");
			options.signal?.throwIfAborted();
			return abortable(connection.send(data, dest), options.signal);
		} catch (error) {
			return Promise.reject(error);
		}
	}

	end(): Promise<void> {
		if (this.#connection === null || this.protocol === "udp") {
			return Promise.reject(this.#without("end", "only a connection can finish sending"));
		}
		return this.#connection.finish();
	}

	close(options: { readonly linger?: number } = {}): Promise<void> {
		try {
			checkClose(options);
		} catch (error) {
			return Promise.reject(error);
		}
		return this.#life.close({ kind: "local", error: null }, options.linger);
	}

	reset(): Promise<void> {
		return this.#life.close({ kind: "local", error: null }, 0);
	}

	detach(): PipeSocket {
		this.#life.detach(() =>
			(this.#server === null ? this.#data("detach").transport : this.#server).release(),
		);
		return this.socket;
	}

	unref(): this {
		(this.#server ?? this.#data("unref").transport).keepAlive(false);
		return this;
	}

	ref(): this {
		(this.#server ?? this.#data("ref").transport).keepAlive(true);
		return this;
	}

	addPipe(target: Pipe, options: { readonly to?: PipePeer } = {}): this {
		const { delivery } = this.#data("addPipe");
		checkPipe(target);
		checkRelayOptions(options);
		if (target.role === "server" && target.protocol === "tcp") {
			throw new PipeRoleError("relay", "tcp", "server", "use its connections: accept()");
		}
		const to = options.to === undefined ? undefined : parsePeer(options.to, "to");
		if (to !== undefined && sendsToOne(target)) {
			throw new PipeOptionError("to", "the target sends only to its own peer");
		}
		checkRelay(this, target, to);
		if (delivery.relays.some((relay) => relay.target === target)) return this;
		delivery.addRelay(target, to);
		noteRelays(this, delivery.relays);
		return this;
	}

	delPipe(target: Pipe): this {
		const { delivery } = this.#data("delPipe");
		checkPipe(target);
		delivery.removeRelay(target);
		noteRelays(this, delivery.relays);
		return this;
	}

	accept(options: { readonly timeout?: number; readonly signal?: AbortSignal } = {}): Promise<Pipe | null> {
		try {
			if (this.#server === null) throw this.#without("accept", "only a TCP server accepts connections");
			checkWaitOptions(options, "timeout", "signal");
			options.signal?.throwIfAborted();
			return this.#server.next(options.timeout ?? Number.POSITIVE_INFINITY, options.signal);
		} catch (error) {
			return Promise.reject(error);
		}
	}

	accepted(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Pipe, void, undefined> {
		if (this.#server === null) throw this.#without("accepted", "only a TCP server accepts connections");
		checkWaitOptions(options, "signal");
		return this.#accepted(options);
	}

	get readable(): ReadableStream<Uint8Array> {
		this.#readable ??= toReadable(this.#source("readable"));
		return this.#readable;
	}

	get writable(): WritableStream<PipeData> {
		const connection = this.#withPeer("writable");
		connection.keepHalfOpen();
		this.#writable ??= toWritable(this);
		return this.#writable;
	}

	toDuplex(): Duplex {
		const connection = this.#withPeer("toDuplex");
		connection.keepHalfOpen();
		return toDuplex(this, this.#source("toDuplex"));
	}

	toString(): string {
		const { local, protocol, remote, role, state } = this;
		const peer = remote === null ? "" : ` -> ${peerText(remote)}`;
		return `Pipe { ${protocol} ${role} ${state} ${peerText(local)}${peer} }`;
	}

	[inspect.custom](): string {
		return this.toString();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	async *#messages(
		sub: PipeSubscriptionKey,
		own: boolean,
		options: { readonly full?: boolean; readonly signal?: AbortSignal },
	): AsyncGenerator<Buffer | PipeMessage, void, undefined> {
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

	async *#accepted(options: { readonly signal?: AbortSignal }): AsyncGenerator<Pipe, void, undefined> {
		try {
			for (;;) {
				const pipe = await this.accept(options);
				if (pipe !== null) yield pipe;
			}
		} catch (error) {
			if (!isOrderly(error)) throw error;
		}
	}

	/** A queue of all messages, besides the subscriptions. */
	#source(name: string): MessageSource {
		const connection = this.#data(name);
		const { delivery } = connection;
		const subscription = delivery.subscribe({}, new Matcher(null, true), null, { name });
		const options = { timeout: Number.POSITIVE_INFINITY };
		return {
			next: async () => (await connection.receive(subscription, options)) as Buffer,
			stop: () => delivery.unsubscribe(subscription),
		};
	}

	#handlerOf(given: PipeMessageCallback | null): MessageHandler | null {
		return given === null ? null : { given, handle: ([peer, data]) => given(data, peer, this) };
	}

	/** The connection. @throws PipeRoleError on a TCP server */
	#data(method: string): Connection {
		if (this.#connection === null) throw this.#without(method, "use its connections: accept()");
		return this.#connection;
	}

	#withPeer(method: string): Connection {
		const connection = this.#connection;
		if (connection === null || connection.remote === null) {
			throw this.#without(method, "it has no peer of its own");
		}
		return connection;
	}

	#without(method: string, hint: string): PipeRoleError {
		return new PipeRoleError(method, this.protocol, this.role, hint);
	}
}

/** @throws PipeOptionError unless it is a pipe */
function checkPipe(target: unknown): asserts target is Pipe {
	const problem = is.a("a pipe", (value) => typeof value === "object" && value !== null && PIPE in value)(
		target,
		"target",
	);
	if (problem !== null) throw new PipeOptionError(problem.path, problem.message);
}

/** Whether a pipe sends to nothing but its peer: a connection, or a datagram socket that was given connected. */
function sendsToOne({ protocol, socket }: Pipe): boolean {
	return protocol === "tcp" || ("remoteAddress" in socket && connectedPeer(socket as never) !== null);
}
