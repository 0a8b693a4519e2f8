import { dialCandidate, usable } from "./candidates.js";
import type { NodeStrategy } from "./types.js";

/** Connects to the peer's LAN addresses. Another host may have the same one: it gets a sealed hello and learns nothing. */
export const lanStrategy: NodeStrategy = {
	path: "lan",
	needsAnswer: false,
	plan(session) {
		const candidates = usable(session, session.theirs).filter(({ kind }) => kind === "lan");
		if (candidates.length === 0)
			return { skipped: "the peer tells no LAN address that this host could reach" };
		return { ways: candidates.map((candidate) => dialCandidate(session, candidate)) };
	},
	answer: null,
};
