import { IPRange, IpAddress } from "@p2pd/address";
import type { Family } from "@p2pd/net";
import { isExternal } from "../routes/route-sides.js";
import type { Observation, ObserveExternal, Unverified } from "./types.js";

/** An address or block to observe, and the addresses to try it from, best first. */
export interface Entry {
	readonly range: IPRange;
	readonly sources: readonly string[];
}

/** The outcome for one address or block of a NIC. */
export type Outcome =
	| {
			readonly verified: true;
			/** The block, or the only address of it that an observation succeeded from. */
			readonly range: IPRange;
			/** The address that was observed from. */
			readonly source: IpAddress;
			readonly external: IpAddress;
			readonly singleServer: boolean;
			readonly evidence: unknown;
	  }
	| ({ readonly verified: false } & Unverified);

/**
 * Observes one entry from its sources, one after the other until one succeeds. A block that only a later source
 * succeeded for counts as that one address, because its first host could not be used.
 * @throws the signal's reason
 */
export async function observeEntry(
	af: Family,
	entry: Entry,
	observe: ObserveExternal,
	signal: AbortSignal | undefined,
): Promise<Outcome> {
	const attempts: { ip: string; reason: string; evidence: unknown }[] = [];
	for (const [index, ip] of entry.sources.entries()) {
		signal?.throwIfAborted();
		const seen = await observeSource(af, ip, observe, signal);
		if ("external" in seen) {
			const { external, singleServer, evidence } = seen;
			const range = index === 0 ? entry.range : new IPRange(ip);
			return { verified: true, range, source: IpAddress.parse(ip), external, singleServer, evidence };
		}
		attempts.push({ ip, ...seen });
	}
	const reason = attempts.map((attempt) => attempt.reason).join("; ");
	return { verified: false, range: entry.range, reason, attempts };
}

type Seen =
	| { readonly external: IpAddress; readonly singleServer: boolean; readonly evidence: unknown }
	| { readonly reason: string; readonly evidence: unknown };

async function observeSource(
	af: Family,
	ip: string,
	observe: ObserveExternal,
	signal: AbortSignal | undefined,
): Promise<Seen> {
	let observation: Observation;
	try {
		observation = await observe({ ip, af }, { signal });
	} catch (error) {
		signal?.throwIfAborted();
		return { reason: error instanceof Error ? error.message : String(error), evidence: error };
	}
	const { evidence } = observation;
	if (observation.ip === null)
		return { reason: observation.reason ?? "no external address was observed", evidence };
	const read = readExternal(af, ip, observation.ip, observation.nonPublic === true);
	if (typeof read === "string") return { reason: read, evidence };
	return { external: read, singleServer: observation.singleServer === true, evidence };
}

/** The observed address, or what is wrong with it. The observer may be wrong or lie. */
function readExternal(af: Family, source: string, text: string, nonPublic: boolean): IpAddress | string {
	let ip: IpAddress;
	try {
		ip = IpAddress.parse(text);
	} catch {
		return `the observed address is not an IP address: ${JSON.stringify(text)}`;
	}
	if (ip.af !== af) return `the observed address ${ip} is not an IPv${af} address`;
	const onlyHere = ip.isLoopback && !IpAddress.parse(source).isLoopback;
	if (!isExternal(ip) || onlyHere) return `the observed address ${ip} cannot be an external address`;
	if (!ip.isPublic && !nonPublic) return `the observed address ${ip} is not public`;
	return ip;
}
