import type { Socket as DgramSocket } from "node:dgram";
import type { Server, Socket } from "node:net";
import { canonicalIp, ipVersion } from "@p2pd/address";
import {
	type ConnectOptions,
	type Endpoint,
	type Family,
	is,
	type ListenOptions,
	type NicRef,
	objectProblem,
	type SocketFactory,
	type UdpOptions,
	withDeadline,
} from "@p2pd/net";
import { TurnOptionError, TurnTimeoutError, TurnUnsupportedError } from "./errors.js";
import { checkSetup } from "./options.js";
import { familyOf, openWithin, Relay } from "./relay/relay.js";
import type { ServerPlace, TurnSetup } from "./relay/setup.js";
import type { TurnDeps, TurnRouteOptions } from "./types.js";

const UDP_FIELDS = {
	port: is.port,
	broadcast: is.boolean,
	v6only: is.boolean,
	to: is.text,
	reuse: is.boolean,
	ttl: is.whole(1, 255),
	signal: is.signal,
} as const;

/**
 * A TURN relay as a socket factory: what is sent from its sockets leaves the relay, and peers reach them at the
 * relayed address. It owns an allocation on the server, which is refreshed until `close()`.
 */
export class TurnRoute implements SocketFactory {
	readonly af: Family;
	/** The NIC that the way to the server uses; null where the kernel chooses. */
	readonly nic: NicRef | null;
	/** The relayed IP. */
	readonly localIp: string;
	/** The relayed address of the first allocation, which the first `udp()` gets. */
	readonly relayed: Endpoint;
	/** This host's address as the server sees it; null if the server does not say. */
	readonly mapped: Endpoint | null;
	/** The server in use, after redirections. */
	readonly server: Endpoint;
	/** With `evenPort: "pair"`: what opens a route on the next port. */
	readonly reservationToken: Buffer | null;
	/** With `bothFamilies`: the same relay in the other family; null if the server has no such address. */
	readonly other: SocketFactory | null;
	/**
	 * Resolves when the first allocation is over: with the error if it was lost, with null if it was given back.
	 * Further sockets can still be made.
	 */
	readonly lost: Promise<Error | null>;
	readonly #relay: Relay;

	/** Made by {@link turnRoute}. */
	constructor(relay: Relay, af: Family) {
		const { relayed, mapped, reservationToken } = relay.first.info;
		const own = relayed.find(({ ip }) => familyOf(ip) === af);
		const further = relayed.find(({ ip }) => familyOf(ip) !== af);
		if (own === undefined) throw new TurnUnsupportedError("family", `the relay gave no IPv${af} address`);
		this.#relay = relay;
		this.af = af;
		this.nic = relay.setup.sockets.nic;
		this.localIp = own.ip;
		this.relayed = own;
		this.mapped = mapped;
		this.server = relay.first.link.server;
		this.reservationToken = reservationToken;
		this.lost = relay.first.over;
		this.other = further === undefined ? null : otherFamily(relay, further.ip, this.nic);
	}

	/**
	 * A datagram socket at a relayed address: the route's own for the first, one of its own for each further one.
	 * Peers reach it once they were sent to, or their IP was permitted.
	 *
	 * @throws {TurnError} ERR_TURN_UNSUPPORTED for `ttl`, `broadcast` and a port of choice, ERR_TURN_PEER if the server
	 * refuses `to`, and what {@link turnRoute} throws; the signal's reason
	 */
	udp(options: UdpOptions = {}): Promise<DgramSocket> {
		return udp(this.#relay, this.af, options);
	}

	/** A connection from a relayed address (RFC 6062). */
	connect(_options: ConnectOptions): Promise<Socket> {
		return Promise.reject(new TurnUnsupportedError("connect", "TCP allocations are not supported"));
	}

	/** A server at a relayed address (RFC 6062). */
	listen(_options: ListenOptions = {}): Promise<Server> {
		return Promise.reject(new TurnUnsupportedError("listen", "TCP allocations are not supported"));
	}

	/**
	 * Lets a peer reach the sockets of this route, those there are and those to come, before anything is sent to it.
	 *
	 * @throws {TurnPeerError} ERR_TURN_PEER if the server refuses it; {@link TurnOptionError} if it is no IP
	 */
	async permit(ip: string): Promise<void> {
		if (typeof ip !== "string" || ipVersion(ip) === 0 || ip.includes("%")) {
			throw new TurnOptionError("ip", `must be an IP without zone, not ${JSON.stringify(ip)}`);
		}
		await this.#relay.permit(canonicalIp(ip));
	}

	/** Closes every socket and gives every allocation back. Resolves once nothing is left; never rejects. */
	close(): Promise<void> {
		return this.#relay.close();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}
}

function otherFamily(relay: Relay, localIp: string, nic: NicRef | null): SocketFactory {
	const af = familyOf(localIp);
	return {
		af,
		nic,
		localIp,
		udp: (options = {}) => udp(relay, af, options),
		connect: () => Promise.reject(new TurnUnsupportedError("connect", "TCP allocations are not supported")),
		listen: () => Promise.reject(new TurnUnsupportedError("listen", "TCP allocations are not supported")),
	};
}

async function udp(relay: Relay, af: Family, options: UdpOptions): Promise<DgramSocket> {
	const problem = objectProblem(options, "options", UDP_FIELDS);
	if (problem !== null) throw new TurnOptionError(problem.path, problem.message);
	return relay.udp(af, options);
}

/**
 * Opens a relay: finds the server, gets an allocation from it, and keeps that until `close()`.
 *
 * @throws {TurnError} ERR_TURN_OPTION for an argument that is wrong; ERR_TURN_NETWORK and ERR_TURN_TIMEOUT if the server
 * cannot be reached; ERR_TURN_AUTH for wrong credentials; ERR_TURN_RESPONSE with `status` 486 (quota), 508 (capacity),
 * 440 (family), ...; what the resolver throws; the signal's reason
 */
export async function turnRoute(options: TurnRouteOptions, deps: TurnDeps = {}): Promise<TurnRoute> {
	const setup = checkSetup(options, deps);
	const { bothFamilies, clock, evenPort, family, reservationToken, timeout, transport } = setup;
	const { signal } = options;
	return withDeadline(
		{
			timeout,
			clock,
			signal,
			onTimeout: () => new TurnTimeoutError({ ip: setup.host, port: setup.port }, "Allocate", timeout),
		},
		async (inner) => {
			const server = await findServer(setup, inner);
			const wish = { transport, relay: "udp", family, bothFamilies, evenPort, reservationToken } as const;
			const { allocation, place } = await openWithin(setup, server, wish, inner);
			const relay = new Relay(setup, place, allocation);
			try {
				return new TurnRoute(relay, family);
			} catch (error) {
				await relay.close();
				throw error;
			}
		},
	);
}

async function findServer(
	{ host, port, resolve, sockets }: TurnSetup,
	signal: AbortSignal,
): Promise<ServerPlace> {
	if (ipVersion(host) !== 0) {
		const ip = canonicalIp(host);
		if (familyOf(ip) !== sockets.af) {
			throw new TurnOptionError(
				"options.server",
				`is IPv${familyOf(ip)}, but the sockets are IPv${sockets.af}`,
			);
		}
		return { ip, port, host: ip };
	}
	const [ip = host] = await resolve(host, { af: sockets.af, signal }, { sockets });
	return { ip, port, host };
}
