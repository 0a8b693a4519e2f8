import type { Socket as DatagramSocket } from "node:dgram";
import type { Socket } from "node:net";
import type { Clock, Endpoint, Family, RandomBytes, SocketFactory } from "@p2pd/net";
import type { PeerAddress } from "@p2pd/peer";
import type { PipeProtocol } from "@p2pd/pipe";
import type { NodeObserver } from "../observe.js";
import type { SecureLink } from "../secure/link.js";
import type { NodeBase, NodePath } from "../types.js";

/** What the strategies of both sides tell each other about one attempt, by sealed messages. It may lose and repeat them. */
export interface NodeChannel {
	/** Sends at most 1024 bytes. A rejection counts as a lost message. */
	send(data: Uint8Array): Promise<void>;
	readonly messages: AsyncIterableIterator<Uint8Array>;
}

/** One attempt to connect, as both sides see it. Strategies work on it, and leave nothing behind when their signal aborts. */
export interface NodeSession {
	readonly side: "dialer" | "answerer";
	readonly ourId: string;
	readonly theirId: string;
	/** Names the attempt on both sides: 32 hex digits. */
	readonly attempt: string;
	readonly transport: PipeProtocol;
	/** What this node says of itself. */
	readonly ours: PeerAddress;
	/** What the peer says of itself: the address that the user gave, then the one in its answer. */
	readonly theirs: PeerAddress;
	/** This host's addresses, with their NATs and sockets. */
	readonly bases: readonly NodeBase[];
	/** TURN servers, as the user gave them. */
	readonly turn: readonly string[];
	/** Asks STUN servers where a socket comes from. */
	readonly observer: NodeObserver;
	readonly clock: Clock;
	readonly random: RandomBytes;
	/** Sockets for which the kernel chooses NIC and address. */
	sockets(af: Family): SocketFactory;
	/** A channel to the strategy of the same name on the other side. The first message starts it there. */
	channel(name: string): NodeChannel;
	/**
	 * Secures a stream that was connected to the port that the peer listens on, whether or not it has answered yet.
	 *
	 * @throws NodeHandshakeError (`ERR_NODE_HANDSHAKE`); the stream is closed then
	 */
	enterPort(socket: Socket, signal: AbortSignal): Promise<SecureLink>;
	/**
	 * Secures a stream of which both sides know to what attempt it belongs, once the peer has answered. `client` is the
	 * side that connected; where both did, the side with the lower id.
	 *
	 * @throws NodeHandshakeError (`ERR_NODE_HANDSHAKE`); the stream is closed then
	 */
	secureStream(socket: Socket, side: "client" | "server", signal: AbortSignal): Promise<SecureLink>;
	/** Secures datagrams between a bound socket, which becomes the link's own, and one endpoint. */
	secureDatagrams(
		socket: DatagramSocket,
		remote: Endpoint,
		side: "client" | "server",
		signal: AbortSignal,
	): Promise<SecureLink>;
	/** The next link that the peer opens to our port for this attempt. */
	inbound(signal: AbortSignal): Promise<SecureLink>;
}

/** One way to the peer that the dialer can try. */
export interface NodeWay {
	/** The same for the same way: it is not tried twice. */
	readonly key: string;
	/** Null where it is not known beforehand. */
	readonly af: Family | null;
	/** Null where it is not known beforehand. */
	readonly to: Endpoint | null;
	/**
	 * Tries it. Rejects with an error whose message tells the user why not, or with the signal's reason; nothing is left open
	 * then.
	 */
	run(signal: AbortSignal): Promise<SecureLink>;
}

/** The ways that a strategy sees, or why it sees none. */
export type NodePlan = { readonly ways: readonly NodeWay[] } | { readonly skipped: string };

/** A kind of way to connect. */
export interface NodeStrategy {
	readonly path: NodePath;
	/** Whether the peer must have answered by signalling before the ways can be planned. */
	readonly needsAnswer: boolean;
	/** The dialer's ways, as far as is known now. It is asked again when the peer has answered. Opens nothing. */
	plan(session: NodeSession): NodePlan;
	/**
	 * The other side's part: begins when a message comes in on a channel that is named as the path, or
	 * as the path with a colon and more after it. A link that it gives waits for
	 * the dialer's choice. Null: there is nothing to do here but to wait for what comes to the own port.
	 */
	readonly answer:
		| ((session: NodeSession, signal: AbortSignal, channel: string) => Promise<SecureLink>)
		| null;
}
