import { clockFindings } from "./clock.js";
import { addressFindings, defaultRouteFindings, linkFindings, tunnelFindings } from "./findings/link.js";
import { dnsFindings, nat64Findings } from "./findings/names.js";
import { doubleNatFindings, externalFindings, natFindings, stunFindings } from "./findings/outside.js";
import type { Facts, Finding, Status } from "./types.js";

/** From the cable upwards: what is broken below explains what is broken above. */
const TOPICS: readonly ((facts: Facts) => Finding[])[] = [
	linkFindings,
	addressFindings,
	defaultRouteFindings,
	tunnelFindings,
	dnsFindings,
	stunFindings,
	externalFindings,
	natFindings,
	doubleNatFindings,
	nat64Findings,
	clockFindings,
];

/** All findings, in the order from the link upwards. Pure. */
export const diagnose = (facts: Facts): Finding[] => TOPICS.flatMap((topic) => topic(facts));

/** The worst of the findings; what is not known or was not checked is no fault. Pure. */
export function resultOf(findings: readonly Finding[]): Extract<Status, "ok" | "warning" | "fault"> {
	const has = (status: Status): boolean => findings.some((finding) => finding.status === status);
	return has("fault") ? "fault" : has("warning") ? "warning" : "ok";
}
