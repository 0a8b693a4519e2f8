import { type Endpoint, endpointText, sameEndpoint } from "@p2pd/net";
import type { NatMapping } from "../types.js";
import type { MappingStatement } from "./types.js";

/** What the servers' answers together mean for the mapping. */
export interface MappingJudgement {
	readonly behaviour: NatMapping;
	/** More answers are not waited for. */
	readonly decided: boolean;
	/** Servers whose answers fit the verdict. */
	readonly trusted: readonly number[];
	/** Those of them whose own two addresses confirm it. */
	readonly confirmed: readonly number[];
	/** Servers whose answers contradict it. */
	readonly suspects: readonly number[];
	/** Some answer contradicts another. */
	readonly dissent: boolean;
	readonly agreed: number;
	readonly needed: number;
	/** The mapping socket's external end, where mappings do not vary. */
	readonly external: Endpoint | null;
	readonly reason: string;
}

/** The local end of the mapping socket; without an IP nothing can be called untranslated. */
export interface LocalEnd {
	readonly ip: string | null;
	readonly port: number;
}

/** What one server's own addresses say of the mapping: no other server can spoil that comparison. */
export function mappingVote({ primary, otherIp, otherBoth }: MappingStatement): NatMapping {
	if (primary === null || (otherIp === null && otherBoth === null)) return "unknown";
	const differs = [otherIp, otherBoth].some((seen) => seen !== null && !sameEndpoint(seen, primary));
	if (!differs) return "endpoint-independent";
	if (otherIp === null || otherBoth === null) return "varies";
	// The same IP and another port gave another mapping, so the port matters (RFC 5780 section 4.3, test III).
	return sameEndpoint(otherIp, otherBoth) ? "address-dependent" : "address-and-port-dependent";
}

const isVarying = (vote: NatMapping): boolean => vote !== "endpoint-independent" && vote !== "unknown";

/**
 * How many servers have to agree: a strict majority of those that still count. A server leaves the count at its own
 * time-out or by a definite failure, never because others were faster. However many leave, two servers never win
 * where five were asked, nor one where two were.
 *
 * @param asked - how many servers were asked
 * @param counted - how many of them still count
 */
export function needed(asked: number, counted: number): number {
	const least = Math.min(asked, asked >= MANY ? 3 : 2);
	return Math.max(Math.floor(counted / 2) + 1, least);
}

/** From so many servers on, two liars are to be expected. */
const MANY = 5;
/** Without a second address, so many servers have to see different ends before the mapping is said to vary. */
const MIN_LONERS = 3;

/**
 * Judges the mapping from what the servers say (pure; RFC 5780 section 4.3, with several servers).
 *
 * The largest group of servers that see the mapping socket on one external end speaks for endpoint-independent
 * mapping, because honest servers see a varying mapping on different ends. Servers whose own two addresses see
 * different ends, and servers that see an end that no other server sees, speak for a varying one.
 */
export function judgeMapping(
	statements: readonly MappingStatement[],
	local: LocalEnd | null,
): MappingJudgement {
	const votes = new Map(statements.map((each) => [each.server, mappingVote(each)]));
	const group = largestGroup(statements);
	const asked = statements.length;
	const heard = statements.filter((each) => each.primary !== null);
	const pending = statements.filter((each) => each.pending).length;
	const need = needed(asked, heard.length + pending);
	const varying = heard.filter((each) => isVarying(votes.get(each.server) ?? "unknown"));
	const steady = heard.filter((each) => votes.get(each.server) === "endpoint-independent");

	const oneEnd = judgeOneEnd({ votes, group, heard, asked, need, local });
	if (oneEnd?.decided) return oneEnd;

	// A server that sees the same end from both its addresses contradicts, even if no other server sees that end.
	const loners = heard.filter(
		(each) => !steady.includes(each) && !heard.some((other) => other !== each && sameEnd(each, other)),
	);
	const believed = [...new Set([...varying, ...loners])];
	// While answers are awaited, one of the loners may turn out to be the first of a group that sees one end.
	const sure = believed.length - (pending > 0 && loners.some((each) => !varying.includes(each)) ? 1 : 0);
	const dissent = steady.length > 0 || (group.length > 1 && heard.length > group.length);
	if (sure >= need && (varying.length > 0 || sure >= MIN_LONERS)) {
		return varyingVerdict(believed, heard, votes, { asked, dissent, need, byVotes: varying.length >= need });
	}
	if (oneEnd !== null) return oneEnd;
	const open = pending > 0 || statements.some((each) => each.otherPending);
	return {
		behaviour: "unknown",
		decided: !open,
		trusted: [],
		confirmed: [],
		suspects: [],
		dissent: dissent || (group.length > 0 && group.length < heard.length && steady.length > 0),
		agreed: Math.max(group.length, varying.length),
		needed: need,
		external: null,
		reason: open
			? "answers are awaited"
			: heard.length === 0
				? "no server has answered"
				: `${heard.length} of ${asked} servers answered, and fewer than ${need} agree`,
	};
}

