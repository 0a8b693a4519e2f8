import type { Knowledge, ServerFacts } from "../knowledge.js";
import type { Change } from "../probes.js";
import type { DiscoverySnapshot, ProbeRecord } from "../snapshot.js";
import type { NatEvidence, NatProbeEvidence, NatServerEvidence } from "../types.js";

/** Everything that the verdict rests on (pure). Times count from the start. */
export function evidenceOf(snapshot: DiscoverySnapshot): NatEvidence {
	const { knowledge, probes, train } = snapshot;
	return {
		servers: knowledge.servers.map((server) => serverEvidence(knowledge, server)),
		probes: probes.map((probe) => probeEvidence(snapshot, probe)),
		train: train.samples,
	};
}

function serverEvidence({ mapping, votes }: Knowledge, server: ServerFacts): NatServerEvidence {
	const { index, primary, alternate, rtt, problems } = server;
	const vote = votes[index];
	return {
		ip: primary.ip,
		port: primary.port,
		alternate,
		standing: mapping.trusted.includes(index)
			? "trusted"
			: mapping.suspects.includes(index)
				? "suspect"
				: server.silent || !server.alive
					? "silent"
					: "undecided",
		rtt: rtt === null ? null : Math.round(rtt),
		problems,
		mappingVote: vote === undefined || vote.mapping === "unknown" ? "none-cast" : vote.mapping,
		filteringVote: vote?.filtering ?? "none-cast",
	};
}

const CHANGES = {
	none: "none",
	both: "address-and-port",
	port: "port",
} as const satisfies Record<Change, NatProbeEvidence["change"]>;

function probeEvidence({ startedAt, local }: DiscoverySnapshot, probe: ProbeRecord): NatProbeEvidence {
	const { spec, sends, answer, failure, isOver, localPort } = probe;
	const since = (at: number): number => Math.round((at - startedAt) * 10) / 10;
	const ip = local?.ip ?? null;
	return {
		id: spec.id,
		server: spec.server,
		from: localPort === null || ip === null ? null : { ip, port: localPort },
		to: spec.to,
		change: CHANGES[spec.change],
		sends: sends.map((at, index) => ({ at: since(at), answered: answer?.send === index })),
		result: failure !== null ? "failed" : answer !== null ? "answered" : isOver ? "silent" : "unfinished",
		answer:
			answer === null
				? null
				: {
						at: since(answer.at),
						rtt: Math.round(answer.rtt * 10) / 10,
						from: answer.from,
						mapped: answer.mapped,
						errorStatus: answer.errorStatus,
					},
		failure,
	};
}
