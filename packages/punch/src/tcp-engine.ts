import { type Endpoint, endpointText } from "@p2pd/net";
import {
	MAX_ACCEPTED,
	TCP_OPENING,
	TCP_PATIENCE,
	TCP_PROOF,
	TCP_RETRY,
	TCP_RETRY_LATE,
	TCP_RETRY_SLOW,
} from "./defaults.js";
import type { PacketKind } from "./packet.js";
import type { Target } from "./targets.js";

/** Something to do with connections. Ids are the engine's. */
export type TcpAction =
	| {
			readonly type: "connect";
			readonly id: number;
			readonly slot: number;
			readonly to: Endpoint;
			/** Its SYN has only to open the own NAT. */
			readonly lowTtl: boolean;
	  }
	| { readonly type: "write"; readonly id: number; readonly packets: readonly PacketKind[] }
	| { readonly type: "close"; readonly id: number };

/** What the engine wants done now, and when it wants to be asked again (Infinity: not before something happens). */
export interface TcpStep {
	readonly actions: readonly TcpAction[];
	readonly wakeAt: number;
	readonly done: { readonly id: number; readonly remote: Endpoint; readonly path: "lan" | "external" } | null;
}

/** What an engine is made of. */
export interface TcpEngineParts {
	readonly role: "leader" | "follower";
	/** The `socket` of a target is the index of the local port. */
	readonly targets: readonly Target[];
	/** When to begin. */
	readonly at: number;
	/** `low-ttl`: each lane begins with a connection whose SYN only opens the own NAT, and that is given up soon after. */
	readonly opening: "normal" | "low-ttl";
}

/** A pair of local port and remote endpoint, connected over and over until it works. */
interface Lane {
	readonly slot: number;
	readonly to: Endpoint;
	readonly path: "lan" | "external";
	/** Infinity while it is connecting or connected. */
	next: number;
	opened: boolean;
}

interface Connection {
	readonly id: number;
	readonly lane: Lane | null;
	readonly remote: Endpoint;
	readonly accepted: boolean;
	/** Given up then, unless it is open. */
	readonly until: number;
	open: boolean;
	proven: boolean;
	/** When it was opened. */
	since: number;
}

/**
 * One round of a TCP punch: connects from each local port to each endpoint, again and again, and agrees with the peer
 * on one connection.
 *
 * ```
 *   leader                      follower
 *     | <====== connected ======> |    any number of connections, also accepted ones
 *     | -- probe, pick ---------> |    on the first: the follower is done
 *     | <-------------- probe --- |    the leader is done when the picked one has proved itself
 * ```
 *
 * Whoever connects speaks first, to an address that the channel gave. Whoever accepts answers only to the peer, so a
 * stranger who connects learns nothing. It has no socket and no clock.
 */
export class TcpEngine {
	readonly #parts: TcpEngineParts;
	readonly #lanes: Lane[];
	readonly #connections = new Map<number, Connection>();
	#actions: TcpAction[] = [];
	#ids = 0;
	#pick: Connection | null = null;
	#done: Connection | null = null;
	#heardAt: number | null = null;

