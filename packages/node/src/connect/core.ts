import type { Clock, Family, RandomBytes, SocketFactory } from "@p2pd/net";
import type { PeerAddress, PeerIdentity } from "@p2pd/peer";
import type { Inbox } from "../inbox.js";
import type { NodeObserver } from "../observe.js";
import type { SignalPool } from "../signals.js";
import type { NodeStrategy } from "../strategies/types.js";
import type { NodeBase } from "../types.js";

/** What the parts of a node share. */
export interface NodeCore {
	readonly identity: PeerIdentity;
	readonly inbox: Inbox;
	readonly signals: SignalPool;
	readonly strategies: readonly NodeStrategy[];
	readonly clock: Clock;
	readonly random: RandomBytes;
	/** Milliseconds since 1970. */
	readonly wallNow: () => number;
	/** The node's address as it is now. */
	readonly address: PeerAddress;
	/** Whether a node may connect. */
	accepts(id: string): Promise<boolean>;
	/** What a session takes from the node. */
	sessionParts(): {
		readonly ourId: string;
		readonly ours: PeerAddress;
		readonly bases: readonly NodeBase[];
		readonly turn: readonly string[];
		readonly observer: NodeObserver;
		readonly clock: Clock;
		readonly random: RandomBytes;
		readonly sockets: (af: Family) => SocketFactory;
	};
}
