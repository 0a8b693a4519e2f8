import { setMaxListeners } from "node:events";
import type { Clock } from "@p2pd/net";
import type { NatKind } from "./kind.js";
import type { Offer } from "./message.js";
import type { Packets } from "./packet.js";
import type { SidePlan } from "./plan.js";
import type { PunchSuccess } from "./types.js";

/** A round for which sockets are to be opened. */
export interface RoundRequest {
	readonly side: SidePlan;
	readonly kind: NatKind;
	readonly birthday: boolean;
}

/** A round that begins. */
export interface RoundStart {
	readonly round: number;
	readonly role: "leader" | "follower";
	readonly side: SidePlan;
	readonly ours: Offer;
	readonly theirs: Offer;
	readonly at: number;
	readonly packets: Packets;
}

/** How a round stands. */
export interface RoundState<S> {
	readonly wakeAt: number;
	readonly done: Omit<PunchSuccess<S>, "ok" | "report"> | null;
	/** The peer was heard: the round goes on, whatever its time. */
	readonly heard: boolean;
	/** Nothing more will be sent: the round ends without waiting for its time. */
	readonly spent: boolean;
}

/** The sockets of one transport, and its engine. */
export interface Puncher<S> {
	/**
	 * Closes what an earlier round left, opens sockets and observes. Ends when the next round is prepared, or by `close`.
	 *
	 * @throws PrepareError if there is no socket, no observation, or no listener where one is needed
	 */
	prepare(request: RoundRequest): Promise<Offer>;
	start(round: RoundStart): void;
	poll(now: number): RoundState<S>;
	/** Closes everything but a socket that was handed over. */
	close(): void;
	/** On the clock. */
	readonly heardAt: number | null;
	readonly sent: number;
	readonly guesses: number;
	readonly failures: ReadonlyMap<string, number>;
}

/** Why a round could not be prepared. */
export class PrepareError extends Error {
	readonly reason: "no-observation" | "sockets" | "needs-listener";

	constructor(reason: PrepareError["reason"], message: string) {
		super(message);
		this.reason = reason;
	}
}

/** An AbortController for hundreds of sockets: Node warns of more than ten listeners otherwise. */
export function manyListeners(): AbortController {
	const controller = new AbortController();
	setMaxListeners(0, controller.signal);
	return controller;
}

/** What a puncher gets of its session. */
export interface PuncherContext {
	readonly clock: Clock;
	readonly localIps: readonly string[];
	/** A whole number from 0 to `below` - 1. */
	readonly pick: (below: number) => number;
	/** Something happened: poll again. */
	readonly wake: () => void;
}
