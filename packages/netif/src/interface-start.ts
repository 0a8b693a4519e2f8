import { randomBytes } from "node:crypto";
import { isIp, resolveHost } from "@p2pd/address";
import { discoverNat } from "@p2pd/nat";
import { bitsOf, FAMILIES, type Family, systemClock } from "@p2pd/net";
import {
	type Observation,
	type ObservedSource,
	RoutePool,
	type RouteResolution,
	resolveRoutes,
	sourceRoute,
} from "@p2pd/route";
import {
	type ExternalAddress,
	observeExternalAddress,
	processStunServerMemory,
	type StunServerSpec,
	StunTimeoutError,
} from "@p2pd/stun-client";
import { OBSERVE_TIMEOUT, SILENT_REQUESTS, SILENT_SERVERS, START_RESERVE } from "./defaults.js";
import type { InterfaceState } from "./interface-state.js";
import { chooseNic, type InterfaceSelector, type Netifaces, newNetifaces } from "./netifaces.js";
import type { NicAddress, NicInfo, NicSnapshot, PerFamily } from "./os/types.js";
import { reachableServers } from "./stun-servers.js";
import type { InterfaceDeps, InterfaceOptions, SourceSpec } from "./types.js";

/** This machine: its sockets, clock, random numbers and environment. */
export const systemInterfaceDeps: InterfaceDeps = {
	sockets: ({ strict, ...source }) =>
		sourceRoute({ ...source, ...(strict ? { deviceBinding: "device" } : {}) }),
	bind: (route, { strict }) => route.bind({ strict }),
	observe: observeExternalAddress,
	discoverNat,
	resolve: resolveHost,
	memory: processStunServerMemory,
	netifaces: () => newNetifaces(),
	clock: systemClock,
	random: (size) => randomBytes(size),
	env: process.env,
};

/** What one start of an interface works with. */
export interface Start {
	readonly selector: InterfaceSelector;
	/** The interface itself: its sockets and routes name it as their NIC. */
	readonly nic: SourceSpec["nic"];
	readonly netifaces: Netifaces;
	/** How old an enumeration may be, in ms. */
	readonly maxAge: number;
	/** When the external addresses must be known, by the clock. */
	readonly deadline: number;
	readonly servers: readonly StunServerSpec[];
	readonly options: InterfaceOptions;
	readonly deps: InterfaceDeps;
	/** Called with the NIC before its addresses are observed: sockets ask the interface whether it is the default one. */
	readonly onFound: (info: NicInfo, snapshot: NicSnapshot) => void;
}

/** What a start found out. */
export interface StartResult extends Pick<InterfaceState, "pools" | "reasons"> {
	/** Whether several servers left all requests of a family unanswered: UDP is blocked. */
	readonly silent: PerFamily<boolean>;
}

/** How much of a timeout observations may use, in ms: all but the reserve, or three quarters of a short one. */
export function observationTime(timeout: number): number {
	return timeout - Math.min(START_RESERVE, timeout / 4);
}

/**
 * Finds the NIC and the routes of both families at once.
 *
 * @returns the pools, and the reasons why a family has no verified route
 * @throws NetifNotFoundError, NetifNoGatewayError, or the signal's reason
 */
export async function startInterface(start: Start, signal: AbortSignal): Promise<StartResult> {
	const { netifaces, maxAge, selector, onFound, options } = start;
	const snapshot = await netifaces.look({ maxAge, signal });
	const info = chooseNic(snapshot, selector);
	onFound(info, snapshot);
	const wanted = options.families ?? FAMILIES;
	const [four, six] = await Promise.all(
		FAMILIES.map((af) =>
			wanted.includes(af)
				? resolveFamily(start, info, snapshot, af, signal)
				: noRoutes(`IPv${af} was not asked for`),
		),
	);
	signal.throwIfAborted();
	const [v4, v6] = [four ?? noRoutes(""), six ?? noRoutes("")];
	return {
		pools: { 4: v4.pool, 6: v6.pool },
		reasons: { 4: v4.reason, 6: v6.reason },
		silent: { 4: v4.silent, 6: v6.silent },
	};
}

/** The routes of one family, and why none of them is verified. */
interface FamilyRoutes {
	readonly pool: RoutePool;
	/** `null` if a route is verified. */
	readonly reason: string | null;
	readonly silent: boolean;
}

function noRoutes(reason: string): FamilyRoutes {
	return { pool: new RoutePool([]), reason, silent: false };
}

