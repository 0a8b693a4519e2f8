import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { ipVersion, isIp } from "@p2pd/address";
import type { Endpoint } from "@p2pd/net";
import { MAX_PORT_TRIES, SERVER_BURST, SERVER_RATE } from "../defaults.js";
import { errnoOf, StunConfigError } from "../errors.js";
import { RateLimit } from "./rate-limit.js";
import { checkResponderOptions, respondWithin } from "./responder.js";
import { listenTcp } from "./tcp.js";
import type { StunServer, StunServerDeps, StunServerOptions } from "./types.js";

async function bind(ip: string, port: number): Promise<Socket> {
	const socket = createSocket({ type: ipVersion(ip) === 4 ? "udp4" : "udp6", ipv6Only: ipVersion(ip) === 6 });
	const listening = once(socket, "listening");
	socket.bind(port, ip);
	try {
		await listening;
	} catch (error) {
		socket.close();
		throw error;
	}
	return socket;
}

const close = (socket: Socket): Promise<void> => new Promise((resolve) => socket.close(() => resolve()));

function checkAddress({ ip, port }: Endpoint): void {
	if (!isIp(ip) || !Number.isInteger(port) || port < 0 || port > 65535) {
		throw new StunConfigError(`${ip} port ${port} is no address to listen on`);
	}
}

function checkOptions({ primary, alternate }: StunServerOptions): void {
	checkAddress(primary);
	if (alternate === undefined) return;
	checkAddress(alternate);
	if (alternate.ip === primary.ip || ipVersion(alternate.ip) !== ipVersion(primary.ip)) {
		throw new StunConfigError("the alternate address must have another IP of the same family");
	}
}

interface Bound {
	readonly address: Endpoint;
	readonly socket: Socket;
}

/** The primary address first, then the alternate, then the two mixed ones. */
async function bindAll({ primary, alternate }: StunServerOptions, bound: Bound[]): Promise<void> {
	const add = async (ip: string, port: number): Promise<number> => {
		const socket = await bind(ip, port);
		bound.push({ address: { ip, port: socket.address().port }, socket });
		return socket.address().port;
	};
	const firstPort = await add(primary.ip, primary.port);
	if (alternate === undefined) return;
	const secondPort = await add(alternate.ip, alternate.port);
	await add(primary.ip, secondPort);
	await add(alternate.ip, firstPort);
}

/** Connects the sockets to the responder. */
function serveUdp(
	bound: readonly Bound[],
	options: StunServerOptions,
	limit: RateLimit,
	deps: StunServerDeps,
): void {
	const primary = bound[0]?.address ?? options.primary;
	const respond = respondWithin(limit, { ...options, primary, alternate: bound[1]?.address }, deps);
	const { onError = (error: Error) => process.emitWarning(error) } = deps;
	for (const { address, socket } of bound) {
		socket.on("error", onError);
		socket.on("message", (data, { address: ip, port }) => {
			for (const reply of respond(data, { ip, port }, address)) {
				const sender = bound.find(
					(each) => each.address.ip === reply.from.ip && each.address.port === reply.from.port,
				);
				// A reply that cannot be sent is a lost datagram: the client sends again.
				sender?.socket.send(reply.data, reply.to.port, reply.to.ip, () => undefined);
			}
		});
	}
}

interface Opened {
	readonly bound: readonly Bound[];
	close(): Promise<void>;
}

/** Binds everything, or nothing. */
async function open(options: StunServerOptions, limit: RateLimit, deps: StunServerDeps): Promise<Opened> {
	const bound: Bound[] = [];
	const listeners: { close(): Promise<void> }[] = [];
	const closeAll = async (): Promise<void> => {
		const closing = [...bound.map(({ socket }) => close(socket)), ...listeners.map((each) => each.close())];
		await Promise.all(closing);
	};
	try {
		await bindAll(options, bound);
		if (options.tcp === true) {
			// A connection is answered on itself: no second address, and no RFC 3489, which has none of it.
			const tcp = { ...options, alternate: undefined, rfc3489: false, padding: false };
			const respond = respondWithin(limit, tcp, deps);
			for (const { address } of bound) listeners.push(await listenTcp(address, respond, options, deps));
		}
		return { bound, close: closeAll };
	} catch (error) {
		await closeAll();
		throw error;
	}
}

/** A free port of one IP and protocol may be taken on the other IP, or for TCP: then another one is tried. */
async function openSomewhere(
	options: StunServerOptions,
	limit: RateLimit,
	deps: StunServerDeps,
): Promise<Opened> {
	const anyPort = options.primary.port === 0 || options.alternate?.port === 0;
	for (let triesLeft = anyPort ? MAX_PORT_TRIES : 1; ; triesLeft--) {
		try {
			return await open(options, limit, deps);
		} catch (error) {
			const taken = error instanceof Error && errnoOf(error) === "EADDRINUSE";
			if (!taken || triesLeft <= 1) throw error;
		}
	}
}

/**
 * Runs a STUN server: on one address, or on the four of two IPs and two ports.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG when the addresses cannot be meant
 * @throws the system's error when an address cannot be bound
 */
export async function startStunServer(
	options: StunServerOptions,
	deps: StunServerDeps = {},
): Promise<StunServer> {
	checkOptions(options);
	checkResponderOptions(options);
	const limit = new RateLimit(options.rate ?? SERVER_RATE, options.burst ?? SERVER_BURST);
	const { bound, close } = await openSomewhere(options, limit, deps);
	serveUdp(bound, options, limit, deps);
	let closing: Promise<void> | undefined;
	const closeOnce = (): Promise<void> => (closing ??= close());
	return {
		primary: bound[0]?.address ?? options.primary,
		alternate: bound[1]?.address,
		close: closeOnce,
		[Symbol.asyncDispose]: closeOnce,
	};
}
