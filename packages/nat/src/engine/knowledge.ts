import type { HostPort } from "@p2pd/stun-client";
import { alternateProblem } from "../classify/alternate.js";
import { checkTests, type FilteringJudgement, judgeFiltering } from "../classify/filtering.js";
import { judgeMapping, type LocalEnd, type MappingJudgement } from "../classify/mapping.js";
import type { FilteringStatement, MappingStatement, TestResult } from "../classify/types.js";
import { probeId } from "./ids.js";
import type { Ledger } from "./ledger.js";
import type { ProbeAnswer } from "./types.js";

/** What is known of a server. */
export interface ServerFacts {
	readonly index: number;
	readonly primary: HostPort;
	/** Its other address, where it makes sense. */
	readonly alternate: HostPort | null;
	readonly alive: boolean;
	/** Asked often enough, and silent. */
	readonly silent: boolean;
	/** RFC 3489 alone. */
	readonly classic: boolean;
	readonly rtt: number | null;
	readonly problems: readonly string[];
	/** The address that it sees the mapping socket on. */
	readonly mapped: HostPort | null;
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
	/** By server, of those that are not suspect and can test or may turn out to. */
	readonly filteringStatements: readonly FilteringStatement[];
	readonly lossSeen: boolean;
	/** Loss, dissent or silence: what the larger budget is for. */
	readonly trouble: boolean;
}

const same = (a: HostPort, b: HostPort): boolean => a.ip === b.ip && a.port === b.port;
const CHANGE_REQUEST = 0x0003;

