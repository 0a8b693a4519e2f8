import { type Endpoint, endpointText, sameEndpoint } from "@p2pd/net";
import type { LocalEnd } from "./classify/mapping.js";
import {
	CAPABLE_SERVERS,
	CONTROLLED_SERVERS,
	FILTER_SERVERS,
	LOOK_SENDS,
	MAPPING_SERVERS,
	MOST_SERVERS,
	PLAIN_SENDS,
	SILENCE_SENDS,
	SILENCE_SENDS_LOSSY,
	UNPROVEN_SENDS,
} from "./defaults.js";
import { addressesOf, controlsFor, type Knowledge, type ServerFacts } from "./knowledge.js";
import {
	type Change,
	type ProbeRole,
	type ProbeSpec,
	type ProbeState,
	probeId,
	type SocketName,
} from "./probes.js";

/** What the plan follows from: plain data. */
export interface PlanInput {
	readonly knowledge: Knowledge;
	readonly local: LocalEnd | null;
	/** Every probe that was planned before, by id. */
	readonly probes: ReadonlyMap<string, ProbeState>;
}

/**
 * The probes that are wanted now, in the order in which they should go (pure). What is no longer in the plan is not
 * sent again; what appears in it is new.
 *
 * The order keeps the tests from disturbing one another: filtering is first tested before any server's other address
 * has been contacted by any socket of ours.
 */
export function planProbes(input: PlanInput): readonly ProbeSpec[] {
	const wanted = [
		...primaryProbes(input),
		...filterProbes(input),
		...otherAddressProbes(input),
		...controlProbes(input),
	];
	return withContacts(withoutReflection(wanted, input), input);
}

/** Leaves out the controls whose contact must wait: a changed reply that comes before it would prove nothing. */
function withContacts(plan: readonly ProbeSpec[], { probes }: PlanInput): ProbeSpec[] {
	const planned = new Set(plan.map(({ id }) => id));
	const isMade = (contact: string): boolean =>
		planned.has(contact) || (probes.get(contact)?.sends.length ?? 0) > 0;
	return plan.filter(({ id, server }) => {
		if (id === probeId.controlBoth(server)) return isMade(probeId.contactBoth(server));
		return id !== probeId.controlPort(server) || isMade(probeId.contactPort(server));
	});
}

/**
 * How many servers should be asked by now (pure). More than the first ones are asked when answers differ, when those
 * asked are silent, and when fewer than two can test filtering.
 *
 * @param first - how many are asked at once
 */
export function serversWanted({ knowledge, probes }: PlanInput, first: number): number {
	const { servers, mapping, filtering, filteringStuck, uncontrolled } = knowledge;
	const asked = servers.length;
	if (asked < first) return first;
	const isWaiting = ({ index, alive, silent }: ServerFacts): boolean =>
		!alive && !silent && (probes.get(probeId.primary(index))?.sends.length ?? 0) < 2;
	const isUndecided = mapping.behaviour === "unknown";
	const stalled = isUndecided && mapping.agreed < mapping.needed && !servers.some(isWaiting);
	if (isUndecided && mapping.dissent) return MOST_SERVERS;
	const testers = servers.filter(
		({ index, mayTest }) => mayTest && !mapping.suspects.includes(index) && !uncontrolled.includes(index),
	);
	const lacksTesters = !filtering.decided && (testers.length < CAPABLE_SERVERS || filteringStuck);
	return Math.min(MOST_SERVERS, stalled || lacksTesters ? asked + first : asked);
}

/** Every server is asked from the mapping socket. One that does not answer is also asked whether its host refuses. */
function primaryProbes({ knowledge, probes }: PlanInput): ProbeSpec[] {
	const isAnyAlive = knowledge.servers.some(({ alive }) => alive);
	const maxSends = isAnyAlive ? PLAIN_SENDS : SILENCE_SENDS;
	return knowledge.servers.flatMap((server) => {
		const { index, primary, alive } = server;
		const sends = probes.get(probeId.primary(index))?.sends.length ?? 0;
		const asks = [spec(server, probeId.primary(index), "mapping", "map", primary, { maxSends })];
		if (!alive && sends >= 2) {
			asks.push(
				spec(server, probeId.refusal(index), "refusal", `refusal:${index}`, primary, { maxSends: 1 }),
			);
		}
		return asks;
	});
}

