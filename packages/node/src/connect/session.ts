import type { Socket as DatagramSocket } from "node:dgram";
import type { Socket } from "node:net";
import {
	abortable,
	type Clock,
	type Endpoint,
	type Family,
	MessageQueue,
	type RandomBytes,
	type SocketFactory,
} from "@p2pd/net";
import type { PeerAddress } from "@p2pd/peer";
import type { PipeProtocol } from "@p2pd/pipe";
import { HANDSHAKE_TIMEOUT } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import type { NodeObserver } from "../observe.js";
import { DatagramPort, type HelloVerdict } from "../secure/datagram-port.js";
import type { SecureLink } from "../secure/link.js";
import type { Preamble } from "../secure/preamble.js";
import { secureStream } from "../secure/stream-link.js";
import type { NodeChannel, NodeSession } from "../strategies/types.js";
import type { NodeBase } from "../types.js";

/** Channel messages that wait for a strategy, and channels of one session. */
const CHANNEL_MESSAGES = 64;
const MAX_CHANNELS = 16;

/** What a session is made with. */
export interface SessionInit {
	readonly side: "dialer" | "answerer";
	readonly ourId: string;
	readonly attempt: string;
	readonly transport: PipeProtocol;
	readonly ours: PeerAddress;
	readonly theirs: PeerAddress;
	readonly bases: readonly NodeBase[];
	readonly turn: readonly string[];
	readonly observer: NodeObserver;
	readonly clock: Clock;
	readonly random: RandomBytes;
	readonly sockets: (af: Family) => SocketFactory;
	/** Sends a channel message to the peer. */
	readonly post: (name: string, data: Buffer) => Promise<void>;
	/** The key of a connection that starts with a hello, and the hello: the dialer's alone. */
	readonly hello: (() => { readonly key: Buffer; readonly preamble: Preamble }) | null;
}

/** One attempt to connect, on either side. */
export class PeerSession implements NodeSession {
	readonly side: "dialer" | "answerer";
	readonly ourId: string;
	readonly attempt: string;
	readonly transport: PipeProtocol;
	readonly ours: PeerAddress;
	readonly turn: readonly string[];
	readonly observer: NodeObserver;
	readonly bases: readonly NodeBase[];
	readonly clock: Clock;
	readonly random: RandomBytes;
	readonly #init: SessionInit;
	readonly #channels = new Map<string, MessageQueue<Uint8Array>>();
	readonly #inbound = new MessageQueue<SecureLink>(8);
	#theirs: PeerAddress;
	/** The key that both sides agreed on; null until the peer has answered. */
	#key: Buffer | null = null;
	#over = false;

	constructor(init: SessionInit) {
		this.#init = init;
		this.side = init.side;
		this.ourId = init.ourId;
		this.attempt = init.attempt;
		this.transport = init.transport;
		this.ours = init.ours;
		this.turn = init.turn;
		this.observer = init.observer;
		this.bases = init.bases;
		this.clock = init.clock;
		this.random = init.random;
		this.#theirs = init.theirs;
	}

	get theirs(): PeerAddress {
		return this.#theirs;
	}

	get theirId(): string {
		return this.#theirs.id;
	}

	/** The agreed key; null until the peer has answered. */
	get key(): Buffer | null {
		return this.#key;
	}

	/** The peer has answered, or this is the answer. */
	agree(key: Buffer, theirs: PeerAddress): void {
		this.#key = key;
		this.#theirs = theirs;
	}

	sockets(af: Family): SocketFactory {
		return this.#init.sockets(af);
	}

	channel(name: string): NodeChannel {
		return {
			send: (data) => this.#init.post(name, Buffer.from(data)),
			messages: this.#queue(name).read(),
		};
	}

	/** A channel message has come in. @returns whether it is the first one of its channel */
	deliver(name: string, data: Uint8Array): boolean {
		const first = !this.#channels.has(name);
		if (this.#over || (first && this.#channels.size >= MAX_CHANNELS)) return false;
		this.#queue(name).push(data);
		return first;
	}

	async secureStream(socket: Socket, side: "client" | "server", signal: AbortSignal): Promise<SecureLink> {
		if (this.#key === null) {
			socket.destroy();
			throw new NodeHandshakeError("no key was agreed on");
		}
		const { attempt, clock } = this;
		return secureStream(socket, { side, key: this.#key, attempt, preamble: null, clock, signal });
	}

	async enterPort(socket: Socket, signal: AbortSignal): Promise<SecureLink> {
		const { attempt, clock } = this;
		return secureStream(socket, { side: "client", ...this.#entry(), attempt, clock, signal });
	}

	async secureDatagrams(
		socket: DatagramSocket,
		remote: Endpoint,
		side: "client" | "server",
		signal: AbortSignal,
	): Promise<SecureLink> {
		const { attempt, clock, random } = this;
		let onLink: (link: SecureLink) => void = () => undefined;
		const arrived = new Promise<SecureLink>((resolve) => {
			onLink = resolve;
		});
		const judge = async (preamble: Preamble): Promise<HelloVerdict | null> =>
			this.#key !== null && preamble.kind === "attempt" && preamble.attempt === attempt
				? { key: this.#key, onLink }
				: null;
		const port = new DatagramPort({
			socket,
			clock,
			random,
			single: true,
			judge: side === "server" ? judge : null,
		});
		if (side === "client") {
			const { key, preamble } = this.#entry();
			return port.open(remote, key, preamble, signal);
		}
		const timer = clock.setTimeout(() => port.close(), HANDSHAKE_TIMEOUT);
		const closed = new Promise<never>((_, reject) => {
			socket.once("close", () => reject(new NodeHandshakeError("no hello has come in")));
		});
		closed.catch(() => undefined);
		try {
			return await abortable(Promise.race([arrived, closed]), signal);
		} catch (error) {
			port.close();
			throw error;
		} finally {
			clock.clearTimeout(timer);
		}
	}

	async inbound(signal: AbortSignal): Promise<SecureLink> {
		const next = await abortable(this.#inbound.read().next(), signal);
		if (next.done === true) throw new NodeHandshakeError("the attempt is over");
		return next.value;
	}

	/** The peer has opened a link to our port for this attempt. */
	deliverLink(link: SecureLink): void {
		if (this.#over) link.close();
		else this.#inbound.push(link);
	}

	/** Ends what waits. Links that nobody took are closed. */
	end(): void {
		this.#over = true;
		for (const queue of this.#channels.values()) queue.end();
		this.#inbound.end();
		void this.#drain();
	}

	async #drain(): Promise<void> {
		for await (const link of this.#inbound.read()) link.close();
	}

	/** With what a connection to the peer's port begins. */
	#entry(): { readonly key: Buffer; readonly preamble: Preamble } {
		if (this.#key !== null) return { key: this.#key, preamble: { kind: "attempt", attempt: this.attempt } };
		const { hello } = this.#init;
		if (hello === null) throw new NodeHandshakeError("no key was agreed on");
		return hello();
	}

	#queue(name: string): MessageQueue<Uint8Array> {
		const known = this.#channels.get(name);
		if (known !== undefined) return known;
		const made = new MessageQueue<Uint8Array>(CHANNEL_MESSAGES);
		this.#channels.set(name, made);
		return made;
	}
}
