import { type Endpoint, sameEndpoint } from "@p2pd/net";
import { stunOtherAddressProblem } from "@p2pd/stun-client";
import { checkTests, type FilteringJudgement, filteringVote, judgeFiltering } from "./classify/filtering.js";
import { judgeMapping, type LocalEnd, type MappingJudgement, mappingVote } from "./classify/mapping.js";
import type { FilteringStatement, MappingStatement, TestResult } from "./classify/types.js";
import type { ProbeTable } from "./probe-table.js";
import { type ProbeAnswer, probeId } from "./probes.js";
import type { NatDependence, NatMapping } from "./types.js";

/** What is known of a server. */
export interface ServerFacts {
	readonly index: number;
	readonly primary: Endpoint;
	/** Its other address, where it makes sense. */
	readonly alternate: Endpoint | null;
	readonly alive: boolean;
	/** Asked often enough, and silent. */
	readonly silent: boolean;
	/** RFC 3489 alone. */
	readonly classic: boolean;
	readonly rtt: number | null;
	readonly problems: readonly string[];
	/** The address that it sees the mapping socket on. */
	readonly mapped: Endpoint | null;
}

/** What each server's own answers say, whatever the others say. */
export interface ServerVotes {
	readonly mapping: NatMapping;
	/** Null: it cast no vote. */
	readonly filtering: NatDependence | null;
}

/** What the probes so far mean. */
export interface Knowledge {
	readonly servers: readonly ServerFacts[];
	readonly mapping: MappingJudgement;
	readonly filtering: FilteringJudgement;
	/** No test is under way that could decide it, so more servers have to test. */
	readonly filteringStuck: boolean;
	/** Servers whose silence proves nothing, because their control was silent too. */
	readonly uncontrolled: readonly number[];
	/** By server. */
	readonly votes: readonly ServerVotes[];
	readonly lossSeen: boolean;
	/** Loss, dissent or silence: what the larger budget is for. */
	readonly trouble: boolean;
}

const CHANGE_REQUEST = 0x0003;

/** Read the table (pure: it changes nothing). */
export function know(
	table: ProbeTable,
	primaries: readonly Endpoint[],
	local: LocalEnd | null,
	now: number,
): Knowledge {
	const servers = primaries.map((primary, index) => serverFacts(table, primary, index, now));
	const statements = servers.map((server) => mappingStatement(table, server, now));
	const mapping = judgeMapping(statements, primaries.length, local);
	const candidates = servers.filter(
		({ index, alive, silent, alternate }) =>
			!mapping.suspects.includes(index) && (alternate !== null || (!alive && !silent)),
	);
	const filteringStatements = candidates.map((server) => filteringStatement(table, server, now));
	const need = primaries.length <= 1 ? 1 : 2;
	const filtering = judgeFiltering(filteringStatements, mapping.behaviour, need);
	const busy = candidates.some(({ index }) => filteringProbes(index).some((id) => table.isPending(id, now)));
	const stuck = !filtering.decided && !busy && candidates.some(({ alive }) => alive);
	const uncontrolled = filteringStatements
		.filter((each) => Object.values(checkTests(each, mapping.behaviour)).includes("uncontrolled"))
		.filter(({ server }) => controlsOf(server).some((id) => table.isOverId(id, now) && table.hasBeenSent(id)))
		.map(({ server }) => server);
	const lossSeen = table.lossSeen();
	return {
		servers,
		mapping,
		filtering,
		filteringStuck: stuck,
		uncontrolled,
		votes: statements.map((statement): ServerVotes => {
			const tests = filteringStatements.find(({ server }) => server === statement.server);
			const filtered = tests === undefined ? null : filteringVote(checkTests(tests, mapping.behaviour));
			return { mapping: mappingVote(statement), filtering: filtered };
		}),
		lossSeen,
		trouble:
			lossSeen ||
			stuck ||
			uncontrolled.length > 0 ||
			mapping.dissent ||
			filtering.dissent ||
			servers.some(({ silent }) => silent),
	};
}

function serverFacts(table: ProbeTable, primary: Endpoint, index: number, now: number): ServerFacts {
	const probe = table.get(probeId.primary(index));
	const answer = probe?.answer ?? null;
	const problems: string[] = [];
	const mapped = usable(answer, primary, problems);
	let alternate: Endpoint | null = null;
	if (answer !== null && mapped !== null) {
		const problem = stunOtherAddressProblem(primary, answer.other);
		if (problem === null) alternate = answer.other;
		else problems.push(problem);
	}
	const ignored = [probeId.filterBoth(index), probeId.filterPort(index)]
		.map((id) => table.get(id)?.answer ?? null)
		.some((reply) => reply !== null && (reply.errorStatus !== null || sameEndpoint(reply.from, primary)));
	if (ignored) problems.push("does not honour CHANGE-REQUEST");
	if (probe?.failure != null) problems.push(probe.failure);
	return {
		index,
		primary,
		alternate: ignored ? null : alternate,
		alive: answer !== null,
		silent: probe !== undefined && (probe.failure !== null || table.isSilent(probe.spec.id, now)),
		classic: answer?.classic ?? false,
		rtt: table.ownRtt(index),
		problems,
		mapped,
	};
}

