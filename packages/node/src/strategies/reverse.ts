import { sleep } from "@p2pd/net";
import type { PeerCandidate } from "@p2pd/peer";
import { RESEND, STAGGER } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import type { SecureLink } from "../secure/link.js";
import { dial, usable, whyClosed } from "./candidates.js";
import type { NodeSession, NodeStrategy } from "./types.js";

const GO = Buffer.from("go");
const FAILED = "failed:";

/** Asks the peer to connect to us: for when it is behind a NAT and we are not. */
export const reverseStrategy: NodeStrategy = {
	path: "reverse",
	needsAnswer: true,
	plan(session) {
		const own = session.ours.candidates.filter(({ af }) => session.bases.some((base) => base.af === af));
		if (targets(own).length === 0) {
			const closed = own.map(whyClosed).find((reason) => reason !== null);
			return {
				skipped:
					closed === undefined
						? "this host has no address to connect to"
						: `this host cannot be reached from outside: ${closed}`,
			};
		}
		return { ways: [{ key: "reverse", af: null, to: null, run: (signal) => ask(session, signal) }] };
	},
	answer: connectBack,
};

function targets(candidates: readonly PeerCandidate[]): readonly PeerCandidate[] {
	return candidates.filter(
		(candidate) => candidate.kind === "lan" || (candidate.kind !== "relay" && whyClosed(candidate) === null),
	);
}

/** Asks until a link comes in or the peer says that it cannot. */
async function ask(session: NodeSession, signal: AbortSignal): Promise<SecureLink> {
	const channel = session.channel("reverse");
	const over = new AbortController();
	const either = AbortSignal.any([signal, over.signal]);
	const asking = (async () => {
		for (;;) {
			await channel.send(GO).catch(() => undefined);
			await sleep(RESEND, session.clock, either);
		}
	})();
	const refusal = (async (): Promise<never> => {
		for await (const data of channel.messages) {
			const text = Buffer.from(data).toString("utf8");
			if (text.startsWith(FAILED))
				throw new NodeHandshakeError(`the peer could not connect: ${text.slice(FAILED.length)}`);
		}
		throw new NodeHandshakeError("the attempt is over");
	})();
	refusal.catch(() => undefined);
	try {
		return await Promise.race([session.inbound(either), refusal, asking]);
	} finally {
		over.abort();
		asking.catch(() => undefined);
	}
}

/** Connects to the dialer's addresses, all of them, one shortly after the other. The first that succeeds is the link. */
async function connectBack(session: NodeSession, signal: AbortSignal): Promise<SecureLink> {
	const candidates = targets(usable(session, session.theirs));
	const over = new AbortController();
	const either = AbortSignal.any([signal, over.signal]);
	const links = candidates.map(async (candidate, index) => {
		await sleep(index * STAGGER, session.clock, either);
		const link = await dial(session, candidate, either);
		if (either.aborted) link.close();
		either.throwIfAborted();
		return link;
	});
	try {
		const link = await Promise.any(links);
		return link;
	} catch (error) {
		signal.throwIfAborted();
		const reasons = error instanceof AggregateError ? error.errors.map((one) => (one as Error).message) : [];
		const why = [...new Set(reasons)].join("; ") || "it has no address that I could reach";
		await session
			.channel("reverse")
			.send(Buffer.from(`${FAILED}${why}`.slice(0, 300)))
			.catch(() => undefined);
		throw error;
	} finally {
		over.abort();
	}
}
