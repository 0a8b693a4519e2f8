import { IPRange, type IpAddress } from "@p2pd/address";
import type { Family, NicRef } from "@p2pd/net";
import type { RouteInit } from "../types.js";
import type { Outcome } from "./observe.js";
import type { Unverified } from "./types.js";

type Verified = Extract<Outcome, { verified: true }>;

/** What the routes of a NIC are made from. */
export interface Grouping {
	readonly af: Family;
	readonly nic: NicRef | null;
	readonly linkLocals: readonly IPRange[];
	readonly outcomes: readonly Outcome[];
	readonly defaultSource: string | undefined;
}

/**
 * The routes, sorted by external address: one for each address or block that is seen as itself, one for all addresses
 * that are seen as the same other address, and a last one for addresses that could not be verified.
 */
export function groupOutcomes(grouping: Grouping): RouteInit[] {
	const verified = unique(grouping.outcomes.filter((outcome) => outcome.verified));
	const asItself = outermost(verified.filter((outcome) => outcome.external.equals(outcome.source)));
	const asOther = verified.filter((outcome) => !outcome.external.equals(outcome.source));
	const routes = [
		...asItself.map((outcome) => ownRoute(grouping, outcome)),
		...byExternal(asOther).map((group) => sharedRoute(grouping, group)),
	];
	routes.sort((a, b) => compareExternal(a, b));
	const rest = grouping.outcomes.filter((outcome) => !outcome.verified);
	if (rest.length > 0) return [...routes, unverifiedRoute(grouping, rest)];
	return routes.length === 0 && grouping.linkLocals.length > 0 ? [linkLocalRoute(grouping)] : routes;
}

/** A block that was reduced to one address may repeat an address that the NIC lists separately. */
function unique(outcomes: readonly Verified[]): Verified[] {
	return outcomes.filter(
		({ range }, index) => outcomes.findIndex((other) => other.range.equals(range)) === index,
	);
}

/** A range inside another one that is also seen as itself belongs to that one's route. */
function outermost(outcomes: readonly Verified[]): Verified[] {
	return outcomes.filter(
		({ range }) => !outcomes.some((other) => !other.range.equals(range) && other.range.contains(range)),
	);
}

function byExternal(outcomes: readonly Verified[]): Verified[][] {
	const groups = new Map<string, Verified[]>();
	for (const outcome of outcomes) {
		const key = outcome.external.toString();
		const group = groups.get(key);
		if (group === undefined) groups.set(key, [outcome]);
		else group.push(outcome);
	}
	return [...groups.values()];
}

function ownRoute({ af, nic, linkLocals }: Grouping, { range, singleServer, evidence }: Verified): RouteInit {
	// P2PD's IPv6 routes have the link-locals as their NIC side.
	const nicIps = af === 6 && linkLocals.length > 0 ? linkLocals : [range];
	return { af, nic, nicIps, extIps: [range], linkLocals, singleServer, evidence };
}

function sharedRoute(grouping: Grouping, group: readonly Verified[]): RouteInit {
	const { af, nic, linkLocals, defaultSource } = grouping;
	return {
		af,
		nic,
		nicIps: group.map((outcome) => outcome.range),
		extIps: group.slice(0, 1).map((outcome) => new IPRange(outcome.external)),
		linkLocals,
		source: preferredSource(group, defaultSource),
		singleServer: group.every((outcome) => outcome.singleServer),
		evidence: group.map((outcome) => ({ source: `${outcome.source}`, evidence: outcome.evidence })),
	};
}

/** The kernel's own choice if it is in the group, so that binding to it changes nothing. Null: the first address. */
function preferredSource(group: readonly Verified[], defaultSource: string | undefined): string | null {
	const own = group.find((outcome, index) => index > 0 && outcome.source.toString() === defaultSource);
	return own === undefined ? null : own.source.toString();
}

function unverifiedRoute({ af, nic, linkLocals }: Grouping, rest: readonly Unverified[]): RouteInit {
	const reason = rest.map((item) => `${item.range}: ${item.reason}`).join("; ");
	return { af, nic, nicIps: rest.map((item) => item.range), extIps: [], linkLocals, reason, evidence: rest };
}

/** A NIC with link-local addresses only: nothing outside its link can see it. */
function linkLocalRoute({ af, nic, linkLocals }: Grouping): RouteInit {
	const reason = "a link-local address is not seen outside its link";
	return { af, nic, nicIps: linkLocals, extIps: [], linkLocals, reason };
}

function compareExternal(a: RouteInit, b: RouteInit): number {
	const [first, second] = [firstExternal(a), firstExternal(b)];
	return first === undefined || second === undefined ? 0 : first.compare(second);
}

function firstExternal({ extIps }: RouteInit): IpAddress | undefined {
	return extIps[0]?.first;
}