/**
 * The servers that test filtering, best first: those that have answered, then those known to be able to, then those
 * that have begun.
 */
function filterServers({ knowledge, probes }: PlanInput): ServerFacts[] {
	const { servers, mapping, filtering, filteringStuck, uncontrolled } = knowledge;
	const fit = servers.filter(
		({ index, mayTest }) => mayTest && !mapping.suspects.includes(index) && !uncontrolled.includes(index),
	);
	const rank = ({ alive, isMarked, index }: ServerFacts): number =>
		(alive ? 0 : 4) + (isMarked ? 0 : 2) + (probes.has(probeId.filterBoth(index)) ? 0 : 1);
	const order = [...fit].sort((a, b) => rank(a) - rank(b) || a.index - b.index);
	return order.slice(0, filtering.dissent || filteringStuck ? order.length : FILTER_SERVERS);
}

function filterProbes(input: PlanInput): ProbeSpec[] {
	const { knowledge } = input;
	if (knowledge.filtering.decided) return [];
	const silence = knowledge.lossSeen ? SILENCE_SENDS_LOSSY : SILENCE_SENDS;
	return filterServers(input).flatMap((server, rank) => {
		const { index, primary, alive } = server;
		// The third has no control and only looks on while nothing is amiss: its reply would contradict the others.
		const looksOn = rank >= CONTROLLED_SERVERS && !knowledge.trouble;
		// A server that has not answered at all is sent one request of each kind.
		const both = alive ? silence : 1;
		const port = alive ? (looksOn ? LOOK_SENDS : silence) : 1;
		const socket: SocketName = `filter:${index}`;
		return [
			spec(server, probeId.filterBoth(index), "filter", socket, primary, {
				change: "both",
				maxSends: both,
			}),
			spec(server, probeId.filterPort(index), "filter", socket, primary, {
				change: "port",
				maxSends: port,
			}),
		];
	});
}

/** The other addresses of two servers are asked from the mapping socket; once there is dissent, of all. */
function otherAddressProbes({ knowledge, local, probes }: PlanInput): ProbeSpec[] {
	const { mapping, servers } = knowledge;
	if (mapping.decided) return [];
	const isLocal = ({ mapped }: ServerFacts): boolean =>
		mapped !== null && local?.ip != null && sameEndpoint(mapped, { ip: local.ip, port: local.port });
	const seenBy = (id: string): Endpoint | null => probes.get(id)?.answer?.mapped ?? null;
	const hasFailed = ({ index }: ServerFacts): boolean =>
		[probeId.otherIp(index), probeId.otherBoth(index)]
			.map((id) => probes.get(id))
			.some((state) => state?.isOver === true && state.answer === null);
	const fit = servers.filter(
		(server) =>
			server.mapped !== null &&
			server.alternate !== null &&
			!isLocal(server) &&
			!hasFailed(server) &&
			!mapping.suspects.includes(server.index),
	);
	const begun = ({ index }: ServerFacts): number => (probes.has(probeId.otherBoth(index)) ? 0 : 1);
	const order = [...fit].sort((a, b) => begun(a) - begun(b) || a.index - b.index);
	return order.slice(0, mapping.dissent ? order.length : MAPPING_SERVERS).flatMap((server) => {
		const { index, mapped } = server;
		const { otherIp, otherBoth } = addressesOf(server);
		const seen = seenBy(probeId.otherBoth(index));
		const differs = seen !== null && mapped !== null && !sameEndpoint(seen, mapped);
		return [
			...probe(server, probeId.otherBoth(index), "mapping", "map", otherBoth),
			// Only where the mapping differs it is worth asking whether the port matters.
			...(differs ? probe(server, probeId.otherIp(index), "mapping", "map", otherIp) : []),
		];
	});
}

