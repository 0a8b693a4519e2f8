import type { Family, Interface, NatJson, Route } from "@p2pd/core";
import type { Colours } from "./output.js";

/** A name, and what there is to say of it, one line each. */
export type Fact = readonly [name: string, ...lines: string[]];

/** Facts as aligned lines. */
export function factLines(facts: readonly Fact[], colours: Colours): string {
	const width = Math.max(...facts.map(([name]) => name.length)) + 2;
	return facts
		.map(([name, ...lines]) => colours.bold(name.padEnd(width)) + lines.join(`\n${" ".repeat(width)}`))
		.join("\n");
}

/** A NAT in a line: P2PD's text and number, and what is assumed rather than known. */
export function natText({ type, nat_info, delta, delta_info, assumed, reason }: NatJson): string {
	const known = `${nat_info} (type ${type}), ${delta_info}${delta.value === 0 ? "" : ` by ${delta.value}`} (delta ${delta.type})`;
	return assumed ? `not known, assumed ${known}${reason === undefined ? "" : `: ${reason}`}` : known;
}

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
		["addresses", ...lines(routes.flatMap((route) => route.nicIps.map(String)))],
		["external address", ...lines(verified.map(externalText), unverified)],
		["NAT", ...lines(nats.map(([af, nat]) => `IPv${af}: ${nat === null ? "not asked" : natText(nat)}`))],
		["routes", ...lines(routes.map(String))],
	];
}

/** A verified route's external side, and what lowers its worth. */
function externalText(route: Route): string {
	const remarks = [
		...(route.isPublic ? [] : ["not a public address"]),
		...(route.singleServer ? ["said by one server alone"] : []),
	];
	return `${route.extIps.join(", ")}${remarks.length > 0 ? ` (${remarks.join("; ")})` : ""}`;
}

/** The lines without repetition; where there is none, why. */
function lines(found: readonly string[], reasons: readonly string[] = []): string[] {
	const unique = [...new Set(found)];
	return unique.length > 0 ? unique : [`none${reasons.length > 0 ? `: ${reasons.join("; ")}` : ""}`];
}
