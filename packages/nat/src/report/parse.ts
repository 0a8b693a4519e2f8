import { NatReportError } from "../errors.js";
import { isDeltaType, isNatType } from "../nat-types.js";
import type { NatReport } from "../types.js";

/** Every report names this schema ... */
export const NAT_REPORT_SCHEMA = "p2pd/nat-report";
/** ... and this version of it; a field's meaning never changes within a version. */
export const NAT_REPORT_VERSION = 1;

type Check = (value: unknown) => boolean;

const oneOf =
	(...values: readonly unknown[]): Check =>
	(value) =>
		values.includes(value);
const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isCount: Check = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isObject: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isNull: Check = (value) => value === null;
const either =
	(...checks: readonly Check[]): Check =>
	(value) =>
		checks.some((check) => check(value));
const listOf =
	(check: Check): Check =>
	(value) =>
		Array.isArray(value) && value.every(check);

const DEPENDENCES = ["endpoint-independent", "address-dependent", "address-and-port-dependent"] as const;

const isEnd: Check = (value) => isObject(value) && isText(at(value, "ip")) && isCount(at(value, "port"));

/** What each field of a report has to be. */
const FIELDS: Readonly<Record<keyof NatReport, Check>> = {
	schema: oneOf(NAT_REPORT_SCHEMA),
	version: oneOf(NAT_REPORT_VERSION),
	af: oneOf(4, 6),
	final: isFlag,
	type: either(isNatType, oneOf("unknown")),
	mapping: oneOf(...DEPENDENCES, "none", "varies", "unknown"),
	filtering: oneOf(...DEPENDENCES, "unknown", "not-checked"),
	delta: (value) =>
		isObject(value) &&
		(isDeltaType(at(value, "type")) || at(value, "type") === "unknown") &&
		Number.isInteger(at(value, "value")),
	reason: isText,
	singleServer: isFlag,
	agreement: (value) => isObject(value) && isCount(at(value, "asked")) && isFlag(at(value, "dissent")),
	local: either(isNull, (value) => isObject(value) && isCount(at(value, "port"))),
	external: either(isNull, isEnd),
	externalIps: listOf(isText),
	observedPorts: either(isNull, (value) => isObject(value) && isCount(at(value, "start"))),
	pooling: oneOf("paired", "arbitrary", "not-checked", "not-applicable"),
	portPreservation: oneOf("yes", "sometimes", "no", "not-checked", "not-applicable"),
	hairpinning: oneOf("yes", "no-answer", "not-checked", "not-applicable"),
	lifetime: (value) => isObject(value) && oneOf("measured", "not-checked", "unknown")(at(value, "status")),
	tcp: (value) => isObject(value) && isText(at(value, "mapping")),
	sharedAddressSpace: isFlag,
	doubleNat: (value) => isObject(value) && oneOf("likely", "no-sign")(at(value, "verdict")),
	changes: either(isNull, listOf(isObject)),
	datagrams: isCount,
	elapsed: isCount,
	evidence: (value) =>
		isObject(value) && ["servers", "probes", "train"].every((name) => listOf(isObject)(at(value, name))),
};

function at(value: unknown, name: string): unknown {
	return typeof value === "object" && value !== null && Object.hasOwn(value, name)
		? Reflect.get(value, name)
		: undefined;
}

/**
 * Read a stored report back: from JSON text, or from what JSON gave.
 *
 * @throws NatReportError (`ERR_NAT_REPORT`) with the path of what is wrong
 */
export function parseNatReport(input: unknown): NatReport {
	const value = typeof input === "string" ? fromText(input) : input;
	if (!isObject(value)) throw new NatReportError("", "a report is an object");
	for (const [field, check] of Object.entries(FIELDS)) {
		if (!check(at(value, field))) throw new NatReportError(field, `the report's field "${field}" is wrong`);
	}
	// Every field has been looked at.
	return value as NatReport;
}

function fromText(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new NatReportError("", `the report is no JSON: ${error instanceof Error ? error.message : error}`);
	}
}