/** Positive controls for what is silent so far: the same request from a socket that has contacted all addresses. */
function controlProbes(input: PlanInput): ProbeSpec[] {
	const { knowledge, probes } = input;
	if (knowledge.filtering.decided) return [];
	const controls = controlsFor(knowledge.mapping.behaviour);
	const quiet = (id: string): boolean => probes.get(id)?.isQuiet === true;
	const servers = filterServers(input).filter(({ alive }) => alive);
	return servers.slice(0, knowledge.trouble ? servers.length : CONTROLLED_SERVERS).flatMap((server) => {
		const { index, primary } = server;
		const { otherPort, otherBoth } = addressesOf(server);
		const socket: SocketName = `control:${index}`;
		const both = quiet(probeId.filterBoth(index));
		const port = quiet(probeId.filterPort(index));
		const wanted: ProbeSpec[] = [];
		if (both && controls.both) {
			wanted.push(
				...probe(server, probeId.contactBoth(index), "contact", socket, otherBoth),
				spec(server, probeId.controlBoth(index), "control", socket, primary, { change: "both" }),
			);
		}
		if (port && controls.port) {
			wanted.push(
				...probe(server, probeId.contactPort(index), "contact", socket, otherPort),
				spec(server, probeId.controlPort(index), "control", socket, primary, { change: "port" }),
			);
		}
		if (both && port && controls.understands) {
			wanted.push(
				spec(server, probeId.understands(index), "control", socket, primary, {
					change: "both",
					unknownAttribute: true,
				}),
			);
		}
		return wanted;
	});
}

/**
 * Keeps a hostile server from aiming this program at a victim by naming it as its other address. One probe at a time
 * goes to an address that has not answered, and at most three datagrams in all, whichever servers name it. A port that
 * a server names on its own IP is treated the same.
 */
function withoutReflection(plan: readonly ProbeSpec[], { knowledge, probes }: PlanInput): ProbeSpec[] {
	const given = new Set(knowledge.servers.map(({ primary }) => endpointText(primary)));
	const ownIps = new Set(knowledge.servers.map(({ primary }) => primary.ip));
	const keyOf = ({ to }: ProbeSpec): string => (ownIps.has(to.ip) ? endpointText(to) : to.ip);
	const states = [...probes.values()].filter(({ spec }) => !given.has(endpointText(spec.to)));
	const proven = new Set<string>();
	const sends = new Map<string, number>();
	const taken = new Map<string, string>();
	for (const { spec, answer, sends: sent, isOver } of states) {
		if (spec.role === "hairpin" || spec.role === "train") continue;
		const key = keyOf(spec);
		if (answer !== null && sameEndpoint(answer.from, spec.to)) proven.add(key);
		sends.set(key, (sends.get(key) ?? 0) + sent.length);
		if (sent.length > 0 && !isOver) taken.set(key, spec.id);
	}
	return plan.flatMap((spec) => {
		const key = keyOf(spec);
		if (given.has(endpointText(spec.to)) || proven.has(key)) return [spec];
		const turn = taken.get(key) ?? spec.id;
		const own = probes.get(spec.id)?.sends.length ?? 0;
		const maxSends = own + Math.max(0, UNPROVEN_SENDS - (sends.get(key) ?? 0));
		taken.set(key, turn);
		return turn === spec.id && maxSends > 0 ? [{ ...spec, maxSends: Math.min(spec.maxSends, maxSends) }] : [];
	});
}

function probe(
	server: ServerFacts,
	id: string,
	role: ProbeRole,
	socket: SocketName,
	to: Endpoint | null,
): ProbeSpec[] {
	return to === null ? [] : [spec(server, id, role, socket, to, {})];
}

function spec(
	server: ServerFacts,
	id: string,
	role: ProbeRole,
	socket: SocketName,
	to: Endpoint,
	more: { change?: Change; maxSends?: number; unknownAttribute?: boolean },
): ProbeSpec {
	const { change = "none", maxSends = PLAIN_SENDS, unknownAttribute = false } = more;
	const { index, classic } = server;
	return { id, role, socket, server: index, to, change, maxSends, classic, unknownAttribute };
}
