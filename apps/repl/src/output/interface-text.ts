import type { Family, Interface, NatDictionary, NatReport, Route } from "@p2pd/core";
import { printable } from "@p2pd/core/net";
import type { Colours } from "./output.js";
import { wrap } from "./text.js";

/** What a NAT's text needs of its report: which part was found out. */
type Known = Pick<NatReport, "type" | "mapping" | "filtering" | "delta">;

/**
 * A NAT in a line: P2PD's texts and numbers, what is assumed rather than known, and why.
 *
 * @param report the report behind it; null where no test was made
 */
export function natText(nat: NatDictionary, report: Known | null): string {
	const type = `${nat.nat_info} (type ${nat.type})`;
	const step = nat.delta.value === 0 ? "" : ` by ${nat.delta.value}`;
	const delta = `${nat.delta_info}${step} (delta ${nat.delta.type})`;
	// Where nothing gets through there are no ports to speak of.
	if (nat.type === 7) return type;
	if (!nat.assumed) return `${type}, ${delta}`;
	const reason = nat.reason === undefined ? "" : `. ${nat.reason}`;
	if (report === null || (report.type === "unknown" && report.delta.type === "unknown")) {
		return `not known${seen(report)}; assumed: ${type}, ${delta}${reason}`;
	}
	return report.type === "unknown"
		? `type not known${seen(report)}; assumed: ${type}. Ports: ${delta}${reason}`
		: `${type}. Ports not known; assumed: ${delta}${reason}`;
}

/** What was seen although it does not make a type. */
function seen(report: Known | null): string {
	if (report === null) return "";
	const parts = [
		...(report.mapping === "unknown" ? [] : [`mapping ${report.mapping}`]),
		...(report.filtering === "unknown" || report.filtering === "not-checked"
			? []
			: [`filtering ${report.filtering}`]),
	];
	return parts.length > 0 ? ` (${parts.join(", ")})` : "";
}

/** A name, and what there is to say of it, one line each. */
export type Fact = readonly [name: string, ...lines: string[]];

/** Facts as aligned lines, wrapped to the terminal. Their text is made printable. */
export function factLines(
	facts: readonly Fact[],
	colours: Colours,
	columns: number = Number.POSITIVE_INFINITY,
): string {
	const width = Math.max(...facts.map(([name]) => name.length)) + 2;
	const textWidth = columns - width;
	// Too narrow for text beside the names: it goes under them.
	const narrow = textWidth < LEAST_TEXT;
	const indent = " ".repeat(narrow ? 2 : width);
	return facts
		.map(([name, ...lines]) => {
			const wrapped = lines.flatMap((line) => wrap(printable(line), narrow ? columns - 2 : textWidth));
			if (narrow) return [colours.bold(name), ...wrapped.map((line) => indent + line)].join("\n");
			return colours.bold(name.padEnd(width)) + wrapped.join(`\n${indent}`);
		})
		.join("\n");
}

/** With fewer columns beside the names, text goes under them. */
const LEAST_TEXT = 24;

/** The families of a started interface that are to be shown. */
export function shownFamilies(nic: Interface, family: Family | undefined): Family[] {
	return family === undefined ? nic.supported() : nic.supported().filter((af) => af === family);
}

/** What a person wants to know of a started interface first. */
export function interfaceFacts(nic: Interface, family: Family | undefined): Fact[] {
	const families = shownFamilies(nic, family);
	const routes = families.flatMap((af) => nic.routes(af).routes);
	const verified = routes.filter((route) => route.isVerified);
	const { kind } = nic.toJSON();
	const nats = families.map((af) => [af, nic.toJSON().nat_by_af[af]] as const);
	const defaults = families.filter((af) => nic.isDefault(af)).map((af) => `IPv${af}`);
	const asked = family === undefined ? ([4, 6] as const) : [family];
	const unverified = asked.flatMap((af) =>
		nic.reasons[af] === null ? [] : [`IPv${af}: ${nic.reasons[af]}`],
	);
	return [
		["NIC", `${nic.name} (${kind})${defaults.length > 0 ? `, default for ${defaults.join(" and ")}` : ""}`],
		["addresses", ...lines(routes.flatMap((route) => route.nicIps.map((range) => withPrefix(nic, range))))],
		["external address", ...lines(verified.map(externalText), unverified)],
		[
			"NAT",
			...lines(
				nats.map(([af, nat]) => {
					if (nat === null) return `IPv${af}: not asked`;
					const isOnLinkAlone = nic.info?.addresses.every(
						(address) => address.af !== af || address.scope === "link",
					);
					if (nic.natReports[af] === null && isOnLinkAlone === true)
						return `IPv${af}: only link-local addresses`;
					return `IPv${af}: ${natText(nat, nic.natReports[af])}`;
				}),
			),
		],
		["routes", ...lines(routes.map(String))],
	];
}

/** A route's address with the prefix length that the NIC has it with, as `p2pd list` shows it; a block as it is. */
function withPrefix(nic: Interface, range: { toString(): string }): string {
	const text = String(range);
	const ip = text.replace(/\/(32|128)$/, "");
	const own = nic.info?.addresses.find((address) => address.ip === ip);
	return own === undefined || own.cidr === null ? text : `${ip}/${own.cidr}`;
}

/** A verified route's external side, and what lowers its worth. */
function externalText(route: Route): string {
	const remarks = [
		...(route.isPublic ? [] : ["not a public address"]),
		...(route.singleServer ? ["said by one server alone"] : []),
	];
	return `${route.extIps.join(", ")}${remarks.length > 0 ? ` (${remarks.join("; ")})` : ""}`;
}

/** The lines without repetition, or why there are none. */
function lines(found: readonly string[], reasons: readonly string[] = []): string[] {
	const unique = [...new Set(found)];
	return unique.length > 0 ? unique : [`none${reasons.length > 0 ? `: ${reasons.join("; ")}` : ""}`];
}