async function resolveFamily(
	start: Start,
	info: NicInfo,
	snapshot: NicSnapshot,
	af: Family,
	signal: AbortSignal,
): Promise<FamilyRoutes> {
	const addresses = usableAddresses(info.addresses.filter((address) => address.af === af));
	if (addresses.length === 0) return noRoutes(whyNoAddress(info, af));
	const chosen = snapshot.defaults[af];
	const reachable = reachableServers(info, af, start.servers, snapshot.routesKnown[af]);
	const observations: ExternalAddress[] = [];
	const resolution = await resolveRoutes({
		af,
		nic: start.nic,
		addresses: addresses.map(({ ip, cidr }) => ({ ip: withoutOddZone(ip), cidr: cidr ?? bitsOf(af) })),
		observe: async (source, call) =>
			"reason" in reachable
				? { ip: null, reason: reachable.reason }
				: observeSource(start, info, reachable.servers, source, observations, call.signal),
		defaultSource: chosen?.name === info.name && chosen.source !== null ? chosen.source : undefined,
		signal,
	});
	return {
		pool: resolution.pool,
		reason: whyUnverified(resolution, info.name, af),
		silent: observations.length > 0 && observations.every(isSilence),
	};
}

/**
 * The external address of one source address of the NIC, as STUN servers see it. An outcome without an address has a
 * reason; nothing that the network does is an error.
 *
 * @throws the signal's reason
 */
async function observeSource(
	{ nic, options, deps, deadline }: Start,
	info: NicInfo,
	servers: readonly StunServerSpec[],
	{ af, ip }: ObservedSource,
	observations: ExternalAddress[],
	signal: AbortSignal | undefined,
): Promise<Observation> {
	const timeout = Math.min(OBSERVE_TIMEOUT, deadline - deps.clock.now());
	if (timeout <= 0) return { ip: null, reason: "no time was left to observe it" };
	const { strict = false, minAgree, maxServers } = options;
	const sockets = deps.sockets({ af, nic, ip, strict });
	const { clock, random, resolve, memory } = deps;
	const seen = await deps.observe(
		{
			servers,
			timeout,
			...(minAgree === undefined ? {} : { minAgree }),
			...(maxServers === undefined ? {} : { maxServers }),
			...(signal === undefined ? {} : { signal }),
		},
		{ sockets, clock, random, resolver: resolve, memory },
	);
	observations.push(seen);
	return toObservation(seen, filterHint(info, af));
}

/** Whether servers left all their requests unanswered. A refusal by the network is not silence. */
function isSilence({ status, asked, failures }: ExternalAddress): boolean {
	if (status !== "unreachable") return false;
	const silent = failures.filter(
		({ error }) => error instanceof StunTimeoutError && error.sends >= SILENT_REQUESTS,
	);
	return silent.length >= Math.max(2, Math.min(SILENT_SERVERS, asked));
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

/** Why answers may have been dropped: Linux's strict filter on a NIC without the default route. */
function filterHint(info: NicInfo, af: Family): string | null {
	if (af !== 4 || info.reversePathFilter !== "strict" || info.isDefault[4]) return null;
	return (
		`${info.name} has a strict reverse path filter and is not the default NIC, so Linux drops packets that arrive by it ` +
		`(set net.ipv4.conf.${info.name}.rp_filter=2)`
	);
}

/**
 * The addresses that new sockets may be bound to: not duplicate or tentative, and not deprecated while there is another
 * of the same scope (RFC 4862 section 5.5.4).
 */
function usableAddresses(all: readonly NicAddress[]): NicAddress[] {
	const ready = all.filter(({ tentative }) => tentative !== true);
	const preferred = new Set(ready.filter(({ deprecated }) => deprecated !== true).map(({ scope }) => scope));
	return ready.filter(({ deprecated, scope }) => deprecated !== true || !preferred.has(scope));
}

/** Linux allows characters in a NIC's name that a zone must not have. Such a NIC works, but for its link-local addresses. */
function withoutOddZone(ip: string): string {
	return isIp(ip) ? ip : ip.replace(/%.*$/s, "");
}

function whyNoAddress(info: NicInfo, af: Family): string {
	if (info.up === false) return `${info.name} is switched off`;
	if (info.running === false) return `the link of ${info.name} is down`;
	if (!info.addressesKnown[af]) return `the IPv${af} addresses of ${info.name} are not known`;
	const tentative = info.addresses.some((address) => address.af === af);
	return tentative
		? `no IPv${af} address of ${info.name} is ready: duplicate address detection has not finished`
		: `${info.name} has no IPv${af} address`;
}

function whyUnverified({ pool, unverified }: RouteResolution, name: string, af: Family): string | null {
	if (pool.routes.some((route) => route.isVerified)) return null;
	const reasons = [...new Set(unverified.map(({ reason }) => reason))];
	return reasons.join("; ") || `${name} has only link-local IPv${af} addresses`;
}