	constructor(parts: TcpEngineParts) {
		this.#parts = parts;
		this.#lanes = parts.targets.map(({ socket, to, after, path }) => ({
			slot: socket,
			to,
			path,
			next: parts.at + after,
			opened: parts.opening === "normal",
		}));
	}

	/** When the first connection to the peer was made. */
	get heardAt(): number | null {
		return this.#heardAt;
	}

	/** Whether a connection is open that may still prove itself. */
	get isHopeful(): boolean {
		return [...this.#connections.values()].some(({ open }) => open);
	}

	/** A connection that the engine asked for is made. */
	connected(id: number, now: number): void {
		const connection = this.#connections.get(id);
		if (connection === undefined) return;
		connection.open = true;
		connection.since = now;
		this.#heardAt ??= now;
		this.#greet(connection);
	}

	/** A connection that the engine asked for could not be made. */
	failed(id: number, code: string, now: number): void {
		const connection = this.#connections.get(id);
		this.#connections.delete(id);
		if (connection?.lane == null) return;
		const refused = code === "ECONNREFUSED" || code === "ECONNRESET";
		const late = now - this.#parts.at > TCP_PATIENCE;
		connection.lane.next = now + (refused ? (late ? TCP_RETRY_LATE : TCP_RETRY) : TCP_RETRY_SLOW);
	}

	/** Somebody has connected to a local port. @returns the connection's id, or null to close it at once */
	accepted(slot: number, remote: Endpoint, now: number): number | null {
		const unproven = [...this.#connections.values()].filter(({ accepted, proven }) => accepted && !proven);
		if (unproven.length >= MAX_ACCEPTED || this.#done !== null) return null;
		const lane =
			this.#lanes.find((one) => one.slot === slot && endpointText(one.to) === endpointText(remote)) ?? null;
		if (lane !== null && lane.next !== Number.POSITIVE_INFINITY) lane.next = Number.POSITIVE_INFINITY;
		const connection = {
			id: this.#ids++,
			lane,
			remote,
			accepted: true,
			until: Number.POSITIVE_INFINITY,
			open: true,
			proven: false,
			since: now,
		};
		this.#connections.set(connection.id, connection);
		return connection.id;
	}

	/** A whole packet came; null for bytes that are not from the peer. */
	received(id: number, kind: PacketKind | null, now: number): void {
		const connection = this.#connections.get(id);
		if (connection === undefined || this.#done !== null) return;
		if (kind === "probe" && !connection.proven) {
			connection.proven = true;
			this.#heardAt ??= now;
			if (connection.accepted) this.#greet(connection);
			if (this.#pick === connection) this.#done = connection;
		} else if (kind === "pick" && connection.proven && this.#parts.role === "follower") {
			this.#done = connection;
		} else {
			this.#drop(connection, now);
		}
	}

	/** A connection has ended. */
	closed(id: number, now: number): void {
		const connection = this.#connections.get(id);
		if (connection !== undefined && this.#done !== connection) this.#forget(connection, now);
	}

	poll(now: number): TcpStep {
		let wakeAt = Number.POSITIVE_INFINITY;
		if (this.#done === null) {
			for (const connection of [...this.#connections.values()]) {
				if (!connection.open && connection.until <= now) this.#drop(connection, now);
				else if (!connection.open) wakeAt = Math.min(wakeAt, connection.until);
				if (!connection.open || connection.proven || this.#isBestPick(connection)) continue;
				if (connection.since + TCP_PROOF <= now) this.#drop(connection, now);
				else wakeAt = Math.min(wakeAt, connection.since + TCP_PROOF);
			}
			for (const lane of this.#lanes) {
				if (lane.next <= now) wakeAt = Math.min(wakeAt, this.#connect(lane, now));
				wakeAt = Math.min(wakeAt, lane.next);
			}
		}
		const actions = this.#actions;
		this.#actions = [];
		return { actions, wakeAt, done: this.#result() };
	}

	/**
	 * The peer may have taken the picked connection already, with its own probe still being repeated. It is given up
	 * only for one that has proved itself: the peer would have closed that one by now.
	 */
	#isBestPick(connection: Connection): boolean {
		if (connection !== this.#pick) return false;
		return [...this.#connections.values()].every(({ open, proven }) => !open || !proven);
	}

	#result(): TcpStep["done"] {
		if (this.#done === null) return null;
		const { id, remote, lane } = this.#done;
		return { id, remote, path: lane?.path ?? "external" };
	}

	/** @returns when the connection is given up */
	#connect(lane: Lane, now: number): number {
		const lowTtl = !lane.opened;
		lane.opened = true;
		lane.next = Number.POSITIVE_INFINITY;
		const id = this.#ids++;
		const { slot, to } = lane;
		const until = lowTtl ? now + TCP_OPENING : Number.POSITIVE_INFINITY;
		const fresh = { accepted: false, open: false, proven: false, since: 0 };
		this.#connections.set(id, { id, lane, remote: to, until, ...fresh });
		this.#actions.push({ type: "connect", id, slot, to, lowTtl });
		return until;
	}

	#greet(connection: Connection): void {
		const picks = this.#parts.role === "leader" && this.#pick === null;
		if (picks) this.#pick = connection;
		this.#actions.push({ type: "write", id: connection.id, packets: picks ? ["probe", "pick"] : ["probe"] });
		if (picks && connection.proven) this.#done = connection;
	}

	#drop(connection: Connection, now: number): void {
		this.#actions.push({ type: "close", id: connection.id });
		this.#forget(connection, now);
	}

	#forget(connection: Connection, now: number): void {
		this.#connections.delete(connection.id);
		if (connection.lane !== null) connection.lane.next = now + TCP_RETRY;
		if (this.#pick !== connection) return;
		this.#pick = null;
		// Another one that was greeted takes its place, a proven one first.
		const open = [...this.#connections.values()].filter((one) => one.open && (one.proven || !one.accepted));
		const next = open.find(({ proven }) => proven) ?? open[0];
		if (next === undefined) return;
		this.#pick = next;
		this.#actions.push({ type: "write", id: next.id, packets: ["pick"] });
		if (next.proven) this.#done = next;
	}
}
