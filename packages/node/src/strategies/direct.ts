import { dialCandidate, usable, whyClosed } from "./candidates.js";
import type { NodeStrategy } from "./types.js";

/** Connects to the peer's public addresses and mapped ports, IPv6 before IPv4. */
export const directStrategy: NodeStrategy = {
	path: "direct",
	needsAnswer: false,
	plan(session) {
		const candidates = usable(session, session.theirs)
			.filter(({ kind }) => kind === "external" || kind === "mapped")
			.sort((a, b) => b.af - a.af);
		const open = candidates.filter((candidate) => whyClosed(candidate) === null);
		if (open.length > 0) return { ways: open.map((candidate) => dialCandidate(session, candidate)) };
		const [closed] = candidates;
		return {
			skipped:
				closed === undefined
					? "the peer tells no public address that this host could reach"
					: `the peer cannot be reached from outside: ${whyClosed(closed)}`,
		};
	},
	answer: null,
};