/** The mapped address of an answer that can be used, or null with the problem noted. */
function usable(answer: ProbeAnswer | null, asked: Endpoint, problems: string[]): Endpoint | null {
	if (answer === null) return null;
	if (!sameEndpoint(answer.from, asked)) {
		problems.push(`answers from ${answer.from.ip} port ${answer.from.port}, which was not asked`);
		return null;
	}
	if (answer.errorStatus !== null) {
		problems.push(`answers with error ${answer.errorStatus}`);
		return null;
	}
	if (answer.mapped === null) problems.push("answers without a mapped address");
	return answer.mapped;
}

function mappedFrom(table: ProbeTable, id: string, asked: Endpoint | null): Endpoint | null {
	const answer = table.get(id)?.answer ?? null;
	if (answer === null || asked === null) return null;
	return usable(answer, asked, []);
}

/** A server's four addresses (RFC 5780 section 3): both IPs with both ports. */
export function addressesOf({ primary, alternate }: Pick<ServerFacts, "primary" | "alternate">): {
	otherIp: Endpoint | null;
	otherPort: Endpoint | null;
	otherBoth: Endpoint | null;
} {
	if (alternate === null) return { otherIp: null, otherPort: null, otherBoth: null };
	return {
		otherIp: { ip: alternate.ip, port: primary.port },
		otherPort: { ip: primary.ip, port: alternate.port },
		otherBoth: alternate,
	};
}

function mappingStatement(table: ProbeTable, server: ServerFacts, now: number): MappingStatement {
	const { index, primary, mapped, alternate, alive, silent } = server;
	const { otherIp, otherBoth } = addressesOf(server);
	return {
		server: index,
		ip: primary.ip,
		primary: mapped,
		otherIp: mappedFrom(table, probeId.otherIp(index), otherIp),
		otherBoth: mappedFrom(table, probeId.otherBoth(index), otherBoth),
		pending: !alive && !silent,
		// What was not asked yet may be asked.
		otherPending:
			alternate !== null &&
			[probeId.otherIp(index), probeId.otherBoth(index)].some((id) => !table.isOverId(id, now)),
		capable: alternate !== null,
	};
}

const controlsOf = (server: number): string[] => [
	probeId.controlBoth(server),
	probeId.controlPort(server),
	probeId.understands(server),
];

const filteringProbes = (server: number): string[] => [
	probeId.filterBoth(server),
	probeId.filterPort(server),
	...controlsOf(server),
];

function filteringStatement(table: ProbeTable, server: ServerFacts, now: number): FilteringStatement {
	const { index } = server;
	const { otherPort, otherBoth } = addressesOf(server);
	const control = (id: string, expected: Endpoint | null): TestResult => table.test(id, expected, now);
	// A server that was not asked often enough may be asked more: see the plan.
	const tested = (id: string, expected: Endpoint | null): TestResult => {
		const result = table.test(id, expected, now);
		return result === "none" && !table.hasAnswerOrFailure(id) && !table.isFrozen ? "untested" : result;
	};
	return {
		server: index,
		both: tested(probeId.filterBoth(index), otherBoth),
		port: tested(probeId.filterPort(index), otherPort),
		bothControl: control(probeId.controlBoth(index), otherBoth),
		portControl: control(probeId.controlPort(index), otherPort),
		understands: understands(table, server, now),
		alternateAlive:
			mappedFrom(table, probeId.otherBoth(index), otherBoth) !== null ||
			mappedFrom(table, probeId.contactBoth(index), otherBoth) !== null,
	};
}

/** The error for an attribute that nobody knows lists all that a server does not understand: not CHANGE-REQUEST? */
function understands(table: ProbeTable, { index, primary }: ServerFacts, now: number): TestResult {
	const id = probeId.understands(index);
	const answer = table.get(id)?.answer ?? null;
	if (answer === null) return table.test(id, primary, now);
	const lists = answer.errorStatus === 420 && sameEndpoint(answer.from, primary);
	const { unknownAttributes } = answer;
	return lists && unknownAttributes.length > 0 && !unknownAttributes.includes(CHANGE_REQUEST)
		? "reply"
		: "none";
}
