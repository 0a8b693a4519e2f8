import type { Socket as DatagramSocket } from "node:dgram";
import type { Socket as TcpSocket } from "node:net";
import type { Clock, Endpoint, RandomBytes, SocketFactory } from "@p2pd/net";
import type { BirthdayGate } from "./gate.js";
import type { PunchNat } from "./kind.js";
import type { PunchPlan, RelayRule } from "./plan.js";

/** The signalling channel to the peer. It may lose, repeat and delay messages; it must not let others forge them. */
export interface PunchChannel {
	/** Sends a message of at most 400 bytes to the peer. A rejection counts as a lost message. */
	send(message: Uint8Array): Promise<void>;
	/** Messages from the peer that belong to this punch. The punch leaves the loop when it ends. */
	readonly messages: AsyncIterable<Uint8Array>;
}

/** What the caller tunes. */
export interface PunchOptions {
	/** This node's id. The lower id (as a JavaScript string) leads the rounds and picks among several successes. */
	readonly ourId: string;
	readonly theirId: string;
	readonly nats: { readonly our: PunchNat; readonly their: PunchNat };
	/** Own addresses in the local network, told to a peer behind the same NAT (at most 4). @default none */
	readonly localIps?: readonly string[];
	/** In ms, for everything. @default 10000 */
	readonly timeout?: number;
	readonly signal?: AbortSignal;
}

/** Options of `punchUdp`. */
export interface PunchUdpOptions extends PunchOptions {
	/** The most datagrams that a birthday punch sends to guessed ports. @default 1100 */
	readonly probes?: number;
	/** Keep the mapping alive after success, until the socket is closed. @default true */
	readonly keepAlive?: boolean;
}

/** Options of `punchTcp`. */
export type PunchTcpOptions = PunchOptions;

/** What the environment supplies to either call. */
export interface PunchDeps {
	readonly channel: PunchChannel;
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
	/** @default the system's cryptographic source */
	readonly random?: RandomBytes;
}

/** What the environment supplies to `punchUdp`. */
export interface PunchUdpDeps extends PunchDeps {
	readonly sockets: Pick<SocketFactory, "af" | "localIp" | "udp">;
	/**
	 * Asks a STUN server, through this socket, for the external endpoint. The socket stays open and belongs to the
	 * punch. Null, or a rejection, if no server answered.
	 */
	readonly observe: (socket: DatagramSocket, signal: AbortSignal) => Promise<Endpoint | null>;
	/** Limits birthday punches. @default one for the whole process */
	readonly gate?: BirthdayGate;
}

/** A TCP connection to a STUN server, which keeps a NAT's mapping open. */
export interface TcpObservation {
	/** Where the server saw the connection come from. */
	readonly external: Endpoint;
	/** Ends the connection. */
	close(): void;
}

/** What the environment supplies to `punchTcp`. */
export interface PunchTcpDeps extends PunchDeps {
	readonly sockets: Pick<SocketFactory, "af" | "localIp" | "connect" | "listen">;
	/**
	 * Connects to a STUN server from this local port with address reuse (`connect({ localPort, reuse: true })`), asks
	 * for the external endpoint, and keeps the connection open until `close`. Null, or a rejection, if no server
	 * answered.
	 */
	readonly observe: (localPort: number, signal: AbortSignal) => Promise<TcpObservation | null>;
}

/** What was done, as plain data. */
export interface PunchReport {
	readonly transport: "udp" | "tcp";
	readonly role: "leader" | "follower";
	readonly plan: PunchPlan;
	/** Rounds that were started. */
	readonly rounds: number;
	/** Round trip of the channel in ms, as last measured. The leader alone measures it. */
	readonly channelRtt: number | null;
	/** The agreed instant of the last round, in ms since the call. */
	readonly agreedAt: number | null;
	/** When the first packet of the peer's (UDP) or connection (TCP) arrived, in ms since the call. */
	readonly heardAt: number | null;
	/** Milliseconds from the call to the result. */
	readonly elapsed: number;
	/** Datagrams sent to the peer, or connections attempted. */
	readonly sent: number;
	/** Of those, datagrams to guessed ports. */
	readonly guesses: number;
	/** Sockets that could not be opened or used, by the system's error code. */
	readonly failures: Readonly<Record<string, number>>;
}

/** A path to the peer. The socket belongs to the caller. */
export interface PunchSuccess<S> {
	readonly ok: true;
	readonly socket: S;
	readonly local: Endpoint;
	/** The peer's end as this side sees it. */
	readonly remote: Endpoint;
	/** Whether both are behind the same NAT and use their local addresses. */
	readonly path: "lan" | "external";
	/** UDP: milliseconds between keep-alive datagrams; null for none, and for TCP. */
	readonly keepAlive: number | null;
	readonly report: PunchReport;
}

/** No path to the peer. Every socket is closed. */
export interface PunchFailure {
	readonly ok: false;
	/**
	 * - `relay`: by the plan only a relay can help; nothing was sent to the peer's addresses
	 * - `no-path`: every round ended without success
	 * - `timeout`: the time was over
	 * - `peer`: the peer gave up, or the channel ended
	 * - `no-observation`: no STUN server answered
	 * - `sockets`: no socket could be opened
	 */
	readonly reason: "relay" | "no-path" | "timeout" | "peer" | "no-observation" | "sockets";
	/** With `relay`: which rule of the plan says so. */
	readonly rule: RelayRule | null;
	/** For a person. */
	readonly detail: string;
	readonly report: PunchReport;
}

/** What `punchUdp` gives. */
export type UdpPunchResult = PunchSuccess<DatagramSocket> | PunchFailure;
/** What `punchTcp` gives. */
export type TcpPunchResult = PunchSuccess<TcpSocket> | PunchFailure;
