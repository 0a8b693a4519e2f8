import type { Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { abortable, type Clock, type Endpoint, MessageQueue, sleep } from "@p2pd/net";
import type { DatagramCipher } from "@p2pd/peer/protocol";
import { type Pipe, type PipeOptions, pipeOpen, UDP } from "@p2pd/pipe";
import { CONTROL_RESEND, KEEPALIVE, PATHS, SELECT_TIMEOUT, SILENCE } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import type { NodePath } from "../types.js";
import type { SecureLink } from "./link.js";

/** The first byte of a datagram's content, before encryption. */
const CONTENT = { data: 0, select: 1, accept: 2, end: 3, ping: 4 } as const;

/** What a link is made with. */
export interface DatagramLinkInit {
	readonly socket: Socket;
	readonly remote: Endpoint;
	readonly cipher: DatagramCipher;
	readonly clock: Clock;
	readonly onClosed: () => void;
}

/** A secured path of datagrams. Until it is a pipe it carries the dialer's choice alone. */
export class DatagramLink implements SecureLink {
	readonly transport = UDP;
	readonly local: Endpoint;
	readonly #init: DatagramLinkInit;
	readonly #control = new MessageQueue<Buffer>(16);
	#socket: DatagramChannel | null = null;
	#accepted = false;
	#closed = false;
	#heardAt: number;
	#timer: unknown;

	constructor(init: DatagramLinkInit) {
		this.#init = init;
		const { address, port } = init.socket.address();
		this.local = { ip: address, port };
		this.#heardAt = init.clock.now();
		this.#timer = init.clock.setTimeout(() => this.#keepAlive(), KEEPALIVE);
	}

	get remote(): Endpoint {
		return this.#init.remote;
	}

	async select(path: NodePath, signal: AbortSignal): Promise<number> {
		const choice = Buffer.of(CONTENT.select, PATHS.indexOf(path));
		let sentAt = 0;
		await this.#exchange(
			() => {
				sentAt = this.#init.clock.now();
				this.#send(choice);
			},
			CONTENT.accept,
			signal,
		);
		return this.#init.clock.now() - sentAt;
	}

	async selected(signal: AbortSignal): Promise<NodePath> {
		const content = await this.#exchange(() => undefined, CONTENT.select, signal);
		const path = PATHS[content[1] ?? 255];
		if (path === undefined) throw new NodeHandshakeError("the other side chose nothing");
		return path;
	}

	accept(): void {
		this.#accepted = true;
		this.#send(Buffer.of(CONTENT.accept));
	}

	open(options: PipeOptions): Promise<Pipe> {
		const { remote } = this.#init;
		const channel = new DatagramChannel(this.local, remote, {
			send: (data) => this.#send(Buffer.concat([Buffer.of(CONTENT.data), data])),
			close: () => this.close(),
		});
		this.#socket = channel;
		if (this.#closed) channel.ended();
		const { halfOpen: _streamsOnly, linger: _unsent, ...rest } = options;
		return pipeOpen(null, UDP, [remote.ip, remote.port], {
			...rest,
			// A channel has the part of a socket that pipes use.
			socket: channel as unknown as Socket,
		});
	}

	close(): void {
		if (this.#closed) return;
		this.#send(Buffer.of(CONTENT.end));
		this.#end();
	}

	lose(error: Error): void {
		if (this.#socket?.listenerCount("error")) this.#socket.emit("error", error);
		this.close();
	}

	/** A data datagram of this connection has come in. Who forged it is not the peer, wherever it came from. */
	receive(datagram: Buffer, _from: Endpoint): void {
		const content = this.#closed ? null : this.#init.cipher.open(datagram);
		if (content === null) return;
		this.#heardAt = this.#init.clock.now();
		switch (content[0]) {
			case CONTENT.data:
				this.#socket?.received(content.subarray(1));
				break;
			case CONTENT.end:
				this.#end();
				break;
			case CONTENT.ping:
				break;
			case CONTENT.select:
				// The acknowledgement was lost.
				if (this.#accepted) this.#send(Buffer.of(CONTENT.accept));
				else this.#control.push(content);
				break;
			default:
				this.#control.push(content);
		}
	}

	#send(content: Buffer): void {
		if (this.#closed) return;
		const { cipher, remote, socket } = this.#init;
		// A datagram may be lost, so what the kernel refuses is lost too.
		socket.send(cipher.seal(content), remote.port, remote.ip, () => undefined);
	}

	#end(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#init.clock.clearTimeout(this.#timer);
		this.#control.end();
		this.#socket?.ended();
		this.#init.onClosed();
	}

	/** Keeps the mappings of NATs, and ends the link when the peer has been silent for too long. */
	#keepAlive(): void {
		const { clock } = this.#init;
		if (clock.now() - this.#heardAt > SILENCE) {
			this.close();
			return;
		}
		this.#send(Buffer.of(CONTENT.ping));
		this.#timer = clock.setTimeout(() => this.#keepAlive(), KEEPALIVE);
	}

	/** Sends again and again until content of that kind comes in. */
	async #exchange(send: () => void, kind: number, signal: AbortSignal): Promise<Buffer> {
		const { clock } = this.#init;
		const over = new AbortController();
		const either = AbortSignal.any([signal, over.signal]);
		const timer = clock.setTimeout(
			() => over.abort(new NodeHandshakeError("the other side says nothing")),
			SELECT_TIMEOUT,
		);
		const repeating = (async (): Promise<never> => {
			for (;;) {
				send();
				await sleep(CONTROL_RESEND, clock, either);
			}
		})();
		const waiting = (async (): Promise<Buffer> => {
			for await (const content of this.#control.read()) if (content[0] === kind) return content;
			throw new NodeHandshakeError("the other side ended the connection");
		})();
		waiting.catch(() => undefined);
		try {
			return await abortable(Promise.race([waiting, repeating]), either);
		} finally {
			clock.clearTimeout(timer);
			over.abort(new NodeHandshakeError("over"));
			repeating.catch(() => undefined);
		}
	}
}

interface ChannelInit {
	send(data: Uint8Array): void;
	close(): void;
}

/** The part of a connected `dgram.Socket` that pipes use, over a link. */
class DatagramChannel extends EventEmitter {
	readonly #local: Endpoint;
	readonly #remote: Endpoint;
	readonly #init: ChannelInit;
	#ended = false;

	constructor(local: Endpoint, remote: Endpoint, init: ChannelInit) {
		super();
		this.#local = local;
		this.#remote = remote;
		this.#init = init;
	}

	address(): { address: string; port: number; family: string } {
		const { ip, port } = this.#local;
		return { address: ip, port, family: ip.includes(":") ? "IPv6" : "IPv4" };
	}

	remoteAddress(): { address: string; port: number; family: string } {
		const { ip, port } = this.#remote;
		return { address: ip, port, family: ip.includes(":") ? "IPv6" : "IPv4" };
	}

	send(data: Uint8Array, callback?: (error: Error | null) => void): void {
		this.#init.send(data);
		if (callback !== undefined) setImmediate(callback, null);
	}

	close(callback?: () => void): this {
		if (callback !== undefined) this.once("close", callback);
		this.#init.close();
		this.ended();
		return this;
	}

	ref(): this {
		return this;
	}

	unref(): this {
		return this;
	}

	/** @internal */
	received(data: Buffer): void {
		const { ip, port } = this.#remote;
		this.emit("message", data, {
			address: ip,
			port,
			family: ip.includes(":") ? "IPv6" : "IPv4",
			size: data.length,
		});
	}

	/** @internal The link is over. */
	ended(): void {
		if (this.#ended) return;
		this.#ended = true;
		setImmediate(() => this.emit("close"));
	}
}
