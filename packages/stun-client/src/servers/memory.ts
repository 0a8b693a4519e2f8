import { type Check, is } from "@p2pd/net";
import { checkArgument, checkOptions } from "../arguments.js";
import {
	LIE_WEIGHT,
	MAX_REMEMBERED_SERVERS,
	MAX_SUSPICION,
	SERVER_MEMORY_AGE,
	SILENCE_MEMORY_AGE,
} from "../defaults.js";
import type { StunServerFeature, StunServerSpec } from "./types.js";

/** Something that a server did. */
export type StunServerEvent =
	/** It answered after `rtt` ms. */
	| { readonly kind: "answered"; readonly rtt: number }
	/** It did not answer, or the network refused. */
	| { readonly kind: "silent" }
	/** Its answer was that of the majority. */
	| { readonly kind: "agreed" }
	/** Its answer was contradicted by a majority, or cannot be right. */
	| { readonly kind: "lied" }
	/** A test showed what it can do besides plain Binding requests; an empty list: nothing. */
	| { readonly kind: "tested"; readonly features: readonly StunServerFeature[] };

/** What is known about a server. */
export interface StunServerFacts {
	/** Smoothed round trip on this path in ms, or null. */
	readonly rtt: number | null;
	/** How often in a row it did not answer on this path. */
	readonly silences: number;
	/** 0 for a server that was never contradicted, up to 16: 4 more for each lie, 1 less for each confirmed answer. */
	readonly suspicion: number;
	/** What it was seen to do, or null if that was not tested. An empty list: nothing besides plain Binding requests. */
	readonly features: readonly StunServerFeature[] | null;
	/** When the last of this was learned, in ms since 1970. */
	readonly at: number;
}

/** How a server is reached: knowledge of round trips and silence holds for one path only. */
export interface StunServerPath {
	/** For instance the local address that is used. @default "" */
	readonly via?: string;
}

interface Entry {
	suspicion: number;
	features: readonly StunServerFeature[] | null;
	at: number;
	readonly paths: Map<string, { rtt: number | null; silences: number; at: number }>;
}

/** Paths that are kept for a server; the oldest are dropped first. */
const MAX_PATHS = 8;

/** The weight of a new round trip in the smoothed one: that of RFC 6298. */
const RTT_GAIN = 1 / 8;

const UNKNOWN: StunServerFacts = { rtt: null, silences: 0, suspicion: 0, features: null, at: 0 };

const keyOf = ({ host, port }: Pick<StunServerSpec, "host" | "port">): string => `${host} ${port}`;

/**
 * What is known about STUN servers: who was silent, who lied, what each can do, and how old that knowledge is. Servers
 * that behaved badly are asked later, but never excluded, and knowledge expires.
 *
 * One memory is shared by everything in a process that asks STUN servers. To keep it for longer, store `toJSON()` and
 * read it back with {@link StunServerMemory.fromJSON}.
 */
export class StunServerMemory {
	readonly #entries = new Map<string, Entry>();
	readonly #now: () => number;

	/** @param deps `now`: milliseconds since 1970. @default `Date.now` */
	constructor(deps: { readonly now?: () => number } = {}) {
		checkOptions(deps, { now: is.function });
		this.#now = deps.now ?? Date.now;
	}

	/** What is known about a server on a path. Expired knowledge is left out. */
	facts(server: Pick<StunServerSpec, "host" | "port">, path: StunServerPath = {}): StunServerFacts {
		checkArgument(server, "server", isNamed);
		checkOptions(path, PATH_OPTION);
		const { via = "" } = path;
		const entry = this.#entries.get(keyOf(server));
		const now = this.#now();
		if (entry === undefined || now - entry.at > SERVER_MEMORY_AGE) return UNKNOWN;
		const known = entry.paths.get(via);
		const isFresh = known !== undefined && now - known.at <= SILENCE_MEMORY_AGE;
		return {
			rtt: isFresh ? known.rtt : null,
			silences: isFresh ? known.silences : 0,
			suspicion: entry.suspicion,
			features: entry.features,
			at: entry.at,
		};
	}

	/** Adds something that a server did. */
	record(
		server: Pick<StunServerSpec, "host" | "port">,
		event: StunServerEvent,
		path: StunServerPath = {},
	): void {
		checkArgument(server, "server", isNamed);
		checkArgument(event, "event", isEvent);
		checkOptions(path, PATH_OPTION);
		const { via = "" } = path;
		const key = keyOf(server);
		const now = this.#now();
		const entry = this.#entry(key, now);
		if (event.kind === "agreed") entry.suspicion = Math.max(0, entry.suspicion - 1);
		else if (event.kind === "lied") entry.suspicion = Math.min(MAX_SUSPICION, entry.suspicion + LIE_WEIGHT);
		else if (event.kind === "tested") entry.features = [...event.features];
		else {
			const known = entry.paths.get(via);
			const fresh = known !== undefined && now - known.at <= SILENCE_MEMORY_AGE ? known : null;
			entry.paths.delete(via);
			entry.paths.set(via, {
				rtt: event.kind === "silent" ? (fresh?.rtt ?? null) : smoothed(fresh?.rtt ?? null, event.rtt),
				silences: event.kind === "silent" ? (fresh?.silences ?? 0) + 1 : 0,
				at: now,
			});
			dropOldest(entry.paths, MAX_PATHS);
		}
	}

