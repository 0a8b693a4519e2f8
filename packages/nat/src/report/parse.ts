import { ipVersion } from "@p2pd/address";
import { type Check, type Fields, is, objectProblem, printable } from "@p2pd/net";
import { isIpText } from "../check.js";
import { NatReportError } from "../errors.js";
import { isDeltaType, isNatType } from "../nat-types.js";
import type { NatReport } from "../types.js";

/** The schema that every report names. */
export const NAT_REPORT_SCHEMA = "p2pd/nat-report";
/** The version of the schema. The meaning of a field never changes within a version. */
export const NAT_REPORT_VERSION = 1;

/** A report in JSON that is longer, in characters, was not made by this package: at most 150 datagrams are in it. */
const MAX_JSON = 1_000_000;
/** The longest text in a report. */
const MAX_TEXT = 4000;
/** The most servers that a discovery asks, with some to spare for later versions. The same of its probes, and so on. */
const MAX_SERVERS = 64;
const MAX_PROBES = 1000;
const MAX_SENDS = 64;
const MAX_SAMPLES = 256;
const MAX_IPS = 256;

const DEPENDENCES = ["endpoint-independent", "address-dependent", "address-and-port-dependent"] as const;
const SEEN = ["yes", "no-answer", "not-checked", "not-applicable"] as const;

const text: Check = (value, path) => {
	const found = is.text(value, path);
	if (found !== null || String(value).length <= MAX_TEXT) return found;
	return { path, message: `must have at most ${MAX_TEXT} characters` };
};
const count = is.number(0, Number.MAX_SAFE_INTEGER);
const whole = is.whole(0, 1_000_000);
const natType = is.a("a NAT type, 1 to 7", isNatType);
const deltaType = is.a("a delta type, 1 to 6", isDeltaType);
const unknown = is.oneOf("unknown");

/** An object with exactly these fields. */
const exact = (fields: Fields): Check => is.shape(fields, { required: Object.keys(fields) });

const endpoint = exact({ ip: isIpText, port: is.remotePort });
const delta = exact({
	type: is.either('a delta type, 1 to 6, or "unknown"', deltaType, unknown),
	value: is.whole(-65_535, 65_535),
});

const server = exact({
	ip: isIpText,
	port: is.remotePort,
	alternate: is.nullOr(endpoint),
	standing: is.oneOf("trusted", "suspect", "silent", "undecided"),
	rtt: is.nullOr(count),
	problems: is.listOf(text, { max: MAX_SENDS }),
	mappingVote: is.oneOf(...DEPENDENCES, "none", "varies", "none-cast"),
	filteringVote: is.oneOf(...DEPENDENCES, "none-cast"),
});

const probe = exact({
	id: text,
	server: is.whole(-1, MAX_SERVERS),
	from: is.nullOr(endpoint),
	to: endpoint,
	change: is.oneOf("none", "address-and-port", "port"),
	sends: is.listOf(exact({ at: count, answered: is.boolean }), { max: MAX_SENDS }),
	result: is.oneOf("answered", "silent", "unfinished", "failed"),
	answer: is.nullOr(
		exact({
			at: count,
			rtt: count,
			from: endpoint,
			mapped: is.nullOr(endpoint),
			errorStatus: is.nullOr(is.whole(0, 999)),
		}),
	),
	failure: is.nullOr(text),
});

const sample = exact({
	index: whole,
	part: is.oneOf(1, 2),
	local: is.remotePort,
	mapped: is.nullOr(is.remotePort),
	inOrder: is.boolean,
});

