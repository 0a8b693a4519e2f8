import { type Endpoint, sameEndpoint } from "@p2pd/net";
import { stunOtherAddressProblem } from "@p2pd/stun-client";
import { checkTests, type FilteringJudgement, filteringVote, judgeFiltering } from "./classify/filtering.js";
import { judgeMapping, type LocalEnd, type MappingJudgement, mappingVote } from "./classify/mapping.js";
import type { FilteringStatement, MappingStatement, TestResult } from "./classify/types.js";
import type { ProbeTable } from "./probe-table.js";
import { type ProbeAnswer, probeId } from "./probes.js";
import type { NatDependence, NatMapping } from "./types.js";

/** A server to ask. */
export interface ServerCandidate extends Endpoint {
	/** Whether it can answer from a second address: true if it is known to, false if known not to, null if unknown. */
	readonly isCapable: boolean | null;
}

/** What is known of a server. */
export interface ServerFacts {
	readonly index: number;
	readonly primary: Endpoint;
	/** Its other address, where it makes sense. */
	readonly alternate: Endpoint | null;
	/** A probe sent to its other address was answered, so it is a STUN server's. */
	readonly isAlternateProven: boolean;
	readonly alive: boolean;
	/** It has timed out, or has failed definitely. */
	readonly silent: boolean;
	/** It may be able to test filtering: it has another address, or it has not answered and is not known to lack one. */
	readonly mayTest: boolean;
	/** It was known beforehand to have another address. */
	readonly isMarked: boolean;
	/** RFC 3489 alone. */
	readonly classic: boolean;
	/** In ms, or null. */
	readonly rtt: number | null;
	readonly problems: readonly string[];
	/** The address that it sees the mapping socket on. */
	readonly mapped: Endpoint | null;
}

/** What each server's own answers say, whatever the others say. */
interface ServerVotes {
	readonly mapping: NatMapping;
	/** Null: it cast no vote. */
	readonly filtering: NatDependence | null;
}

/** What the probes so far mean. */
export interface Knowledge {
	readonly servers: readonly ServerFacts[];
	readonly mapping: MappingJudgement;
	/** The IP that enough servers see the mapping socket on, whatever the port. */
	readonly externalIp: string | null;
	readonly filtering: FilteringJudgement;
	/** No test is under way that could decide it, so more servers have to test. */
	readonly filteringStuck: boolean;
	/** Servers whose silence proves nothing, because their control was silent too. */
	readonly uncontrolled: readonly number[];
	/** By server. */
	readonly votes: readonly ServerVotes[];
	/** There are further servers that can be asked. */
	readonly canAskMore: boolean;
	readonly lossSeen: boolean;
	/** Loss, dissent or silence: what the larger budget is for. */
	readonly trouble: boolean;
}

/** What is read. */
export interface KnowledgeInput {
	readonly table: ProbeTable;
	/** The servers that are asked. */
	readonly servers: readonly ServerCandidate[];
	readonly canAskMore: boolean;
	readonly local: LocalEnd | null;
	readonly now: number;
}

const CHANGE_REQUEST = 0x0003;

/** Reads the table (pure: it changes nothing). */
export function know({ table, servers: asked, canAskMore, local, now }: KnowledgeInput): Knowledge {
	const servers = asked.map((candidate, index) => serverFacts(table, candidate, index, now));
	const statements = servers.map((server) => mappingStatement(table, server, now));
	const mapping = judgeMapping(statements, local);
	const fit = servers.filter(({ index, mayTest }) => mayTest && !mapping.suspects.includes(index));
	const testers = fit.filter(({ alternate }) => alternate !== null);
	const tests = testers.map((server) => filteringStatement(table, server, mapping.behaviour, now));
	const filtering = judgeFiltering(tests, {
		mapping: mapping.behaviour,
		isAnyAlive: servers.some(({ alive }) => alive),
		unheard: fit.filter(({ alive }) => !alive).length,
		canAskMore,
	});
	const busy = testers.some(({ index }) => filteringProbes(index).some((id) => table.isPending(id, now)));
	const stuck = !filtering.decided && !busy && servers.some(({ alive }) => alive);
	const uncontrolled = tests
		.filter((each) => Object.values(checkTests(each, mapping.behaviour)).includes("uncontrolled"))
		.filter(({ server }) => controlsOf(server).some((id) => table.isOverId(id, now) && table.hasBeenSent(id)))
		.map(({ server }) => server);
	const lossSeen = table.lossSeen();
	return {
		servers,
		mapping,
		externalIp: agreedIp(servers, mapping.needed),
		filtering,
		filteringStuck: stuck,
		uncontrolled,
		votes: statements.map((statement): ServerVotes => {
			const own = tests.find(({ server }) => server === statement.server);
			const filtered = own === undefined ? null : filteringVote(checkTests(own, mapping.behaviour));
			return { mapping: mappingVote(statement), filtering: filtered };
		}),
		canAskMore,
		lossSeen,
		trouble:
			lossSeen ||
			(stuck && testers.length > 0) ||
			uncontrolled.length > 0 ||
			mapping.dissent ||
			filtering.dissent ||
			servers.some(({ silent }) => silent),
	};
}

