import { FULL_CONE, natInfo, OPEN_INTERNET, OPEN_NATS } from "@p2pd/nat";
import { type Endpoint, endpointText } from "@p2pd/net";
import type { PeerAddress, PeerCandidate } from "@p2pd/peer";
import { TCP } from "@p2pd/pipe";
import { DIAL_TIMEOUT } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import type { SecureLink } from "../secure/link.js";
import type { NodeSession, NodeWay } from "./types.js";

/** The candidates of an address that take the session's transport, by an address family that this host has. */
export function usable(session: NodeSession, address: PeerAddress): readonly PeerCandidate[] {
	const families = new Set(session.bases.map(({ af }) => af));
	return address.candidates.filter(
		({ af, tcp, udp }) => families.has(af) && (session.transport === TCP ? tcp : udp),
	);
}

/** Whether strangers get through to a candidate outside of the local network: null if so, or if that is not known; else why not. */
export function whyClosed({ kind, nat }: PeerCandidate): string | null {
	if (kind === "mapped" || nat === null || nat.type === OPEN_INTERNET || nat.type === FULL_CONE) return null;
	const info = natInfo(nat.type, nat.delta).nat_info;
	const what = OPEN_NATS.includes(nat.type) ? "firewall" : "NAT";
	return `its ${what} (${info}) lets in only those that were written to`;
}

/** The way to a candidate: connect to it, and prove who is who. */
export function dialCandidate(session: NodeSession, candidate: PeerCandidate): NodeWay {
	const to: Endpoint = { ip: candidate.ip, port: candidate.port };
	return {
		key: `${candidate.kind} ${endpointText(to)}`,
		af: candidate.af,
		to,
		run: (signal) => dial(session, candidate, signal),
	};
}

/** Connects to a candidate and secures the connection. */
export async function dial(
	session: NodeSession,
	candidate: PeerCandidate,
	signal: AbortSignal,
): Promise<SecureLink> {
	const { af, ip, port } = candidate;
	const sockets = session.sockets(af);
	const timeout = new AbortController();
	const timer = session.clock.setTimeout(
		() => timeout.abort(new NodeHandshakeError(`no answer in ${DIAL_TIMEOUT / 1000} s`)),
		DIAL_TIMEOUT,
	);
	const either = AbortSignal.any([signal, timeout.signal]);
	try {
		if (session.transport === TCP) {
			return await session.enterPort(await sockets.connect({ ip, port, signal: either }), either);
		}
		const socket = await sockets.udp({ to: ip, port: 0, signal: either });
		return await session.secureDatagrams(socket, { ip, port }, "client", either);
	} finally {
		session.clock.clearTimeout(timer);
	}
}
