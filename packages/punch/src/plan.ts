import {
	BIRTHDAY_PROBES,
	BIRTHDAY_SOCKETS,
	COME_AFTER,
	GRID_SOCKETS,
	GRID_STEP,
	PREDICTED_SOCKETS,
	WINDOW,
} from "./defaults.js";
import { kindName, type NatKind } from "./kind.js";

/** Why only a relay can help. */
export type RelayRule =
	| "blocked"
	| "random-against-symmetric"
	| "random-against-port-restricted-tcp"
	| "needs-listener";

/** How two NATs are punched. */
export type PunchRule = "observed" | "one-comes" | "predicted" | "both-predicted" | "birthday" | "same-nat";

/** What one side does. */
export interface SidePlan {
	/** Sockets that punch. */
	readonly sockets: number;
	/**
	 * Where external ports come from. `each`: STUN through every punching socket (its mapping holds for the peer too).
	 * `predict`: STUN through one other socket, and the port rule gives the ports of fresh ones. `address`: STUN
	 * through the first socket, for the address alone.
	 */
	readonly observe: "each" | "predict" | "address";
	/** External ports told to the peer. */
	readonly announce: number;
	/**
	 * Which of the peer's ports each socket sends to. `all`: every one. `first`: the first, from every socket.
	 * `paired`: socket i to port i. `staggered`: socket i to port i + floor(i / step), one more for each foreign
	 * mapping that is assumed. `scan`: random ports of the peer's address.
	 */
	readonly targets: "all" | "first" | "paired" | "staggered" | "scan";
	/** The step of `staggered`; the number of probes of `scan`; otherwise 0. */
	readonly targetsParameter: number;
	/** The first packet of each socket has only to leave the own NAT. */
	readonly lowTtlFirst: boolean;
	/** It begins so long after the agreed instant, in ms. */
	readonly startsAfter: number;
	/** TCP: a listener on each punching port. `needed`: there is no path without it. */
	readonly listen: "no" | "helps" | "needed";
}

/** The plan for two NATs, as data. */
export type PunchPlan =
	| {
			readonly action: "punch";
			readonly transport: "udp" | "tcp";
			readonly rule: PunchRule;
			readonly reason: string;
			readonly our: SidePlan;
			readonly their: SidePlan;
	  }
	| {
			readonly action: "relay";
			readonly transport: "udp" | "tcp";
			readonly rule: RelayRule;
			readonly reason: string;
	  };

/** What {@link planPunch} needs beside the kinds. */
export interface PlanOptions {
	readonly transport: "udp" | "tcp";
	/** Whether this side leads: where a grid is not symmetric, the leader staggers. @default true */
	readonly leader?: boolean;
	/** Both have the same external address. @default false */
	readonly sameNat?: boolean;
	/** The budget of a birthday punch. @default 1100 */
	readonly probes?: number;
}

/** How the ports of a kind come about. `fixed`: one mapping for every destination; `local`: from the local port alone. */
type Ports = "fixed" | "local" | "counter" | "random" | "blocked";

function portsOf({ type, delta }: NatKind): Ports {
	if (type === 7) return "blocked";
	if (type !== 6) return "fixed";
	if (delta === 2 || delta === 3) return "local";
	return delta === 4 || delta === 5 ? "counter" : "random";
}

/** Whether a packet from a port that was never sent to comes in, once its address was. */
const admitsAnyPort = ({ type }: NatKind): boolean => type === 1 || type === 3 || type === 4;

/**
 * What two NATs can do. A pure function of both kinds that gives the same on both sides, with `our` and `their`
 * exchanged, so peers need not negotiate.
 */
