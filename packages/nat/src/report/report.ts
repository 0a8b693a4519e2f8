import { classifyIp } from "@p2pd/address";
import { typeOf } from "../classify/verdict.js";
import type { Discovery } from "../engine/discovery.js";
import type { Probe } from "../engine/types.js";
import type { PortRange } from "../nat-info.js";
import type { DeltaVerdict, DoubleNatHint, MappingBehaviour, NatOptions, NatReport } from "../types.js";
import { changesSince } from "./changes.js";
import { evidenceOf } from "./evidence.js";
import { explain } from "./explain.js";
import { REPORT_SCHEMA, REPORT_VERSION } from "./parse.js";

/** What a report needs beside the discovery. */
export interface ReportContext {
	readonly af: 4 | 6;
	readonly localIp: string | null;
	readonly options: Pick<NatOptions, "previous" | "routerAddress" | "delta" | "hairpinning" | "tcp">;
	readonly now: number;
}

/** The verdict so far (pure). */
export function reportOf(discovery: Discovery, context: ReportContext): NatReport {
	const { knowledge, ledger, ending } = discovery;
	const { servers, mapping } = knowledge;
	const filtering = knowledge.filtering.behaviour;
	const behaviour = mapping.decided ? mapping.behaviour : "unknown";
	const loopback = servers.every(({ primary }) => classifyIp(primary.ip) === "loopback");
	const type = typeOf({ mapping: behaviour, filtering, blocked: ending === "blocked", loopback });
	const trusted = trustedProbes(discovery);
	const externalIps = [...new Set(trusted.flatMap((probe) => mappedIp(probe)))].sort();
	const base = {
		schema: REPORT_SCHEMA,
		version: REPORT_VERSION,
		af: context.af,
		final: ending !== null,
		type,
		mapping: behaviour,
		filtering,
		delta: deltaOf(discovery, behaviour),
		singleServer: servers.length === 1,
		agreement: {
			asked: servers.length,
			agreed: mapping.agreed,
			needed: mapping.needed,
			dissent: mapping.dissent || knowledge.filtering.dissent,
		},
		local: discovery.local,
		external: mapping.external,
		externalIps,
		observedPorts: observedPorts(trusted),
		pooling: poolingOf(trusted, behaviour, externalIps),
		portPreservation: preservationOf(discovery, behaviour),
		hairpinning: behaviour === "none" ? "not-applicable" : discovery.hairpinning,
		lifetime: {
			atLeast: null,
			lessThan: null,
			status: "not-checked",
			reason: "it takes minutes and is done on demand: see measureLifetime",
		},
		tcp: tcpOf(discovery, behaviour),
		sharedAddressSpace: [context.localIp, ...externalIps].some(
			(ip) => ip !== null && classifyIp(ip) === "shared",
		),
		doubleNat: doubleNatOf(context, externalIps),
		datagrams: ledger.datagrams,
		elapsed: Math.round(context.now - discovery.startedAt),
		evidence: evidenceOf(discovery),
	} as const satisfies Omit<NatReport, "reason" | "changes">;
	const { previous } = context.options;
	const complete = { ...base, reason: explain(base, discovery) };
	return { ...complete, changes: previous === undefined ? null : changesSince(previous, complete) };
}

/** Answered probes of servers that are believed, from sockets whose mapped end means something. */
function trustedProbes({ ledger, knowledge }: Discovery): Probe[] {
	return [...ledger.all()].filter(
		({ spec, answer }) =>
			answer?.mapped != null && spec.role !== "hairpin" && knowledge.mapping.trusted.includes(spec.server),
	);
}

const mappedIp = ({ answer }: Probe): string[] => (answer?.mapped == null ? [] : [answer.mapped.ip]);

function observedPorts(probes: readonly Probe[]): PortRange | null {
	const ports = probes.flatMap(({ answer }) => (answer?.mapped == null ? [] : [answer.mapped.port]));
	return ports.length === 0 ? null : { start: Math.min(...ports), end: Math.max(...ports) };
}

function deltaOf({ train }: Discovery, behaviour: MappingBehaviour): DeltaVerdict {
	if (behaviour === "none") return { type: 1, value: 0 };
	const judged = train.judgement;
	return judged === null ? { type: "unknown", value: 0 } : { type: judged.type, value: judged.value };
}

function poolingOf(
	probes: readonly Probe[],
	behaviour: MappingBehaviour,
	externalIps: readonly string[],
): NatReport["pooling"] {
	if (behaviour === "none") return "not-applicable";
	const sockets = new Set(probes.map(({ spec }) => spec.socket));
	if (externalIps.length > 1) return "arbitrary";
	return sockets.size > 1 ? "paired" : "not-checked";
}

function preservationOf(discovery: Discovery, behaviour: MappingBehaviour): NatReport["portPreservation"] {
	if (behaviour === "none") return "not-applicable";
	const seen = discovery.train.samples(discovery.ledger).filter(({ mapped }) => mapped !== null);
	if (seen.length === 0) return "not-checked";
	const kept = seen.filter(({ local, mapped }) => local === mapped).length;
	return kept === seen.length ? "yes" : kept === 0 ? "no" : "sometimes";
}

function tcpOf(discovery: Discovery, behaviour: MappingBehaviour): NatReport["tcp"] {
	if (discovery.tcp !== null) return discovery.tcp;
	const reason =
		behaviour === "none" ? "there is no NAT for UDP" : "no server was asked, or none answered in time";
	return { mapping: "not-checked", reason, external: null };
}

function doubleNatOf({ localIp, options }: ReportContext, externalIps: readonly string[]): DoubleNatHint {
	const reasons: string[] = [];
	if (localIp !== null && classifyIp(localIp) === "shared") {
		reasons.push(`the local address ${localIp} is of the carrier's shared space`);
	}
	for (const ip of externalIps) {
		const ipClass = classifyIp(ip);
		if (ip !== localIp && ipClass !== "public" && ipClass !== "loopback") {
			reasons.push(`the external address ${ip} is itself ${ipClass}`);
		}
	}
	const { routerAddress } = options;
	if (routerAddress !== undefined && externalIps.length > 0 && !externalIps.includes(routerAddress)) {
		reasons.push(`the router calls its address ${routerAddress}, servers see ${externalIps.join(", ")}`);
	}
	return { verdict: reasons.length > 0 ? "likely" : "no-sign", reasons };
}
