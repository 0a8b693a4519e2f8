import { checkTests, filteringVote } from "../classify/filtering.js";
import { mappingVote } from "../classify/mapping.js";
import type { Discovery } from "../engine/discovery.js";
import { probeId } from "../engine/ids.js";
import { addressesOf, type ServerFacts } from "../engine/knowledge.js";
import type { Probe } from "../engine/types.js";
import type { NatEvidence, ProbeEvidence, ServerEvidence } from "../types.js";

/** Everything that the verdict rests on, as plain data; times count from the start. */
export function evidenceOf(discovery: Discovery): NatEvidence {
	const { ledger, knowledge, train } = discovery;
	return {
		servers: knowledge.servers.map((server) => serverEvidence(discovery, server)),
		probes: [...ledger.all()]
			.filter(({ sends, failure }) => sends.length > 0 || failure !== null)
			.map((probe) => probeEvidence(discovery, probe)),
		train: train.samples(ledger),
	};
}

function serverEvidence({ knowledge, ledger }: Discovery, server: ServerFacts): ServerEvidence {
	const { mapping, filteringStatements } = knowledge;
	const tests = filteringStatements.find((each) => each.server === server.index);
	const { otherIp, otherBoth } = addressesOf(server);
	const seenFrom = (id: string, asked: unknown) =>
		asked === null ? null : (ledger.get(id)?.answer?.mapped ?? null);
	const vote = mappingVote({
		server: server.index,
		ip: server.primary.ip,
		primary: server.mapped,
		otherIp: seenFrom(probeId.otherIp(server.index), otherIp),
		otherBoth: seenFrom(probeId.otherBoth(server.index), otherBoth),
		pending: false,
		otherPending: false,
		capable: server.alternate !== null,
	});
	return {
		ip: server.primary.ip,
		port: server.primary.port,
		alternate: server.alternate,
		standing: mapping.trusted.includes(server.index)
			? "trusted"
			: mapping.suspects.includes(server.index)
				? "suspect"
				: server.silent || !server.alive
					? "silent"
					: "undecided",
		rtt: server.rtt === null ? null : Math.round(server.rtt),
		problems: server.problems,
		mappingVote: vote === "unknown" ? "none-cast" : vote,
		filteringVote:
			tests === undefined
				? "none-cast"
				: (filteringVote(checkTests(tests, mapping.behaviour)) ?? "none-cast"),
	};
}

const CHANGES = { none: "none", both: "address-and-port", port: "port" } as const;

function probeEvidence(discovery: Discovery, probe: Probe): ProbeEvidence {
	const { spec, sends, answer, failure } = probe;
	const since = (at: number): number => Math.round((at - discovery.startedAt) * 10) / 10;
	const port = discovery.localPort(spec.socket);
	const ip = discovery.local?.ip ?? null;
	const over = answer === null && discovery.ledger.isOver(probe, discovery.endedAt);
	return {
		id: spec.id,
		server: spec.server,
		from: port === null || ip === null ? null : { ip, port },
		to: spec.to,
		change: CHANGES[spec.change],
		sends: sends.map((at, index) => ({ at: since(at), answered: answer?.send === index })),
		result: failure !== null ? "failed" : answer !== null ? "answered" : over ? "silent" : "unfinished",
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
