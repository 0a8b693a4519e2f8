import { sleep } from "@p2pd/net";
import type { CandidateNat, PeerCandidate } from "@p2pd/peer";
import { TCP } from "@p2pd/pipe";
import { natKind, planPunch, punchTcp, punchUdp } from "@p2pd/punch";
import { PUNCH_TIMEOUT, RESEND } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import type { SecureLink } from "../secure/link.js";
import type { NodeBase } from "../types.js";
import type { NodeChannel, NodePlan, NodeSession, NodeStrategy } from "./types.js";

/** What both sides assume of a NAT that nobody tested: a home router. Both must assume the same. */
const UNTESTED: CandidateNat = { type: 5, delta: { type: 2, value: 0 } };

/**
 * Both sides send at once, each through its own NAT, to where it predicts the other (`@p2pd/punch`). There is one punch for
 * each pair of families that both have; the dialer names the pair by the channel.
 */
export const punchStrategy: NodeStrategy = {
	path: "punch",
	needsAnswer: true,
	plan,
	answer: async (session, signal, channel) => {
		const pair = pairOf(session, channel);
		if (pair === null) throw new NodeHandshakeError("there is nothing to punch from");
		return punch(session, pair, channel, signal);
	},
};

/** Which of our addresses punches to which of the peer's. */
interface Pair {
	readonly ours: NodeBase;
	readonly theirs: PeerCandidate;
}

function plan(session: NodeSession): NodePlan {
	const pairs = ([6, 4] as const).flatMap((af) => {
		const channel = `punch:${af}`;
		const pair = pairOf(session, channel);
		return pair === null ? [] : [{ channel, pair }];
	});
	if (pairs.length === 0) {
		return { skipped: "the two sides have no address family in common in which STUN servers saw both" };
	}
	const refusals = pairs.map(({ pair }) => whyNot(session, pair));
	const possible = pairs.filter((_, index) => refusals[index] === null);
	if (possible.length === 0) return { skipped: refusals.find((reason) => reason !== null) ?? "" };
	return {
		ways: possible.map(({ channel, pair }) => ({
			key: channel,
			af: pair.ours.af,
			to: null,
			run: (signal) => punch(session, pair, channel, signal),
		})),
	};
}

/** The address of ours by which the default route leaves, and the peer's first external one. */
function pairOf(session: NodeSession, channel: string): Pair | null {
	const af = channel === "punch:6" ? 6 : 4;
	const ours = session.bases.find((base) => base.af === af && base.external !== null);
	const theirs = session.theirs.candidates.find((one) => one.af === af && one.kind === "external");
	return ours === undefined || theirs === undefined ? null : { ours, theirs };
}

function whyNot(session: NodeSession, { ours, theirs }: Pair): string | null {
	const { transport } = session;
	const [our, their] = [natKind(ours.nat ?? UNTESTED, transport), natKind(theirs.nat ?? UNTESTED, transport)];
	const made = planPunch(our, their, { transport });
	return made.action === "relay" ? made.reason : null;
}

async function punch(
	session: NodeSession,
	{ ours, theirs }: Pair,
	name: string,
	signal: AbortSignal,
): Promise<SecureLink> {
	const { clock, observer, ourId, random, theirId } = session;
	const { sockets } = ours;
	const options = {
		ourId,
		theirId,
		nats: { our: ours.nat ?? UNTESTED, their: theirs.nat ?? UNTESTED },
		localIps: session.bases
			.filter(({ af }) => af === ours.af)
			.slice(0, 4)
			.map(({ ip }) => ip),
		timeout: PUNCH_TIMEOUT,
		signal,
	};
	const deps = { channel: startedChannel(session, name, signal), clock, random };
	// Both have sent: the ids decide who begins.
	const side = ourId < theirId ? "client" : "server";
	if (session.transport === TCP) {
		const result = await punchTcp(options, {
			...deps,
			sockets,
			observe: (port, inner) => observer.tcp(sockets, port, inner),
		});
		if (!result.ok) throw new NodeHandshakeError(result.detail);
		return session.secureStream(result.socket, side, signal);
	}
	const result = await punchUdp(options, {
		...deps,
		sockets,
		observe: (socket, inner) => observer.udp(socket, ours.af, inner),
	});
	if (!result.ok) throw new NodeHandshakeError(result.detail);
	return session.secureDatagrams(result.socket, result.remote, side, signal);
}

/** Starts the other side, whose part begins with the first message: a punch may be led by either. */
const START = Buffer.from("start");

/** The channel of a punch. The dialer sends a start until something comes back; the other side leaves it out. */
function startedChannel(session: NodeSession, name: string, signal: AbortSignal): NodeChannel {
	const channel = session.channel(name);
	const heard = new AbortController();
	if (session.side === "dialer") void keepStarting(session, channel, AbortSignal.any([signal, heard.signal]));
	const messages = (async function* (): AsyncGenerator<Uint8Array, void, undefined> {
		try {
			for await (const message of channel.messages) {
				heard.abort();
				if (!START.equals(message)) yield message;
			}
		} finally {
			heard.abort();
		}
	})();
	return { send: (data) => channel.send(data), messages };
}

async function keepStarting(session: NodeSession, channel: NodeChannel, signal: AbortSignal): Promise<void> {
	while (!signal.aborted) {
		try {
			await channel.send(START);
			await sleep(RESEND, session.clock, signal);
		} catch {
			// A message was lost, or the start is over: the condition tells.
			if (!signal.aborted) await sleep(RESEND, session.clock, signal).catch(() => undefined);
		}
	}
}
