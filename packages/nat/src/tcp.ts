import { ipVersion } from "@p2pd/address";
import { abortable, type Clock, type Endpoint, type RandomBytes } from "@p2pd/net";
import { StunClient } from "@p2pd/stun-client";
import { TCP_MARGIN, TCP_SERVERS, TIMEOUT, TRAIN_PORTS } from "./defaults.js";
import { addressesOf, type Knowledge } from "./knowledge.js";
import type { Action, PickNumber } from "./probes.js";
import type { NatSockets, NatTcp } from "./types.js";

/** One server's part. */
interface TcpTest {
	/** When the connection to its first address was begun; then, when that answered; then, when the other was begun. */
	since: number;
	phase: "primary" | "waiting" | "other" | "done";
}

/**
 * Decides which servers are asked about TCP, and when, and keeps the result. It is told what happens.
 *
 * A server's first address is connected to as soon as it names another one; the other one only when that has answered
 * over UDP, since a hostile server may name a victim.
 */
export class TcpCheck {
	readonly #pick: PickNumber;
	readonly #tests = new Map<number, TcpTest>();
	#verdict: NatTcp | null = null;

	constructor(pick: PickNumber) {
		this.#pick = pick;
	}

	/** The first server's that could tell; until then why the last one could not. Null before that. */
	get verdict(): NatTcp | null {
		return this.#verdict;
	}

	/** What can be begun now. */
	next({ servers, mapping }: Knowledge, now: number): Action[] {
		if (mapping.behaviour === "none" || this.#isKnown) return [];
		return servers.flatMap((server): Action[] => {
			const { index, primary, isAlternateProven } = server;
			const { otherBoth } = addressesOf(server);
			if (otherBoth === null || mapping.suspects.includes(index)) return [];
			const test = this.#tests.get(index);
			if (test === undefined) {
				if (this.#tests.size >= TCP_SERVERS) return [];
				this.#tests.set(index, { since: now, phase: "primary" });
				const localPort = this.#pick(TRAIN_PORTS.start, TRAIN_PORTS.end);
				return [{ kind: "tcp", server: index, primary, localPort }];
			}
			if (test.phase !== "waiting" || !isAlternateProven) return [];
			this.#tests.set(index, { since: now, phase: "other" });
			return [{ kind: "tcp-other", server: index, other: otherBoth }];
		});
	}

	/** A server's first address has answered. */
	answered(server: number, now: number): void {
		this.#tests.set(server, { since: now, phase: "waiting" });
	}

	done(server: number, verdict: NatTcp): void {
		this.#tests.set(server, { since: 0, phase: "done" });
		if (!this.#isKnown) this.#verdict = verdict;
	}

	isOver(knowledge: Knowledge, now: number): boolean {
		return this.#isKnown || now >= this.endsAt(knowledge);
	}

	/** When the wait for it ends: each phase takes two round trips, for a connection and an answer. */
	endsAt({ servers }: Knowledge): number {
		const rtt = Math.max(0, ...servers.map((server) => server.rtt ?? 0));
		const open = [...this.#tests.values()].filter(({ phase }) => phase !== "done");
		return Math.max(...open.map(({ since }) => since + 2 * rtt + TCP_MARGIN));
	}

	get #isKnown(): boolean {
		return this.#verdict !== null && this.#verdict.mapping !== "unknown";
	}
}

/** What {@link checkTcpMapping} works with. */
export interface TcpDeps {
	readonly sockets: NatSockets;
	readonly clock: Clock;
	readonly random: RandomBytes;
	readonly localIp: string | null;
	/** The local port of both connections. */
	readonly localPort: number;
	/** Called when the first address has answered. Resolves to the other address when that may be connected to. */
	readonly other: () => Promise<Endpoint>;
}

/**
 * How a NAT maps TCP (RFC 5382 REQ-1): connects from one local port to a server's two addresses and asks both. The
 * first connection stays open meanwhile, so that the NAT does not forget its mapping. Whatever happens is a verdict;
 * nothing is thrown.
 *
 * @param signal - ends the check. What is not known by then stays unknown.
 */
export async function checkTcpMapping(
	primary: Endpoint,
	deps: TcpDeps,
	signal: AbortSignal,
): Promise<NatTcp> {
	const { localIp, localPort } = deps;
	const clients: StunClient[] = [];
	const ask = async (server: Endpoint): Promise<Endpoint> => {
		const client = clientFor(server, deps);
		clients.push(client);
		const { mapped } = await client.getMapping({ signal });
		if (ipVersion(mapped.ip) !== ipVersion(server.ip)) throw new Error("the answer is of another family");
		return mapped;
	};
	try {
		const first = await ask(primary);
		if (first.ip === localIp && first.port === localPort) {
			const external = { ip: first.ip, port: first.port };
			return { mapping: "none", reason: "the server sees the local address and port", external };
		}
		const second = await ask(await abortable(deps.other(), signal));
		if (first.ip === second.ip && first.port === second.port) {
			const external = { ip: first.ip, port: first.port };
			const reason = "both of the server's addresses see one endpoint";
			return { mapping: "endpoint-independent", reason, external };
		}
		const reason = "the server's two addresses see different endpoints";
		return { mapping: "varies", reason, external: null };
	} catch (error) {
		const reason = `the server's two addresses did not both answer: ${String(error)}`;
		return { mapping: "unknown", reason, external: null };
	} finally {
		await Promise.all(clients.map((client) => client.close()));
	}
}

function clientFor(server: Endpoint, { sockets, clock, random, localPort }: TcpDeps): StunClient {
	const { connect } = sockets;
	if (connect === undefined) throw new Error("the sockets cannot connect");
	return new StunClient(
		{ server, transport: "tcp", localPort, reuse: true, maxRedirects: 0, timeout: TIMEOUT },
		{ sockets: { af: sockets.af, connect: connect.bind(sockets) }, clock, random },
	);
}