interface OneEnd {
	readonly votes: ReadonlyMap<number, NatMapping>;
	readonly group: readonly MappingStatement[];
	readonly heard: readonly MappingStatement[];
	readonly asked: number;
	readonly need: number;
	readonly local: LocalEnd | null;
}

/** The case for one external end whatever the destination; null if there is none. */
function judgeOneEnd({ votes, group, heard, asked, need, local }: OneEnd): MappingJudgement | null {
	const external = group[0]?.primary ?? null;
	if (external === null) return null;
	const voteOf = (each: MappingStatement): NatMapping => votes.get(each.server) ?? "unknown";
	const against = group.filter((each) => isVarying(voteOf(each)));
	const trusted = group.filter((each) => !against.includes(each));
	if (trusted.length < need) return null;
	const confirmed = trusted.filter((each) => voteOf(each) === "endpoint-independent");
	const base = {
		decided: true,
		trusted: trusted.map((each) => each.server),
		confirmed: confirmed.map((each) => each.server),
		suspects: heard.filter((each) => !trusted.includes(each)).map((each) => each.server),
		dissent: heard.length > group.length || against.length > 0,
		agreed: trusted.length,
		needed: need,
		external,
	};
	if (local?.ip != null && sameEndpoint(external, { ip: local.ip, port: local.port })) {
		const reason = `${trusted.length} of ${asked} servers see the local address and port`;
		return { ...base, behaviour: "none", reason };
	}
	const capable = trusted.filter((each) => each.capable);
	if (capable.length === 0 && asked <= 1) {
		const reason = "the only server has no second address to compare with";
		return { ...base, behaviour: "unknown", reason };
	}
	const behaviour = "endpoint-independent";
	const wanted = asked <= 1 ? 1 : Math.min(2, capable.length);
	if (confirmed.length >= wanted && confirmed.length > against.length) {
		const how = confirmed.length > 0 ? `, ${confirmed.length} of them from both their addresses` : "";
		const reason = `${trusted.length} of ${asked} servers see one external end${how}`;
		return { ...base, behaviour, reason };
	}
	// Servers on different IPs that see one end have compared it, even if no server could compare it alone.
	if (!capable.some((each) => each.otherPending) && against.length === 0 && trusted.length >= 2) {
		const reason = `${trusted.length} of ${asked} servers on different addresses see one external end`;
		return { ...base, behaviour, reason };
	}
	const reason = "answers from the servers' other addresses are awaited";
	return { ...base, decided: false, behaviour: "unknown", reason };
}

function varyingVerdict(
	believed: readonly MappingStatement[],
	heard: readonly MappingStatement[],
	votes: ReadonlyMap<number, NatMapping>,
	how: { asked: number; dissent: boolean; need: number; byVotes: boolean },
): MappingJudgement {
	const kinds = believed.map((each) => votes.get(each.server) ?? "unknown");
	const ofKind = (kind: NatMapping): number => kinds.filter((each) => each === kind).length;
	const address = ofKind("address-dependent");
	const port = ofKind("address-and-port-dependent");
	const enough = how.asked <= 1 ? 1 : 2;
	const most = Math.max(address, port);
	const clear = most >= enough && address !== port;
	const open = believed.some((each) => each.capable && each.otherPending);
	const behaviour = !clear ? "varies" : address > port ? "address-dependent" : "address-and-port-dependent";
	return {
		behaviour,
		decided: clear || !open,
		trusted: believed.map((each) => each.server),
		confirmed: believed
			.filter((each) => isVarying(votes.get(each.server) ?? "unknown"))
			.map((each) => each.server),
		suspects: heard.filter((each) => !believed.includes(each)).map((each) => each.server),
		dissent: how.dissent || (address > 0 && port > 0),
		agreed: believed.length,
		needed: how.need,
		external: null,
		reason: how.byVotes
			? `${believed.length} of ${how.asked} servers see another external end from their other address`
			: `${believed.length} of ${how.asked} servers each see another external end`,
	};
}

const sameEnd = (a: MappingStatement, b: MappingStatement): boolean =>
	a.primary !== null && b.primary !== null && sameEndpoint(a.primary, b.primary);

/** The largest group that sees one end, one server for each IP asked. */
function largestGroup(statements: readonly MappingStatement[]): readonly MappingStatement[] {
	const groups = new Map<string, MappingStatement[]>();
	for (const each of statements) {
		if (each.primary === null) continue;
		const group = groups.get(endpointText(each.primary)) ?? [];
		if (!group.some((other) => other.ip === each.ip)) group.push(each);
		groups.set(endpointText(each.primary), group);
	}
	return [...groups.values()].reduce<readonly MappingStatement[]>(
		(best, group) => (group.length > best.length ? group : best),
		[],
	);
}
