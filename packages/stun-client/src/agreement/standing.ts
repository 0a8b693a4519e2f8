/** How a server has behaved. */
export type Behaviour = "agreed" | "lied" | "dead";

/** What each behaviour adds to a server's penalty. A lie weighs more than silence, which may be the network's fault. */
const PENALTY: { readonly [B in Behaviour]: number } = { agreed: -1, dead: 1, lied: 4 };

/** The worst penalty: a server can always earn its standing back. */
const MAX_PENALTY = 16;

/** Servers that are remembered; the oldest go first. */
const MAX_ENTRIES = 1000;

/** What is known in this process of how servers behave: those that lie or die are asked later, or not at all. */
export class ServerStanding {
	readonly #penalties = new Map<string, number>();

	/** 0 is good; more is worse. */
	penalty(server: string): number {
		return this.#penalties.get(server) ?? 0;
	}

	/** Remembers what a server did. */
	record(server: string, behaviour: Behaviour): void {
		const penalty = Math.min(MAX_PENALTY, Math.max(0, this.penalty(server) + PENALTY[behaviour]));
		this.#penalties.delete(server);
		if (penalty > 0) this.#penalties.set(server, penalty);
		if (this.#penalties.size > MAX_ENTRIES) {
			for (const oldest of this.#penalties.keys()) {
				this.#penalties.delete(oldest);
				break;
			}
		}
	}

	/** Puts servers in the order in which they are to be asked: the better first, equals by chance. */
	order<T>(servers: readonly T[], nameOf: (server: T) => string, random: () => number): T[] {
		return servers
			.map((server) => ({ server, penalty: this.penalty(nameOf(server)), draw: random() }))
			.sort((a, b) => a.penalty - b.penalty || a.draw - b.draw)
			.map(({ server }) => server);
	}
}

/** The standing that is kept for this process. */
export const processStanding: ServerStanding = new ServerStanding();
