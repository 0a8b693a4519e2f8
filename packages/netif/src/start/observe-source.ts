import type { NicRef } from "@p2pd/net";
import type { Observation, ObservedSource } from "@p2pd/route";
import type { ExternalAddress, StunServerSpec } from "@p2pd/stun-client";
import { OBSERVE_TIMEOUT } from "../defaults.js";
import type { NicInfo } from "../os/types.js";
import type { InterfaceDeps, InterfaceOptions } from "../types.js";
import { reachableServers } from "./reachable-servers.js";

/** What every observation of one start has in common. */
export interface ObserverSetting {
	readonly info: NicInfo;
	readonly nic: NicRef;
	readonly servers: readonly StunServerSpec[];
	readonly routesKnown: boolean;
	readonly options: InterfaceOptions;
	readonly deps: InterfaceDeps;
	/** The moment, by the clock, at which a verdict must be there. */
	readonly deadline: number;
}

/**
 * Which external address a source address of the NIC has, as STUN servers see it. An outcome that says nothing has
 * a reason; nothing that the network does makes it reject.
 *
 * @throws the signal's reason
 */
export async function observeSource(
	setting: ObserverSetting,
	source: ObservedSource,
	signal: AbortSignal | undefined,
): Promise<Observation> {
	const { info, nic, options, deps } = setting;
	const reachable = reachableServers(info, source.af, setting.servers, setting.routesKnown);
	if ("reason" in reachable) return { ip: null, reason: reachable.reason };
	const timeout = Math.min(OBSERVE_TIMEOUT, setting.deadline - deps.clock.now());
	if (timeout <= 0) return { ip: null, reason: "no time was left to observe it" };
	const { strict = false, minAgree, maxServers } = options;
	const sockets = deps.sockets({ af: source.af, nic, ip: source.ip, strict });
	const seen = await deps.observe({
		sockets,
		servers: reachable.servers,
		timeout,
		clock: deps.clock,
		random: deps.random,
		...(minAgree === undefined ? {} : { minAgree }),
		...(maxServers === undefined ? {} : { maxServers }),
		...(deps.lookup === undefined ? {} : { lookup: deps.lookup }),
		...(signal === undefined ? {} : { signal }),
	});
	return toObservation(seen, filterHint(info, source.af));
}

function toObservation(seen: ExternalAddress, hint: string | null): Observation {
	const reason = seen.status === "unreachable" && hint !== null ? `${seen.reason}; ${hint}` : seen.reason;
	return {
		ip: seen.ip,
		singleServer: seen.status === "single-server",
		nonPublic: seen.nonPublic,
		evidence: seen,
		...(seen.ip === null ? { reason } : {}),
	};
}

/** Why answers may have come and been dropped: Linux's strict filter on a NIC that is not the way back. */
function filterHint(info: NicInfo, af: 4 | 6): string | null {
	if (af !== 4 || info.reversePathFilter !== "strict" || info.isDefault[4]) return null;
	return (
		`${info.name} has a strict reverse path filter and is not the default NIC, so Linux drops what comes in by it ` +
		`(net.ipv4.conf.${info.name}.rp_filter=2 would not)`
	);
}
