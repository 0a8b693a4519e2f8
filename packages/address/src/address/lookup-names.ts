import type { Clock } from "../clock.js";
import { HEDGE_MS } from "../defaults.js";
import { askSystem } from "../dns/ask-system.js";
import { type DnsServer, queryServers } from "../dns/query-servers.js";
import type { AskFamily, DnsAttempt, DnsSockets, SystemLookup } from "../dns/types.js";
import type { Family } from "../types.js";
import type { AddressRoute } from "./types.js";

/** What looking names up takes. */
export interface LookupContext {
	/** null: the system resolver. */
	readonly servers: readonly DnsServer[] | null;
	readonly route: AddressRoute | null;
	readonly systemLookup: SystemLookup;
	readonly serverSockets: (af: Family) => DnsSockets;
	readonly clock: Clock;
	readonly random: (size: number) => Uint8Array;
	/** Filled with each exchange with a server. */
	readonly attempts: DnsAttempt[];
}

/** The way to a name's addresses: the servers through the route, or the system resolver. */
export function askerFor(host: string, context: LookupContext): AskFamily {
	const { servers, route, serverSockets, systemLookup, clock } = context;
	if (servers === null) return askSystem(host, systemLookup, HEDGE_MS, clock);
	const socketsFor = (af: Family): DnsSockets | undefined => {
		if (route === null) return serverSockets(af);
		return route.af === af ? route : undefined;
	};
	return (af, signal) => queryServers(host, af, { ...context, servers, socketsFor }, signal);
}

/** Whether a name is this machine's by definition: RFC 6761 section 6.3. */
export function isLocalhost(host: string): boolean {
	return /(^|\.)localhost\.?$/i.test(host);
}