function agreedIp(servers: readonly ServerFacts[], need: number): string | null {
	for (const { mapped } of servers) {
		if (mapped === null) continue;
		const witnesses = servers.filter((other) => other.mapped?.ip === mapped.ip);
		if (new Set(witnesses.map(({ primary }) => primary.ip)).size >= need) return mapped.ip;
	}
	return null;
}

function serverFacts(
	table: ProbeTable,
	{ ip, port, isCapable }: ServerCandidate,
	index: number,
	now: number,
): ServerFacts {
	const primary = { ip, port };
	const probe = table.get(probeId.primary(index));
	const answer = probe?.answer ?? null;
	const problems: string[] = [];
	const mapped = usable(answer, primary, problems);
	let alternate = mapped === null ? null : (answer?.other ?? null);
	if (mapped !== null) {
		const problem = stunOtherAddressProblem(primary, alternate);
		if (problem !== null) {
			alternate = null;
			problems.push(problem);
		}
	}
	const isAlternateProven = alternate !== null && table.hasAnswered(alternate.ip);
	if (alternate !== null && !isAlternateProven && table.isExhausted(alternate.ip, now)) {
		alternate = null;
		problems.push("names an other address that does not answer");
	}
	const ignored = [probeId.filterBoth(index), probeId.filterPort(index)]
		.map((id) => table.get(id)?.answer ?? null)
		.some((reply) => reply !== null && (reply.errorStatus !== null || sameEndpoint(reply.from, primary)));
	if (ignored) {
		alternate = null;
		problems.push("does not honour CHANGE-REQUEST");
	}
	if (probe?.failure != null) problems.push(probe.failure);
	const alive = answer !== null;
	const silent = probe !== undefined && (probe.failure !== null || table.isSilent(probe.spec.id, now));
	return {
		index,
		primary,
		alternate,
		isAlternateProven,
		alive,
		silent,
		mayTest: alternate !== null || (!alive && !silent && isCapable !== false),
		isMarked: isCapable === true,
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
		otherPending: alternate !== null && isOtherPending(table, server, now),
		capable: alternate !== null,
	};
}

/**
 * Whether an answer from its other address may still come. The address with the other port is asked first. If it sees
 * the same end as the first address, the mapping depends on neither, and nothing more is asked.
 */
function isOtherPending(table: ProbeTable, server: ServerFacts, now: number): boolean {
	const { index, mapped } = server;
	const { otherBoth } = addressesOf(server);
	if (!table.isOverId(probeId.otherBoth(index), now)) return true;
	const seen = mappedFrom(table, probeId.otherBoth(index), otherBoth);
	if (seen === null || mapped === null || sameEndpoint(seen, mapped)) return false;
	return !table.isOverId(probeId.otherIp(index), now);
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

function filteringStatement(
	table: ProbeTable,
	server: ServerFacts,
	mapping: NatMapping,
	now: number,
): FilteringStatement {
	const { index } = server;
	const { otherPort, otherBoth } = addressesOf(server);
	const controls = controlsFor(mapping);
	const control = (kind: keyof typeof controls, id: string, expected: Endpoint | null): TestResult =>
		controls[kind] && !table.hasBeenSent(id) && !table.isFrozen ? "untested" : table.test(id, expected, now);
	// A server that was not asked often enough may be asked more: see the plan.
	const tested = (id: string, expected: Endpoint | null): TestResult => {
		const result = table.test(id, expected, now);
		return result === "none" && !table.hasAnswerOrFailure(id) && !table.isFrozen ? "untested" : result;
	};
	const understandsId = probeId.understands(index);
	return {
		server: index,
		both: tested(probeId.filterBoth(index), otherBoth),
		port: tested(probeId.filterPort(index), otherPort),
		bothControl: control("both", probeId.controlBoth(index), otherBoth),
		portControl: control("port", probeId.controlPort(index), otherPort),
		understands:
			controls.understands && !table.hasBeenSent(understandsId) && !table.isFrozen
				? "untested"
				: understands(table, server, now),
		alternateAlive:
			mappedFrom(table, probeId.otherBoth(index), otherBoth) !== null ||
			mappedFrom(table, probeId.contactBoth(index), otherBoth) !== null,
	};
}

/**
 * Which positive controls make sense behind a mapping. Where it depends on the address that is contacted, no changed
 * reply reaches a socket that has contacted its source: the server is asked whether it understands the request.
 */
export function controlsFor(mapping: NatMapping): { both: boolean; port: boolean; understands: boolean } {
	switch (mapping) {
		case "address-dependent":
			return { both: false, port: true, understands: false };
		case "varies":
		case "address-and-port-dependent":
			return { both: false, port: false, understands: true };
		default:
			return { both: true, port: true, understands: false };
	}
}

/** The error for an unassigned attribute lists all that a server does not understand: is CHANGE-REQUEST missing from it? */
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
