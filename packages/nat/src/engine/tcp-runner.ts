import { TCP_MARGIN, TCP_SERVERS } from "../defaults.js";
import type { TcpVerdict } from "../types.js";
import { addressesOf, type Knowledge } from "./knowledge.js";
import type { Action } from "./types.js";

/** Says when which server is to be asked about TCP, and keeps what came of it. */
export class TcpRunner {
	readonly #asked = new Set<number>();
	#verdict: TcpVerdict | null = null;
	#startedAt: number | null = null;

	get verdict(): TcpVerdict | null {
		return this.#verdict;
	}

	/** Ask the next server that can tell, if it is time. */
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
		return { kind: "tcp", server: server.index, primary: server.primary, other };
	}

	/** After a server that could not tell another one is asked, if there is one. */
	done(verdict: TcpVerdict, { servers }: Knowledge): void {
		this.#verdict = verdict;
		const another = servers.some(({ index, alternate }) => alternate !== null && !this.#asked.has(index));
		if (verdict.mapping === "unknown" && another && this.#asked.size < TCP_SERVERS) this.#startedAt = null;
	}

	isOver(knowledge: Knowledge, now: number): boolean {
		return this.#startedAt === null || this.#verdict !== null || now >= this.endsAt(knowledge);
	}

	/** When it is not waited for any more: a connection and an answer take two round trips. */
	endsAt({ servers }: Knowledge): number {
		if (this.#startedAt === null) return Number.POSITIVE_INFINITY;
		const rtt = Math.max(0, ...servers.map((server) => server.rtt ?? 0));
		return this.#startedAt + 2 * rtt + TCP_MARGIN;
	}
}
