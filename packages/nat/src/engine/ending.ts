import { BLOCKED_BY, BLOCKED_SERVERS, SILENCE_SENDS } from "../defaults.js";
import type { Knowledge } from "./knowledge.js";
import type { Probe } from "./types.js";

/** Why a discovery is over. */
export type Ending = "complete" | "blocked" | "unsendable" | "no-socket" | "timeout";

/** What the end of a discovery follows from. */
export interface EndingInput {
	readonly now: number;
	readonly startedAt: number;
	readonly deadline: number;
	readonly knowledge: Knowledge;
	/** The first question to each server. */
	readonly primaries: readonly (Probe | undefined)[];
	/** The mapping socket could not be made. */
	readonly noSocket: boolean;
	/** Nothing more is waited for: of TCP, and of the port train and what follows it. */
	readonly tcpOver: boolean;
	readonly portsOver: boolean;
}

/** Is a discovery over, and why (pure)? */
export function endingOf(input: EndingInput): Ending | null {
	const { now, deadline, knowledge, noSocket, tcpOver, portsOver } = input;
	if (noSocket) return "no-socket";
	if (now >= deadline) return "timeout";
	const { mapping, filtering, servers } = knowledge;
	if (servers.every(({ alive }) => !alive)) return silenceOf(input);
	if (!mapping.decided || !tcpOver) return null;
	// Without a mapping there is nobody to believe about anything else.
	if (mapping.behaviour === "unknown") return "complete";
	return filtering.decided && portsOver ? "complete" : null;
}

/** Nobody has answered: is it proven that nobody can? What the system refuses to send is no silence. */
function silenceOf({ now, startedAt, primaries }: EndingInput): Ending | null {
	const refused = primaries.filter((probe) => probe?.failure != null).length;
	if (refused === primaries.length) return "unsendable";
	if (now < startedAt + BLOCKED_BY) return null;
	const silent = primaries.filter(
		(probe) => probe !== undefined && probe.failure === null && probe.sends.length >= SILENCE_SENDS,
	).length;
	if (silent >= Math.min(BLOCKED_SERVERS, primaries.length)) return "blocked";
	return refused > 0 && silent + refused === primaries.length ? "unsendable" : null;
}
