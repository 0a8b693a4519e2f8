import { classifyIp } from "@p2pd/address";
import { natTypeOf } from "../classify/nat-type.js";
import type { NatPortRange } from "../nat-info.js";
import type { DiscoverySnapshot, ProbeRecord } from "../snapshot.js";
import type { DoubleNatHint, NatDelta, NatMapping, NatOptions, NatReport } from "../types.js";
import { evidenceOf } from "./evidence.js";
import { changesSince, explain } from "./explain.js";
import { NAT_REPORT_SCHEMA, NAT_REPORT_VERSION } from "./parse.js";

/** What a report needs beside the snapshot. */
export interface ReportContext {
	readonly af: 4 | 6;
	readonly options: Pick<NatOptions, "previous" | "routerAddress">;
	readonly now: number;
}

/** The verdict so far (pure). */
export function reportOf(snapshot: DiscoverySnapshot, context: ReportContext): NatReport {
	const { knowledge, ending, train } = snapshot;
	const { servers, mapping } = knowledge;
	const localIp = snapshot.local?.ip ?? null;
	const filtering = knowledge.filtering.behaviour;
	const behaviour = mapping.decided ? mapping.behaviour : "unknown";
	const loopback = servers.every(({ primary }) => classifyIp(primary.ip) === "loopback");
	const type = natTypeOf({ mapping: behaviour, filtering, blocked: ending === "blocked", loopback });
	const trusted = trustedProbes(snapshot);
	const externalIps = [...new Set(trusted.flatMap((probe) => mappedIp(probe)))].sort();
	const base = {
		schema: NAT_REPORT_SCHEMA,
		version: NAT_REPORT_VERSION,
		af: context.af,
		final: ending !== null,
		type,
		mapping: behaviour,
		filtering,
		delta: deltaOf(snapshot, behaviour),
		singleServer: servers.length === 1 || restsOnOne(type, knowledge),
		agreement: {
			asked: servers.length,
			agreed: mapping.agreed,
			needed: mapping.needed,
			dissent: mapping.dissent || knowledge.filtering.dissent,
		},
		local: snapshot.local,
		external: mapping.external,
		externalIps,
		observedPorts: observedPorts(trusted),
		pooling: poolingOf(trusted, behaviour, externalIps),
		portPreservation: preservationOf(train.samples, behaviour),
		hairpinning: behaviour === "none" ? "not-applicable" : snapshot.hairpinning,
		lifetime: {
			atLeast: null,
			lessThan: null,
			status: "not-checked",
			reason: "it takes minutes and is done on demand: see measureNatLifetime",
		},
		tcp: tcpOf(snapshot, behaviour),
		sharedAddressSpace: [localIp, ...externalIps].some((ip) => ip !== null && classifyIp(ip) === "shared"),
		doubleNat: doubleNatOf(localIp, externalIps, context.options.routerAddress),
		datagrams: snapshot.datagrams,
		elapsed: Math.round(context.now - snapshot.startedAt),
		evidence: evidenceOf(snapshot),
	} as const satisfies Omit<NatReport, "reason" | "changes">;
	const { previous } = context.options;
	const complete = { ...base, reason: explain(base, snapshot) };
	return { ...complete, changes: previous === undefined ? null : changesSince(previous, complete) };
}

/** The type follows from a silence that only one server could test. A reply that came in proves itself. */
function restsOnOne(type: NatReport["type"], { filtering }: DiscoverySnapshot["knowledge"]): boolean {
	const bySilence = type === 2 || type === 4 || type === 5;
	return bySilence && filtering.testers === 1;
}

/** Answered probes of trusted servers, from sockets whose mapped end means something. */
function trustedProbes({ probes, knowledge }: DiscoverySnapshot): ProbeRecord[] {
	return probes.filter(
		({ spec, answer }) =>
			answer?.mapped != null && spec.role !== "hairpin" && knowledge.mapping.trusted.includes(spec.server),
	);
}

const mappedIp = ({ answer }: ProbeRecord): string[] => (answer?.mapped == null ? [] : [answer.mapped.ip]);

function observedPorts(probes: readonly ProbeRecord[]): NatPortRange | null {
	const ports = probes.flatMap(({ answer }) => (answer?.mapped == null ? [] : [answer.mapped.port]));
	return ports.length === 0 ? null : { start: Math.min(...ports), end: Math.max(...ports) };
}

function deltaOf({ train }: DiscoverySnapshot, behaviour: NatMapping): NatDelta {
	if (behaviour === "none") return { type: 1, value: 0 };
	const judged = train.judgement;
	return judged === null ? { type: "unknown", value: 0 } : { type: judged.type, value: judged.value };
}

function poolingOf(
	probes: readonly ProbeRecord[],
	behaviour: NatMapping,
	externalIps: readonly string[],
): NatReport["pooling"] {
	if (behaviour === "none") return "not-applicable";
	const sockets = new Set(probes.map(({ spec }) => spec.socket));
	if (externalIps.length > 1) return "arbitrary";
	return sockets.size > 1 ? "paired" : "not-checked";
}

function preservationOf(
	samples: DiscoverySnapshot["train"]["samples"],
	behaviour: NatMapping,
): NatReport["portPreservation"] {
	if (behaviour === "none") return "not-applicable";
	const seen = samples.filter(({ mapped }) => mapped !== null);
	if (seen.length === 0) return "not-checked";
	const kept = seen.filter(({ local, mapped }) => local === mapped).length;
	return kept === seen.length ? "yes" : kept === 0 ? "no" : "sometimes";
}

function tcpOf({ tcp }: DiscoverySnapshot, behaviour: NatMapping): NatReport["tcp"] {
	if (tcp !== null) return tcp;
	const reason =
		behaviour === "none" ? "there is no NAT for UDP" : "no server was asked, or none answered in time";
	return { mapping: "not-checked", reason, external: null };
}

function doubleNatOf(
	localIp: string | null,
	externalIps: readonly string[],
	routerAddress: string | undefined,
): DoubleNatHint {
	const reasons: string[] = [];
	if (localIp !== null && classifyIp(localIp) === "shared") {
		reasons.push(`the local address ${localIp} is in the carriers' shared space`);
	}
	for (const ip of externalIps) {
		const ipClass = classifyIp(ip);
		if (ip !== localIp && ipClass !== "public" && ipClass !== "loopback") {
			reasons.push(`the external address ${ip} is itself ${ipClass}`);
		}
	}
	if (routerAddress !== undefined && externalIps.length > 0 && !externalIps.includes(routerAddress)) {
		reasons.push(`the router reports its address as ${routerAddress}, servers see ${externalIps.join(", ")}`);
	}
	return { verdict: reasons.length > 0 ? "likely" : "no-sign", reasons };
}
