import { type Endpoint, endpointText, type Family } from "@p2pd/net";
import { StunLongTermAuth } from "@p2pd/stun-client/transport";
import type { AllocationPlan } from "../core/allocation-core.js";
import { MAX_PORT_TRIES, MAX_REDIRECTS } from "../defaults.js";
import { TurnOptionError, TurnResponseError } from "../errors.js";
import { openStream } from "../link/open-stream.js";
import { StreamLink } from "../link/stream-link.js";
import type { Link } from "../link/types.js";
import { openUdpLink } from "../link/udp-link.js";
import type { TurnCredentials, TurnTransport } from "../types.js";
import { Allocation } from "./allocation.js";
import { CREDENTIALS, type ServerPlace, type TurnSetup } from "./setup.js";

/** What one allocation is asked to be. */
export interface AllocationWish {
	/** How the server is reached. */
	readonly transport: TurnTransport;
	/** What the relay speaks to peers. */
	readonly relay: "udp" | "tcp";
	readonly family: Family;
	readonly bothFamilies: boolean;
	readonly evenPort: boolean | "pair";
	readonly reservationToken: Uint8Array | null;
}

/** An allocation, and the server that granted it. */
export interface OpenedAllocation {
	readonly allocation: Allocation;
	readonly place: ServerPlace;
}

/**
 * Opens a link to the server and an allocation over it. It goes where the server sends it (300), and takes another
 * local port where the server remembers an old client at this one (437).
 *
 * @throws TurnError of any kind; the signal's reason
 */
export async function openAllocation(
	setup: TurnSetup,
	server: ServerPlace,
	wish: AllocationWish,
	signal: AbortSignal,
): Promise<OpenedAllocation> {
	const credentials = await credentialsOf(setup);
	const tried = new Set<string>();
	let place = server;
	for (let ports = 1; ; ) {
		signal.throwIfAborted();
		tried.add(endpointText(place));
		const link = await openLink(setup, place, wish.transport, signal);
		const plan = planOf(setup, wish, place, link, new StunLongTermAuth(credentials));
		const allocation = new Allocation(link, plan, {
			clock: setup.clock,
			random: setup.random,
			renewCredentials: async () => (typeof setup.credentials === "function" ? credentialsOf(setup) : null),
		});
		try {
			const event = await allocation.open(signal);
			if (event.kind === "allocated") return { allocation, place };
			const next = event.kind === "redirected" ? nextPlace(event.to, event.domain, place, tried) : null;
			const retry =
				event.error instanceof TurnResponseError && event.error.status === 437 && ports < MAX_PORT_TRIES;
			if (next === null && !retry) throw event.error;
			await allocation.abandon();
			if (next === null) ports++;
			else place = next;
		} catch (error) {
			await allocation.abandon();
			throw error;
		}
	}
}

async function credentialsOf({ credentials }: TurnSetup): Promise<TurnCredentials> {
	if (typeof credentials !== "function") return credentials;
	const given = await credentials();
	const problem = CREDENTIALS(given, "options.credentials()");
	if (problem !== null) throw new TurnOptionError(problem.path, problem.message);
	return given;
}

/** Where a 300 leads, if it is gone to: to the same family, and not in a circle (RFC 8489 section 10). */
function nextPlace(
	to: Endpoint,
	domain: string | null,
	from: ServerPlace,
	tried: ReadonlySet<string>,
): ServerPlace | null {
	if (tried.size > MAX_REDIRECTS || tried.has(endpointText(to))) return null;
	if (to.ip.includes(":") !== from.ip.includes(":")) return null;
	return { ip: to.ip, port: to.port, host: domain ?? from.host };
}

async function openLink(
	{ sockets, tls }: TurnSetup,
	{ ip, port, host }: ServerPlace,
	transport: TurnTransport,
	signal: AbortSignal,
): Promise<Link> {
	const server = { ip, port };
	if (transport === "udp") return openUdpLink(sockets, server, signal);
	const socket = await openStream({ sockets, server, host, tls: transport === "tls" ? tls : null }, signal);
	return new StreamLink(socket, server);
}

function planOf(
	{ keepAlive, dontFragment }: TurnSetup,
	wish: AllocationWish,
	{ ip, port }: ServerPlace,
	link: Link,
	auth: StunLongTermAuth,
): AllocationPlan {
	const { relay, family, bothFamilies, evenPort, reservationToken } = wish;
	// IPv4 is what servers of RFC 5766 give too. A token says its family itself, and two families are asked for by the
	// second one alone (RFC 8656 section 7.1).
	const asksFamily = family === 6 && !bothFamilies && reservationToken === null;
	return {
		server: { ip, port },
		reliable: link.reliable,
		auth,
		relay,
		family: asksFamily ? 6 : null,
		additionalFamily: bothFamilies ? 6 : null,
		evenPort,
		reservationToken,
		dontFragment: dontFragment && relay === "udp",
		keepAlive,
	};
}