	/** Everything that is known, for {@link StunServerMemory.fromJSON}. */
	toJSON(): unknown {
		return {
			version: 1,
			servers: [...this.#entries].map(([server, { suspicion, features, at, paths }]) => ({
				server,
				suspicion,
				features,
				at,
				paths: [...paths].map(([via, path]) => ({ via, ...path })),
			})),
		};
	}

	/**
	 * A memory from what `toJSON()` returned. Expired entries are left out.
	 *
	 * @throws {StunConfigError} ERR_STUN_CONFIG if the value is not such a dictionary
	 */
	static fromJSON(value: unknown, deps: { readonly now?: () => number } = {}): StunServerMemory {
		checkArgument(value, "memory", is.shape(MEMORY_FIELDS, { required: ["version", "servers"] }));
		const memory = new StunServerMemory(deps);
		const now = memory.#now();
		for (const { server, suspicion, features, at, paths } of (value as MemoryJson).servers) {
			// A date in the future comes from a clock that was wrong, and would never expire.
			if (at > now || now - at > SERVER_MEMORY_AGE) continue;
			const kept = paths.filter((path) => path.at <= now);
			memory.#entries.set(server, {
				suspicion,
				features,
				at,
				paths: new Map(kept.map(({ via, rtt, silences, at }) => [via, { rtt, silences, at }])),
			});
		}
		return memory;
	}

	#entry(key: string, now: number): Entry {
		const known = this.#entries.get(key);
		const isFresh = known !== undefined && now - known.at <= SERVER_MEMORY_AGE;
		const entry: Entry = isFresh ? known : { suspicion: 0, features: null, at: now, paths: new Map() };
		entry.at = now;
		this.#entries.delete(key);
		this.#entries.set(key, entry);
		dropOldest(this.#entries, MAX_REMEMBERED_SERVERS);
		return entry;
	}
}

const isNamed = is.shape(
	{ host: is.filledText, port: is.remotePort },
	{ required: ["host", "port"], open: true },
);

const PATH_OPTION = { via: is.text };

const isEvent = is.either(
	"something that a server did",
	is.shape({ kind: is.oneOf("silent", "agreed", "lied") }, { required: ["kind"] }),
	is.shape({ kind: is.oneOf("answered"), rtt: is.timeout }, { required: ["kind", "rtt"] }),
	is.shape(
		{ kind: is.oneOf("tested"), features: is.listOf(is.oneOf("rfc5780", "rfc3489"), { max: 2 }) },
		{ required: ["kind", "features"] },
	),
);

/** Whether a value is a memory. */
export const isMemory: Check = is.a("a StunServerMemory", (value) => value instanceof StunServerMemory);

/** The memory that everything in this process shares unless it is given another. */
export const processMemory: StunServerMemory = new StunServerMemory();

function smoothed(known: number | null, rtt: number): number {
	return known === null ? rtt : known + (rtt - known) * RTT_GAIN;
}

function dropOldest<V>(map: Map<string, V>, max: number): void {
	for (const oldest of map.keys()) {
		if (map.size <= max) return;
		map.delete(oldest);
	}
}

interface MemoryJson {
	readonly servers: readonly {
		readonly server: string;
		readonly suspicion: number;
		readonly features: readonly StunServerFeature[] | null;
		readonly at: number;
		readonly paths: readonly {
			readonly via: string;
			readonly rtt: number | null;
			readonly silences: number;
			readonly at: number;
		}[];
	}[];
}

const isDate = is.number(0, Number.MAX_SAFE_INTEGER);

const PATH_FIELDS = {
	via: is.text,
	rtt: is.nullOr(is.timeout),
	silences: is.whole(0, Number.MAX_SAFE_INTEGER),
	at: isDate,
};

const ENTRY_FIELDS = {
	server: is.filledText,
	suspicion: is.whole(0, MAX_SUSPICION),
	features: is.nullOr(is.listOf(is.oneOf("rfc5780", "rfc3489"), { max: 2 })),
	at: isDate,
	paths: is.listOf(is.shape(PATH_FIELDS, { required: Object.keys(PATH_FIELDS) }), { max: MAX_PATHS }),
};

const MEMORY_FIELDS = {
	version: is.oneOf(1),
	servers: is.listOf(is.shape(ENTRY_FIELDS, { required: Object.keys(ENTRY_FIELDS) }), {
		max: MAX_REMEMBERED_SERVERS,
	}),
};