/** What each field of a report must be. */
const FIELDS: Readonly<Record<keyof NatReport, Check>> = {
	schema: is.oneOf(NAT_REPORT_SCHEMA),
	version: is.oneOf(NAT_REPORT_VERSION),
	af: is.family,
	final: is.boolean,
	type: is.either('a NAT type, 1 to 7, or "unknown"', natType, unknown),
	mapping: is.oneOf(...DEPENDENCES, "none", "varies", "unknown"),
	filtering: is.oneOf(...DEPENDENCES, "unknown", "not-checked"),
	delta,
	reason: text,
	singleServer: is.boolean,
	agreement: exact({ asked: whole, agreed: whole, needed: whole, dissent: is.boolean }),
	local: is.nullOr(exact({ ip: is.nullOr(isIpText), port: is.remotePort })),
	external: is.nullOr(endpoint),
	externalIps: is.listOf(isIpText, { max: MAX_IPS }),
	observedPorts: is.nullOr(exact({ start: is.remotePort, end: is.remotePort })),
	pooling: is.oneOf("paired", "arbitrary", "not-checked", "not-applicable"),
	portPreservation: is.oneOf("yes", "sometimes", "no", "not-checked", "not-applicable"),
	hairpinning: is.oneOf(...SEEN),
	lifetime: exact({
		atLeast: is.nullOr(count),
		lessThan: is.nullOr(count),
		status: is.oneOf("measured", "not-checked", "unknown"),
		reason: text,
	}),
	tcp: exact({
		mapping: is.oneOf("none", "endpoint-independent", "varies", "unknown", "not-checked"),
		reason: text,
		external: is.nullOr(endpoint),
	}),
	sharedAddressSpace: is.boolean,
	doubleNat: exact({ verdict: is.oneOf("likely", "no-sign"), reasons: is.listOf(text, { max: MAX_IPS }) }),
	changes: is.nullOr(
		is.listOf(
			exact({
				field: is.oneOf("type", "mapping", "filtering", "delta", "externalIps"),
				before: text,
				after: text,
			}),
			{ max: 5 },
		),
	),
	datagrams: whole,
	elapsed: count,
	evidence: exact({
		servers: is.listOf(server, { max: MAX_SERVERS }),
		probes: is.listOf(probe, { max: MAX_PROBES }),
		train: is.listOf(sample, { max: MAX_SAMPLES }),
	}),
};

/**
 * Reads a report that was stored or that a peer has sent: from JSON text, or from what JSON gave. Everything in it is
 * checked and bounded: addresses, ports, families, the lengths of lists and texts. Unknown fields are refused.
 *
 * @throws NatReportError (`ERR_NAT_REPORT`) with the path of what is wrong
 */
export function parseNatReport(input: unknown): NatReport {
	const value = typeof input === "string" ? fromText(input) : input;
	const found = objectProblem(value, "", FIELDS, { required: Object.keys(FIELDS) });
	if (found !== null) {
		const path = value === null || typeof value !== "object" || Array.isArray(value) ? "" : found.path;
		throw new NatReportError(printable(path), `${printable(found.path)} ${printable(found.message)}`);
	}
	const report = value as NatReport;
	const stranger = addressesOf(report).find(([, ip]) => ipVersion(ip) !== report.af);
	if (stranger !== undefined) {
		const [path] = stranger;
		throw new NatReportError(path, `${path} must be an IPv${report.af} address, as af says`);
	}
	return report;
}

/** The addresses that a verdict gives to its readers, with their paths. */
function addressesOf({ local, external, externalIps }: NatReport): [string, string][] {
	const found: [string, string | null | undefined][] = [
		["local.ip", local?.ip],
		["external.ip", external?.ip],
		...externalIps.map((ip, index): [string, string] => [`externalIps[${index}]`, ip]),
	];
	return found.flatMap(([path, ip]): [string, string][] => (ip == null ? [] : [[path, ip]]));
}

function fromText(text: string): unknown {
	if (text.length > MAX_JSON) {
		throw new NatReportError("", `a report has at most ${MAX_JSON} characters, not ${text.length}`);
	}
	try {
		return JSON.parse(text);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new NatReportError("", `the report is not JSON: ${printable(reason)}`);
	}
}
