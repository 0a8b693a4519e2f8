import type { Socket as DgramSocket } from "node:dgram";
import type { Server, Socket } from "node:net";
import { canonicalIp, ipVersion } from "@p2pd/address";
import {
	type ConnectOptions,
	type Endpoint,
	type Family,
	type Fields,
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
import { asUnsupported, connectRelayed, controlTransport, listenRelayed } from "./relay/streams.js";
import type { TurnDeps, TurnRouteOptions } from "./types.js";

const SOCKET_FIELDS = { reuse: is.boolean, ttl: is.whole(1, 255), signal: is.signal } as const;

const UDP_FIELDS = {
	...SOCKET_FIELDS,
	port: is.port,
	broadcast: is.boolean,
	v6only: is.boolean,
	to: is.text,
} as const;

const CONNECT_FIELDS = {
	...SOCKET_FIELDS,
	ip: is.text,
	port: is.remotePort,
	localPort: is.port,
	lingerSeconds: is.whole(0, 65_535),
} as const;

const LISTEN_FIELDS = {
	...SOCKET_FIELDS,
	port: is.port,
	backlog: is.whole(1, Number.MAX_SAFE_INTEGER),
	v6only: is.boolean,
	lingerSeconds: is.whole(0, 65_535),
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
	/** The sockets that lead to the server: names are resolved through them, never through the relay. */
	readonly nameSockets: SocketFactory;
	/** The relayed address of the first allocation, which the first socket of its kind gets. */
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
		this.nameSockets = relay.setup.sockets;
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

	/**
	 * A connection from a relayed address of its own (RFC 6062). The socket reports the relayed address and the peer as
	 * its ends. It needs TCP or TLS to the server, also where datagrams go over UDP.
	 *
	 * @throws {TurnError} ERR_TURN_UNSUPPORTED if the server has no TCP allocations, and for `ttl` and `localPort`;
	 * ERR_TURN_PEER if it refuses the peer or cannot connect to it, and what {@link turnRoute} throws; the signal's reason
	 */
	connect(options: ConnectOptions): Promise<Socket> {
		return connect(this.#relay, this.af, options);
	}

	/**
	 * A server at a relayed address of its own (RFC 6062), which peers reach once their IP was permitted.
	 *
	 * @throws {TurnError} as {@link TurnRoute.connect}
	 */
	listen(options: ListenOptions = {}): Promise<Server> {
		return listen(this.#relay, this.af, options);
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
		nameSockets: relay.setup.sockets,
		udp: (options = {}) => udp(relay, af, options),
		connect: (options) => connect(relay, af, options),
		listen: (options = {}) => listen(relay, af, options),
	};
}

async function udp(relay: Relay, af: Family, options: UdpOptions): Promise<DgramSocket> {
	check(options, UDP_FIELDS);
	return relay.udp(af, options);
}

async function connect(relay: Relay, af: Family, options: ConnectOptions): Promise<Socket> {
	check(options, CONNECT_FIELDS, ["ip", "port"]);
	const { ip } = options;
	if (ipVersion(ip) !== af || ip.includes("%")) {
		throw new TurnOptionError(
			"options.ip",
			`must be an IPv${af} address without zone, not ${JSON.stringify(ip)}`,
		);
	}
	return connectRelayed(relay, af, { ...options, ip: canonicalIp(ip) });
}

async function listen(relay: Relay, af: Family, options: ListenOptions): Promise<Server> {
	check(options, LISTEN_FIELDS);
	return listenRelayed(relay, af, options);
}

function check(options: object, fields: Fields, required: readonly string[] = []): void {
	const problem = objectProblem(options, "options", fields, { required });
	if (problem !== null) throw new TurnOptionError(problem.path, problem.message);
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
	const { bothFamilies, clock, evenPort, family, first, reservationToken, timeout, transport } = setup;
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
			const { allocation, place } = await openWithin(
				setup,
				server,
				{
					transport: first === "udp" ? transport : controlTransport(setup),
					relay: first,
					family,
					bothFamilies,
					evenPort,
					reservationToken,
				},
				inner,
			).catch((error: unknown) => {
				throw first === "udp" ? error : asUnsupported("first", error);
			});
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
