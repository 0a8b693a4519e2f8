import type { Family } from "@p2pd/address";
import { NatError, type NatReport } from "@p2pd/nat";
import { type Route, RouteError, type RoutePool } from "@p2pd/route";
import type { Clock, StunServerSpec } from "@p2pd/stun-client";
import { StartTimeoutError } from "../errors.js";
import type { NicInfo, PerFamily } from "../os/types.js";
import { reachableServers } from "../start/reachable-servers.js";
import { observationTime, withDeadline } from "../start/with-deadline.js";
import type { InterfaceDeps, InterfaceOptions, NatJson } from "../types.js";
import { assumedNat, natOfReport } from "./nat-json.js";

/** What a test of a NAT rests on. */
export interface NatSetting {
	/** What the OS said of the NIC; `null` for an interface out of a dictionary. */
	readonly info: NicInfo | null;
	/** Whether the OS told the NIC's routes. */
	readonly routesKnown: PerFamily<boolean>;
	readonly servers: readonly StunServerSpec[];
	readonly options: InterfaceOptions;
	readonly deps: InterfaceDeps;
	/** The last report of this family: the new one then says what changed. */
	readonly previous: NatReport | null;
}

/** A NAT in P2PD's form, and the report with its evidence where a test was made. */
export interface TestedNat {
	/** `null` for a family without a route. */
	readonly nat: NatJson | null;
	readonly report: NatReport | null;
}

/** How a test may be cut short. */
export interface NatLimits {
	/** All of it, in ms. */
	readonly timeout: number;
	readonly signal: AbortSignal;
	readonly clock: Clock;
}

/**
 * The NAT of one route. What the network, the servers or the OS refuse, and a test that takes too long, is P2PD's
 * assumption with the reason.
 *
 * @throws the signal's reason
 */
async function testNat(setting: NatSetting, route: Route, limits: NatLimits): Promise<TestedNat> {
	const { info, servers } = setting;
	const reachable = info
		? reachableServers(info, route.af, servers, setting.routesKnown[route.af])
		: { servers };
	if ("reason" in reachable) return { nat: assumedNat(reachable.reason), report: null };
	try {
		return await withDeadline("the NAT test", limits, (signal) =>
			askServers(setting, route, reachable.servers, { ...limits, signal }),
		);
	} catch (error) {
		limits.signal.throwIfAborted();
		if (!isOutcome(error)) throw error;
		return { nat: assumedNat(error.message), report: null };
	}
}

/** The NATs of both families at once, each by the first route of its pool. Throws as {@link testNat}. */
export async function testNats(
	setting: Omit<NatSetting, "previous">,
	pools: PerFamily<RoutePool>,
	previous: PerFamily<NatReport | null>,
	limits: NatLimits,
): Promise<PerFamily<TestedNat>> {
	const test = async (af: Family): Promise<TestedNat> => {
		const route = pools[af].routes[0];
		if (!route) return { nat: null, report: null };
		return testNat({ ...setting, previous: previous[af] }, route, limits);
	};
	const [four, six] = await Promise.all([test(4), test(6)]);
	return { 4: four, 6: six };
}

async function askServers(
	{ options, deps, previous }: NatSetting,
	route: Route,
	servers: readonly StunServerSpec[],
	{ timeout, signal }: NatLimits,
): Promise<TestedNat> {
	const { clock, random, lookup } = deps;
	const sockets = await deps.bind(route, { strict: options.strict ?? false });
	const report = await deps.discoverNat(
		{
			servers,
			timeout: Math.max(1, observationTime(timeout)),
			signal,
			...(previous === null ? {} : { previous }),
		},
		{
			sockets,
			clock,
			random,
			...(lookup === undefined
				? {}
				: {
						resolve: (host, { signal: stop }) =>
							lookup(host, route.af, stop === undefined ? {} : { signal: stop }),
					}),
		},
	);
	return { nat: natOfReport(report), report };
}

/** Errors that say what the network or the OS did; any other is a fault in a program and is passed on. */
function isOutcome(error: unknown): error is Error {
	return error instanceof StartTimeoutError || error instanceof RouteError || error instanceof NatError;
}
