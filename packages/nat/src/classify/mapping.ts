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

/** How many servers have to agree of those asked: all of one, two without dissent, a majority with it. */
export function needed(asked: number, dissent: boolean): number {
	if (asked <= 1) return 1;
	return dissent ? Math.max(2, Math.floor(asked / 2) + 1) : 2;
}

/**
 * Judge the mapping from what the servers say (pure; RFC 5780 section 4.3, with several servers).
 *
 * The largest group of servers that see the mapping socket on one external end speaks for endpoint-independent
 * mapping, because honest servers see a varying mapping on different ends. Servers whose own two addresses see
 * different ends speak for varying mapping.
 */
export function judgeMapping(
	statements: readonly MappingStatement[],
	asked: number,
	local: LocalEnd | null,
): MappingJudgement {
	const votes = new Map(statements.map((each) => [each.server, mappingVote(each)]));
	const group = largestGroup(statements);
	const pending = statements.filter((each) => each.pending).length;
	const heard = statements.filter((each) => each.primary !== null);
	const varying = heard.filter((each) => isVarying(votes.get(each.server) ?? "unknown"));
	const steady = heard.filter((each) => votes.get(each.server) === "endpoint-independent");

	const oneEnd = judgeOneEnd({ statements, votes, group, pending, heard, asked, local });
	if (oneEnd?.decided) return oneEnd;

	const dissent = steady.length > 0 || (group.length > 1 && heard.length > group.length);
	const need = needed(asked, dissent);
	// One that sees the same from both its addresses contradicts, though nobody else sees that end.
	const loners = heard.filter(
		(each) => !steady.includes(each) && !heard.some((other) => other !== each && sameEnd(each, other)),
	);
	const majority = needed(asked, true);
	const byVotes = varying.length >= need && (pending === 0 || varying.length >= majority);
	// Without a second address, as many different ends as a majority of servers say the same, once all have spoken.
	const byLoners = pending === 0 && loners.length >= Math.max(3, majority);
	if (byVotes || byLoners) {
		const believed = byVotes ? union(varying, byLoners ? loners : []) : loners;
		return varyingVerdict(believed, heard, votes, { asked, dissent, need, byVotes });
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
	readonly statements: readonly MappingStatement[];
	readonly votes: ReadonlyMap<number, NatMapping>;
	readonly group: readonly MappingStatement[];
	readonly pending: number;
	readonly heard: readonly MappingStatement[];
	readonly asked: number;
	readonly local: LocalEnd | null;
}

/** The case for one external end whatever the destination; null if there is none. */
function judgeOneEnd(input: OneEnd): MappingJudgement | null {
	const { votes, group, pending, heard, asked, local } = input;
	const external = group[0]?.primary ?? null;
	if (external === null) return null;
	const voteOf = (each: MappingStatement): NatMapping => votes.get(each.server) ?? "unknown";
	const against = group.filter((each) => isVarying(voteOf(each)));
	const dissent = heard.length > group.length || against.length > 0;
	const need = needed(asked, dissent);
	const trusted = group.filter((each) => !against.includes(each));
	if (trusted.length < need) return null;
	const base = {
		trusted: trusted.map((each) => each.server),
		confirmed: trusted.filter((each) => voteOf(each) === "endpoint-independent").map((each) => each.server),
		suspects: heard.filter((each) => !trusted.includes(each)).map((each) => each.server),
		dissent,
		agreed: trusted.length,
		needed: need,
		external,
	};
	const settled = pending === 0 || trusted.length >= needed(asked, true);
	if (local !== null && local.ip === external.ip && local.port === external.port) {
		return {
			...base,
			behaviour: "none",
			decided: settled,
			reason: `${trusted.length} of ${asked} servers see the local address and port`,
		};
	}
	const confirmed = trusted.filter((each) => voteOf(each) === "endpoint-independent");
	const capable = trusted.filter((each) => each.capable);
	const wanted = asked <= 1 ? 1 : Math.min(2, capable.length);
	if (capable.length === 0 && asked <= 1) {
		return {
			...base,
			behaviour: "unknown",
			decided: settled,
			reason: "the only server has no second address to compare with",
		};
	}
	if (confirmed.length >= wanted && confirmed.length > against.length) {
		const how = confirmed.length > 0 ? `, ${confirmed.length} of them from both their addresses` : "";
		return {
			...base,
			behaviour: "endpoint-independent",
			decided: settled,
			reason: `${trusted.length} of ${asked} servers see one external end${how}`,
		};
	}
	const open = capable.some((each) => each.otherPending);
	// Servers on different IPs that see one end have compared it, even if no server could compare it alone.
	if (!open && against.length === 0 && trusted.length >= 2) {
		return {
			...base,
			behaviour: "endpoint-independent",
			decided: settled,
			reason: `${trusted.length} of ${asked} servers on different addresses see one external end`,
		};
	}
	return {
		...base,
		behaviour: "unknown",
		decided: false,
		reason: "answers from the servers' other addresses are awaited",
	};
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

function union(a: readonly MappingStatement[], b: readonly MappingStatement[]): MappingStatement[] {
	return [...new Set([...a, ...b])];
}

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
