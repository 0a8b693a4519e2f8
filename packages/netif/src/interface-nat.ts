import { IPRange } from "@p2pd/address";
import {
	assumedNat,
	BLOCKED_NAT,
	type NatDictionary,
	NatError,
	type NatReport,
	natDictionary,
} from "@p2pd/nat";
import { withDeadline } from "@p2pd/net";
import { Route, RouteError, RoutePool } from "@p2pd/route";
import type { StunServerSpec } from "@p2pd/stun-client";
import { SILENCE_CONFIRM, SILENCE_MAX_AGE } from "./defaults.js";
import { NetifTimeoutError } from "./errors.js";
import { observationTime } from "./interface-start.js";
import type { NicInfo, PerFamily } from "./os/types.js";
import { reachableServers } from "./stun-servers.js";
import type { InterfaceDeps } from "./types.js";

/** What the NAT tests of an interface work with. */
export interface NatTest {
	/** What the OS told about the NIC; `null` for an interface made from a dictionary. */
	readonly info: NicInfo | null;
	/** Whether the OS told the NIC's routes. */
	readonly routesKnown: PerFamily<boolean>;
	readonly servers: readonly StunServerSpec[];
	readonly strict: boolean;
	/** The last reports, so that the new ones say what changed. */
	readonly previous: PerFamily<NatReport | null>;
	/** When `start()` found that UDP is blocked, by the clock; `null` if it did not. */
	readonly silentAt: PerFamily<number | null>;
	/** Overall timeout, in ms. */
	readonly timeout: number;
	readonly signal: AbortSignal;
	readonly deps: InterfaceDeps;
}

/** A NAT in P2PD's form, and the report with its evidence if it was tested. */
export interface TestedNat {
	/** `null` for a family without a route. */
	readonly nat: NatDictionary | null;
	readonly report: NatReport | null;
}

/**
 * Tests the NATs of both families at once, each from the first route of its pool. If the network, the servers or the OS
 * prevent a test, or it takes too long, the result is P2PD's assumption with the reason.
 *
 * @throws the signal's reason
 */
export async function testNats(test: NatTest, pools: PerFamily<RoutePool>): Promise<PerFamily<TestedNat>> {
	const [four, six] = await Promise.all([
		testNat(test, pools[4].routes[0]),
		testNat(test, pools[6].routes[0]),
	]);
	return { 4: four, 6: six };
}

async function testNat(test: NatTest, route: Route | undefined): Promise<TestedNat> {
	if (route === undefined) return { nat: null, report: null };
	const { info, timeout, signal, deps } = test;
	const { af } = route;
	if (route.nicIps.every((range) => af === 6 && range.isLinkLocal) && !route.isVerified) {
		return { nat: assumedNat(`${info?.name ?? "the NIC"} has only link-local IPv6 addresses`), report: null };
	}
	const reachable =
		info === null
			? { servers: test.servers }
			: reachableServers(info, af, test.servers, test.routesKnown[af]);
	if ("reason" in reachable) return { nat: assumedNat(reachable.reason), report: null };
	const onTimeout = (): Error => new NetifTimeoutError("the NAT test", timeout);
	try {
		return await withDeadline({ timeout, signal, clock: deps.clock, onTimeout }, (inner) =>
			askServers(test, route, reachable.servers, inner),
		);
	} catch (error) {
		signal.throwIfAborted();
		if (!isOutcome(error)) throw error;
		return { nat: assumedNat(error.message), report: null };
	}
}

async function askServers(
	{ strict, previous, silentAt, timeout, deps }: NatTest,
	route: Route,
	servers: readonly StunServerSpec[],
	signal: AbortSignal,
): Promise<TestedNat> {
	const { clock, random, resolve } = deps;
	const before = previous[route.af];
	const since = silentAt[route.af];
	const wasSilent = since !== null && clock.now() - since <= SILENCE_MAX_AGE;
	const most = Math.max(1, observationTime(timeout));
	const sockets = await deps.bind(route, { strict });
	const discover = (limit: number): Promise<NatReport> =>
		deps.discoverNat(
			{ servers, timeout: limit, signal, ...(before === null ? {} : { previous: before }) },
			{ sockets, clock, random, resolve },
		);
	if (wasSilent) {
		const report = await discover(Math.min(most, SILENCE_CONFIRM));
		if (isUnanswered(report)) return { nat: natDictionary(blocked(report)), report: blocked(report) };
	}
	const report = await discover(most);
	return { nat: natDictionary(report), report };
}

/** Whether a test sent requests and no server answered any of them. */
function isUnanswered({ type, datagrams, evidence }: NatReport): boolean {
	return type === "unknown" && datagrams > 0 && evidence.servers.every(({ rtt }) => rtt === null);
}

/** The report of a test that confirms what `start()` has proven. */
function blocked(report: NatReport): NatReport {
	const reason =
		"Blocked: several servers were silent while the interface started, and all of them still are.";
	return { ...report, type: BLOCKED_NAT, reason };
}

/**
 * Adds an external address that a NAT test has proven to a family's routes, if no route was verified before. The route of
 * the tested NIC address gets it; the other addresses of the unverified route keep an unverified one.
 *
 * @returns the new pool, or the same one if nothing was proven or needed
 */
export function withProvenAddress(pool: RoutePool, report: NatReport | null): RoutePool {
	const [first] = pool.routes;
	if (report === null || first === undefined || pool.routes.some((route) => route.isVerified)) return pool;
	const [external, ...others] = report.externalIps;
	const local = report.local?.ip ?? null;
	if (external === undefined || others.length > 0 || local === null) return pool;
	const nicIp = first.nicIps.find((range) => range.contains(local));
	// One address proves nothing about the rest of a block.
	if (nicIp === undefined || !nicIp.isSingle || !report.final) return pool;
	const { af, nic, linkLocals } = first;
	const isOwn = external === local;
	const proven = new Route({
		af,
		nic,
		nicIps: af === 6 && isOwn && linkLocals.length > 0 ? linkLocals : [new IPRange(local)],
		extIps: [new IPRange(external)],
		linkLocals,
		singleServer: report.singleServer,
		evidence: report,
	});
	const rest = first.nicIps.filter((range) => range !== nicIp);
	const unverified =
		rest.length === 0
			? []
			: [
					new Route({
						af,
						nic,
						nicIps: rest,
						extIps: [],
						linkLocals,
						reason: first.reason,
						evidence: first.evidence,
					}),
				];
	return new RoutePool([proven, ...unverified], linkLocals);
}

/** Whether an error tells what the network or the OS did. Any other one is a bug in a program and is passed on. */
function isOutcome(error: unknown): error is Error {
	return error instanceof NetifTimeoutError || error instanceof RouteError || error instanceof NatError;
}
