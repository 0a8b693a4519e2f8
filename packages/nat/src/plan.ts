import { type Endpoint, sameEndpoint } from "@p2pd/net";
import type { LocalEnd } from "./classify/mapping.js";
import {
	CONTROLLED_SERVERS,
	FILTER_SERVERS,
	LOOK_SENDS,
	MAPPING_SERVERS,
	PLAIN_SENDS,
	SILENCE_SENDS,
	SILENCE_SENDS_LOSSY,
} from "./defaults.js";
import { addressesOf, type Knowledge, type ServerFacts } from "./knowledge.js";
import {
	type Change,
	type ProbeRole,
	type ProbeSpec,
	type ProbeState,
	probeId,
	type SocketName,
} from "./probes.js";
import type { NatMapping } from "./types.js";

/** What the plan follows from: plain data. */
export interface PlanInput {
	readonly knowledge: Knowledge;
	readonly local: LocalEnd | null;
	/** Every probe that was planned before, by id. */
	readonly probes: ReadonlyMap<string, ProbeState>;
}

const varies = (mapping: NatMapping): boolean =>
	mapping === "varies" || mapping === "address-dependent" || mapping === "address-and-port-dependent";

/**
 * The probes that are wanted now, in the order in which they should go (pure). What is no longer in the plan is not
 * sent again; what appears in it is new.
 *
 * The order keeps the tests from disturbing one another: filtering is first tested before any server's other address
 * has been contacted by any socket of ours.
 */
export function planProbes(input: PlanInput): readonly ProbeSpec[] {
	return [
		...primaryProbes(input),
		...filterProbes(input),
		...otherAddressProbes(input),
		...controlProbes(input),
	];
}

/** Every server is asked from the mapping socket. */
function primaryProbes({ knowledge }: PlanInput): ProbeSpec[] {
	const anybody = knowledge.servers.some(({ alive }) => alive);
	return knowledge.servers.map((server) =>
		spec(server, probeId.primary(server.index), "mapping", "map", server.primary, {
			maxSends: anybody ? PLAIN_SENDS : SILENCE_SENDS,
		}),
	);
}

/** The servers that test filtering, best first: those that have begun, then those that have answered. */
function filterServers({ knowledge, probes }: PlanInput): ServerFacts[] {
	const { servers, mapping, filtering, filteringStuck, uncontrolled } = knowledge;
	const fit = servers.filter(
		({ index, alive, silent, alternate }) =>
			!mapping.suspects.includes(index) &&
			!uncontrolled.includes(index) &&
			!silent &&
			(alternate !== null || !alive),
	);
	const begun = (server: ServerFacts): number => (probes.has(probeId.filterBoth(server.index)) ? 0 : 1);
	const heard = (server: ServerFacts): number => (server.alive ? 0 : 1);
	const order = [...fit].sort((a, b) => heard(a) - heard(b) || begun(a) - begun(b) || a.index - b.index);
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
		// One that has not answered at all is not worth more than a try.
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
	const begun = ({ index }: ServerFacts): number => (probes.has(probeId.otherIp(index)) ? 0 : 1);
	const order = [...fit].sort((a, b) => begun(a) - begun(b) || a.index - b.index);
	return order.slice(0, mapping.dissent ? order.length : MAPPING_SERVERS).flatMap((server) => {
		const { index } = server;
		const { otherIp, otherBoth } = addressesOf(server);
		return [
			probe(server, probeId.otherIp(index), "mapping", "map", otherIp),
			probe(server, probeId.otherBoth(index), "mapping", "map", otherBoth),
		].flat();
	});
}

/** Positive controls for what is silent so far: the same request from a socket that has contacted all addresses. */
function controlProbes(input: PlanInput): ProbeSpec[] {
	const { knowledge, probes } = input;
	if (knowledge.filtering.decided) return [];
	const { behaviour } = knowledge.mapping;
	const quiet = (id: string): boolean => {
		const state = probes.get(id);
		return state !== undefined && state.sends.length >= 2 && state.answer === null;
	};
	const servers = filterServers(input);
	return servers.slice(0, knowledge.trouble ? servers.length : CONTROLLED_SERVERS).flatMap((server) => {
		const { index, primary } = server;
		const { otherPort, otherBoth } = addressesOf(server);
		const socket: SocketName = `control:${index}`;
		const both = quiet(probeId.filterBoth(index));
		const port = quiet(probeId.filterPort(index));
		const wanted: ProbeSpec[] = [];
		if (both && !varies(behaviour)) {
			wanted.push(
				...probe(server, probeId.contactBoth(index), "contact", socket, otherBoth),
				spec(server, probeId.controlBoth(index), "control", socket, primary, { change: "both" }),
			);
		}
		if (port && (behaviour === "address-dependent" || !varies(behaviour))) {
			wanted.push(
				...probe(server, probeId.contactPort(index), "contact", socket, otherPort),
				spec(server, probeId.controlPort(index), "control", socket, primary, { change: "port" }),
			);
		}
		if (both && port && varies(behaviour) && behaviour !== "address-dependent") {
			// No changed reply can get through here, so the server is asked whether it understands the request.
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
