import { gather } from "../dns/gather.js";
import type { FamilyOutcome } from "../dns/types.js";
import { FAMILIES, IP4, IP6 } from "../family.js";
import { IpAddress } from "../ip/ip-address.js";
import type { Family } from "../types.js";
import { failureOf } from "./failure.js";
import { askerFor, isLocalhost, type LookupContext } from "./lookup-names.js";
import type { FamilyReport, Resolution } from "./resolution.js";
import type { ResolveRequest } from "./resolve-request.js";

const LOOPBACKS = [IpAddress.parse("127.0.0.1"), IpAddress.parse("::1")];

/** The addresses of a host, and the way to them. */
type Names = Pick<Resolution, "way" | "families"> & { readonly addresses: readonly IpAddress[] };

/** Finds a host's addresses; nobody is asked for an IP. Rejects as `Address.res` does. */
export async function findNames(request: ResolveRequest, context: LookupContext): Promise<Names> {
	const { host, literal, servers } = request;
	if (literal) return known("literal", [literal]);
	if (servers && isLocalhost(host)) return known("localhost", LOOPBACKS);
	const outcomes = await gather(askerFor(host, context), { ...request, clock: context.clock });
	const addresses = FAMILIES.flatMap((af) => addressesOf(outcomes[af]));
	if (addresses.length === 0) throw failureOf(host, outcomes);
	return {
		way: servers ? "servers" : "system",
		families: { 4: reportOf(outcomes[4]), 6: reportOf(outcomes[6]) },
		addresses: addresses.map((ip) => IpAddress.parse(ip)),
	};
}

function known(way: "literal" | "localhost", addresses: readonly IpAddress[]): Names {
	const report = (af: Family): FamilyReport => {
		const count = addresses.filter((address) => address.af === af).length;
		return count > 0 ? { status: "found", count } : { status: "not-asked" };
	};
	return { way, families: { 4: report(IP4), 6: report(IP6) }, addresses };
}

function addressesOf(outcome: FamilyOutcome): readonly string[] {
	return outcome.status === "found" ? outcome.addresses : [];
}

function reportOf(outcome: FamilyOutcome): FamilyReport {
	return outcome.status === "found" ? { status: "found", count: outcome.addresses.length } : outcome;
}