export function planPunch(our: NatKind, their: NatKind, options: PlanOptions): PunchPlan {
	const { transport, leader = true, sameNat = false } = options;
	const names = `${kindName(our)} and ${kindName(their)}`;
	const relay = (rule: RelayRule, reason: string): PunchPlan => ({
		action: "relay",
		transport,
		rule,
		reason,
	});
	const punch = (rule: PunchRule, reason: string, ours: SidePlan, theirs: SidePlan): PunchPlan => ({
		action: "punch",
		transport,
		rule,
		reason,
		our: ours,
		their: theirs,
	});
	const side = (changes: Partial<SidePlan> = {}): SidePlan => ({ ...ONE_OBSERVED[transport], ...changes });
	if (sameNat) {
		return punch("same-nat", "both have the same external address: local addresses first", side(), side());
	}

	const [ourPorts, theirPorts] = [portsOf(our), portsOf(their)];
	if (ourPorts === "blocked" || theirPorts === "blocked") {
		const whose = ourPorts === "blocked" ? "our" : "their";
		return relay("blocked", `${whose} network lets no ${transport.toUpperCase()} through`);
	}
	if (ourPorts === "fixed" && theirPorts === "fixed") {
		return punch("observed", `${names}: one mapping for every destination, seen by STUN`, side(), side());
	}
	if (ourPorts !== "fixed" && theirPorts !== "fixed") {
		if (ourPorts === "random" || theirPorts === "random") {
			return relay("random-against-symmetric", `${names}: neither side can know the other's port in time`);
		}
		const grid = ourPorts === "counter" || theirPorts === "counter";
		const predicted = (staggers: boolean): SidePlan =>
			side({
				sockets: grid ? GRID_SOCKETS : PREDICTED_SOCKETS,
				observe: "predict",
				announce: grid ? GRID_SOCKETS + GRID_SOCKETS / GRID_STEP - 1 : PREDICTED_SOCKETS,
				targets: grid && staggers ? "staggered" : "paired",
				targetsParameter: grid && staggers ? GRID_STEP : 0,
			});
		return punch(
			"both-predicted",
			`${names}: both ports follow a rule`,
			predicted(leader),
			predicted(!leader),
		);
	}

	const ourIsFixed = ourPorts === "fixed";
	const [fixed, mover] = ourIsFixed ? [our, theirPorts] : [their, ourPorts];
	const either = (rule: PunchRule, reason: string, fixedSide: SidePlan, moverSide: SidePlan): PunchPlan =>
		ourIsFixed ? punch(rule, reason, fixedSide, moverSide) : punch(rule, reason, moverSide, fixedSide);
	if (mover !== "random") {
		return either(
			"predicted",
			`${names}: one port is seen by STUN, the other follows a rule`,
			side(),
			side({
				sockets: PREDICTED_SOCKETS,
				observe: "predict",
				announce: mover === "counter" ? WINDOW : PREDICTED_SOCKETS,
				targets: "first",
			}),
		);
	}
	if (admitsAnyPort(fixed)) {
		return either(
			"one-comes",
			`${names}: the side with one port opens for an address, the other comes`,
			side({ listen: transport === "tcp" ? "needed" : "no" }),
			side({ observe: "address", startsAfter: transport === "tcp" ? COME_AFTER : 0 }),
		);
	}
	if (transport === "tcp") {
		return relay("random-against-port-restricted-tcp", `${names}: too many connections to guess a port`);
	}
	const probes = options.probes ?? BIRTHDAY_PROBES;
	return either(
		"birthday",
		`${names}: ${probes} guesses at ${BIRTHDAY_SOCKETS} random ports`,
		side({ targets: "scan", targetsParameter: probes }),
		side({ sockets: BIRTHDAY_SOCKETS, observe: "address", targets: "first", lowTtlFirst: true }),
	);
}

const ONE_SOCKET = {
	sockets: 1,
	observe: "each",
	announce: 1,
	targets: "all",
	targetsParameter: 0,
	lowTtlFirst: false,
	startsAfter: 0,
} as const;

/** One socket that observes itself and sends to all of the peer's ports. */
const ONE_OBSERVED: Readonly<Record<"udp" | "tcp", SidePlan>> = {
	udp: { ...ONE_SOCKET, listen: "no" },
	tcp: { ...ONE_SOCKET, listen: "helps" },
};
