import type { Clock, Endpoint, RandomBytes } from "@p2pd/net";
import { StunClient } from "@p2pd/stun-client";
import { TCP_MARGIN, TCP_SERVERS, TIMEOUT, TRAIN_PORTS } from "./defaults.js";
import { addressesOf, type Knowledge } from "./knowledge.js";
import type { Action, PickNumber } from "./probes.js";
import type { NatSockets, NatTcp } from "./types.js";

/** Decides which server is asked about TCP, and when, and keeps the result. It is told what happens. */
export class TcpCheck {
	readonly #pick: PickNumber;
	readonly #asked = new Set<number>();
	#verdict: NatTcp | null = null;
	#startedAt: number | null = null;

	constructor(pick: PickNumber) {
		this.#pick = pick;
	}

	get verdict(): NatTcp | null {
		return this.#verdict;
	}

	/** Asks the next server that can show the TCP mapping, if it is time. */
	next({ servers, mapping }: Knowledge, now: number): Action | null {
		if (this.#startedAt !== null || mapping.behaviour === "none") return null;
		const server = servers.find(
			({ index, alternate }) =>
				alternate !== null && !mapping.suspects.includes(index) && !this.#asked.has(index),
		);
		const other = server === undefined ? null : addressesOf(server).otherBoth;
		if (server === undefined || other === null) return null;
		this.#startedAt = now;
		this.#asked.add(server.index);
		this.#verdict = null;
		const localPort = this.#pick(TRAIN_PORTS.start, TRAIN_PORTS.end);
		return { kind: "tcp", server: server.index, primary: server.primary, other, localPort };
	}

	/** After a server that could not tell, another one is asked if there is one. */
	done(verdict: NatTcp, { servers }: Knowledge): void {
		this.#verdict = verdict;
		const another = servers.some(({ index, alternate }) => alternate !== null && !this.#asked.has(index));
		if (verdict.mapping === "unknown" && another && this.#asked.size < TCP_SERVERS) this.#startedAt = null;
	}

	isOver(knowledge: Knowledge, now: number): boolean {
		return this.#startedAt === null || this.#verdict !== null || now >= this.endsAt(knowledge);
	}

	/** When the wait for it ends: a connection and an answer take two round trips. */
	endsAt({ servers }: Knowledge): number {
		if (this.#startedAt === null) return Number.POSITIVE_INFINITY;
		const rtt = Math.max(0, ...servers.map((server) => server.rtt ?? 0));
		return this.#startedAt + 2 * rtt + TCP_MARGIN;
	}
}

/** What {@link checkTcpMapping} works with. */
export interface TcpParts {
	readonly sockets: NatSockets;
	readonly clock: Clock;
	readonly random: RandomBytes;
	readonly localIp: string | null;
	/** The local port of both connections. */
	readonly localPort: number;
	/** Ends the check. What is not known by then stays unknown. */
	readonly signal: AbortSignal;
}

/**
 * How a NAT maps TCP (RFC 5382 REQ-1): connects from one local port to a server's two addresses and asks both.
 * Whatever happens is a verdict; nothing is thrown.
 */
export async function checkTcpMapping(primary: Endpoint, other: Endpoint, parts: TcpParts): Promise<NatTcp> {
	const { localIp, localPort } = parts;
	const asked = await Promise.allSettled([primary, other].map((server) => mappedOverTcp(server, parts)));
	const failure = asked.find((each) => each.status === "rejected");
	const [first, second] = asked.map((each) => (each.status === "fulfilled" ? each.value : null));
	if (first == null || second == null) {
		const why = failure === undefined ? "no answer" : String(failure.reason);
		const reason = `the server's two addresses did not both answer: ${why}`;
		return { mapping: "unknown", reason, external: null };
	}
	if (first.ip === localIp && first.port === localPort) {
		return { mapping: "none", reason: "the server sees the local address and port", external: first };
	}
	if (first.ip === second.ip && first.port === second.port) {
		const reason = "both of the server's addresses see one endpoint";
		return { mapping: "endpoint-independent", reason, external: first };
	}
	return { mapping: "varies", reason: "the server's two addresses see different endpoints", external: null };
}

async function mappedOverTcp(server: Endpoint, parts: TcpParts): Promise<Endpoint> {
	const { sockets, clock, random, localPort, signal } = parts;
	const { connect } = sockets;
	if (connect === undefined) throw new Error("the sockets cannot connect");
	const client = new StunClient(
		{ server, transport: "tcp", localPort, reuse: true, maxRedirects: 0, timeout: TIMEOUT },
		{ sockets: { af: sockets.af, connect: connect.bind(sockets) }, clock, random },
	);
	try {
		const { mapped } = await client.getMapping({ signal });
		return { ip: mapped.ip, port: mapped.port };
	} finally {
		await client.close();
	}
}