/** Read the ledger (pure: it changes nothing). */
export function know(
	ledger: Ledger,
	primaries: readonly HostPort[],
	local: LocalEnd | null,
	now: number,
): Knowledge {
	const servers = primaries.map((primary, index) => serverFacts(ledger, primary, index, now));
	const statements = servers.map((server) => mappingStatement(ledger, server, now));
	const mapping = judgeMapping(statements, primaries.length, local);
	const candidates = servers.filter(
		({ index, alive, silent, alternate }) =>
			!mapping.suspects.includes(index) && (alternate !== null || (!alive && !silent)),
	);
	const filteringStatements = candidates.map((server) => filteringStatement(ledger, server, now));
	const need = primaries.length <= 1 ? 1 : 2;
	const filtering = judgeFiltering(filteringStatements, mapping.behaviour, need);
	const busy = candidates.some(({ index }) => filteringProbes(index).some((id) => ledger.isPending(id, now)));
	const stuck = !filtering.decided && !busy && candidates.some(({ alive }) => alive);
	const uncontrolled = filteringStatements
		.filter((each) => Object.values(checkTests(each, mapping.behaviour)).includes("uncontrolled"))
		.filter(({ server }) =>
			controlsOf(server).some((id) => ledger.isOverId(id, now) && ledger.hasBeenSent(id)),
		)
		.map(({ server }) => server);
	const lossSeen = ledger.lossSeen();
	return {
		servers,
		mapping,
		filtering,
		filteringStuck: stuck,
		uncontrolled,
		filteringStatements,
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

function serverFacts(ledger: Ledger, primary: HostPort, index: number, now: number): ServerFacts {
	const probe = ledger.get(probeId.primary(index));
	const answer = probe?.answer ?? null;
	const problems: string[] = [];
	const mapped = usable(answer, primary, problems);
	let alternate: HostPort | null = null;
	if (answer !== null && mapped !== null) {
		const problem = alternateProblem(primary, answer.other);
		if (problem === null) alternate = answer.other;
		else problems.push(problem);
	}
	const ignored = [probeId.filterBoth(index), probeId.filterPort(index)]
		.map((id) => ledger.get(id)?.answer ?? null)
		.some((reply) => reply !== null && (reply.errorStatus !== null || same(reply.from, primary)));
	if (ignored) problems.push("does not honour CHANGE-REQUEST");
	if (probe?.failure != null) problems.push(probe.failure);
	return {
		index,
		primary,
		alternate: ignored ? null : alternate,
		alive: answer !== null,
		silent: probe !== undefined && (probe.failure !== null || ledger.isSilent(probe.spec.id, now)),
		classic: answer?.classic ?? false,
		rtt: ledger.ownRtt(index),
		problems,
		mapped,
	};
}

/** The mapped address of an answer that can be used, or null with the problem noted. */
function usable(answer: ProbeAnswer | null, asked: HostPort, problems: string[]): HostPort | null {
	if (answer === null) return null;
	if (!same(answer.from, asked)) {
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

function mappedFrom(ledger: Ledger, id: string, asked: HostPort | null): HostPort | null {
	const answer = ledger.get(id)?.answer ?? null;
	if (answer === null || asked === null) return null;
	return usable(answer, asked, []);
}

/** A server's four addresses (RFC 5780 section 3): both IPs with both ports. */
export function addressesOf({ primary, alternate }: Pick<ServerFacts, "primary" | "alternate">): {
	otherIp: HostPort | null;
	otherPort: HostPort | null;
	otherBoth: HostPort | null;
} {
	if (alternate === null) return { otherIp: null, otherPort: null, otherBoth: null };
	return {
		otherIp: { ip: alternate.ip, port: primary.port },
		otherPort: { ip: primary.ip, port: alternate.port },
		otherBoth: alternate,
	};
}

function mappingStatement(ledger: Ledger, server: ServerFacts, now: number): MappingStatement {
	const { index, primary, mapped, alternate, alive, silent } = server;
	const { otherIp, otherBoth } = addressesOf(server);
	return {
		server: index,
		ip: primary.ip,
		primary: mapped,
		otherIp: mappedFrom(ledger, probeId.otherIp(index), otherIp),
		otherBoth: mappedFrom(ledger, probeId.otherBoth(index), otherBoth),
		pending: !alive && !silent,
		// What was not asked yet may be asked.
		otherPending:
			alternate !== null &&
			[probeId.otherIp(index), probeId.otherBoth(index)].some((id) => !ledger.isOverId(id, now)),
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

function filteringStatement(ledger: Ledger, server: ServerFacts, now: number): FilteringStatement {
	const { index } = server;
	const { otherPort, otherBoth } = addressesOf(server);
	const control = (id: string, expected: HostPort | null): TestResult => ledger.test(id, expected, now);
	// A server that was not asked often enough may be asked more: see the plan.
	const tested = (id: string, expected: HostPort | null): TestResult => {
		const result = ledger.test(id, expected, now);
		return result === "none" && !ledger.hasAnswerOrFailure(id) && !ledger.isFrozen ? "untested" : result;
	};
	return {
		server: index,
		both: tested(probeId.filterBoth(index), otherBoth),
		port: tested(probeId.filterPort(index), otherPort),
		bothControl: control(probeId.controlBoth(index), otherBoth),
		portControl: control(probeId.controlPort(index), otherPort),
		understands: understands(ledger, server, now),
		alternateAlive:
			mappedFrom(ledger, probeId.otherBoth(index), otherBoth) !== null ||
			mappedFrom(ledger, probeId.contactBoth(index), otherBoth) !== null,
	};
}

/** The error for an attribute that nobody knows lists all that a server does not understand: not CHANGE-REQUEST? */
function understands(ledger: Ledger, { index, primary }: ServerFacts, now: number): TestResult {
	const id = probeId.understands(index);
	const answer = ledger.get(id)?.answer ?? null;
	if (answer === null) return ledger.test(id, primary, now);
	const lists = answer.errorStatus === 420 && same(answer.from, primary);
	const { unknownAttributes } = answer;
	return lists && unknownAttributes.length > 0 && !unknownAttributes.includes(CHANGE_REQUEST)
		? "reply"
		: "none";
}
