import type { Family, SocketFactory } from "@p2pd/net";
import type { CandidateNat, PeerAddress, PeerIdentity } from "@p2pd/peer";
import type { Pipe, PipeOptions, PipeProtocol } from "@p2pd/pipe";
import type { Signal } from "@p2pd/signal";

/**
 * How two nodes came together. `lan`: by an address of the local network, or of the same host. `direct`: by the peer's
 * public address. `reverse`: the peer connected to us. `punch`: both sent at once, through their NATs. `relay`: by a TURN
 * server.
 */
export type NodePath = "lan" | "direct" | "reverse" | "punch" | "relay";

/** One way that was tried, or not. */
export interface NodeAttempt {
	readonly path: NodePath;
	/** Null where no address was known. */
	readonly family: Family | null;
	/** Where to, as `host:port`; null where that was not known beforehand. */
	readonly to: string | null;
	/** How long it took, in ms. */
	readonly ms: number;
	/** `running` only in what `onAttempt` is told at the start. `cancelled`: another way was faster, or the time was over. */
	readonly outcome: "running" | "connected" | "failed" | "cancelled" | "skipped";
	/** Why it failed, or was not tried; null otherwise. */
	readonly reason: string | null;
}

/** A connection with a peer whose id is proven. */
export interface NodeConnection {
	/** Encrypted end to end. */
	readonly pipe: Pipe;
	/** The node id of the other side. */
	readonly id: string;
	readonly path: NodePath;
	readonly transport: PipeProtocol;
	/** One round trip over the new connection, in ms; null on the side that was connected to. */
	readonly rttMs: number | null;
}

/** What {@link P2PNode.connect} gives. */
export interface NodeConnected extends NodeConnection {
	/** From the call to the connection, in ms. */
	readonly ms: number;
	readonly rttMs: number;
	readonly attempts: readonly NodeAttempt[];
}

/** Options of {@link P2PNode.connect}. */
export interface NodeConnectOptions {
	/** `TCP` or `UDP` of `@p2pd/pipe`. @default TCP */
	readonly transport?: PipeProtocol;
	/** For everything, in ms. @default 10000 */
	readonly timeout?: number;
	/** The ways that may be used. @default all */
	readonly via?: readonly NodePath[];
	/** Told of each way when it begins, and when it ends. */
	readonly onAttempt?: (attempt: NodeAttempt) => void;
	readonly signal?: AbortSignal;
}

/** What the user of a node tunes. */
export interface NodeOptions {
	/** URLs of signal servers (`mqtt`, `mqtts`, `ws`, `wss`), or open signals. At most 4. @default none */
	readonly signal?: readonly (string | Signal)[];
	/** TURN servers as `turn:USER:PASS@HOST:PORT`, percent-encoded. @default none */
	readonly turn?: readonly string[];
	/** The node's keys, or the file that holds them (it is made if it is not there). @default new keys */
	readonly identity?: PeerIdentity | string;
	/** The port to listen on, for TCP and UDP; 0 lets the kernel choose. @default derived from the keys, if it is free */
	readonly port?: number;
	/** STUN servers as `host:port`. @default P2PD_STUN_SERVERS, else the public default list */
	readonly stunServers?: readonly string[];
	/** The NICs to use, by name. @default all that are usable */
	readonly nics?: readonly string[];
	/** The families to use. @default both */
	readonly families?: readonly Family[];
	/** Put LAN addresses into the node's address. @default true */
	readonly lanAddresses?: boolean;
	/**
	 * Ask the routers before private IPv4 addresses to forward the node's port (PCP, NAT-PMP, UPnP): where one does, the
	 * node can be connected to from everywhere. `close()` deletes what was forwarded. @default true
	 */
	readonly portMapping?: boolean;
	/** Decides by node id who may connect. @default everyone */
	readonly accept?: (id: string) => boolean | Promise<boolean>;
	/** How long `start` looks for external addresses and NATs, in ms. @default 6000 */
	readonly gatherTimeout?: number;
	/** Look again when the network changes or the machine wakes. @default true */
	readonly watch?: boolean;
	/** Options of every pipe. */
	readonly pipe?: Pick<PipeOptions, "halfOpen" | "linger" | "queueMessages" | "queueBytes" | "recvTimeout">;
}

/** One address of this host by which others may reach it, and the sockets that use it. */
export interface NodeBase {
	/** Number of the NIC within the node's address, 0 to 15. */
	readonly nic: number;
	readonly nicName: string;
	readonly af: Family;
	/** Canonical, without a zone. */
	readonly ip: string;
	/** Whether the address itself is public. */
	readonly isPublic: boolean;
	/** The address that STUN servers see; null where none was observed. */
	readonly external: string | null;
	/** The NAT in front of it; null where it was not tested. */
	readonly nat: CandidateNat | null;
	/** Sockets that leave by this NIC and address. */
	readonly sockets: SocketFactory;
}

/** Called with each connection that a peer makes. */
export type NodeConnectionCallback = (pipe: Pipe, connection: NodeConnection) => unknown;

/** Called with each new address of the node: another network, another key. */
export type NodeAddressCallback = (address: PeerAddress) => unknown;
