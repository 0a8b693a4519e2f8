import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { ipVersion } from "@p2pd/address";
import { type Endpoint, type Fields, is } from "@p2pd/net";
import { checkOptions } from "../arguments.js";
import { MAX_PORT_TRIES, SERVER_BURST, SERVER_RATE } from "../defaults.js";
import { errnoOf } from "../errors.js";
import { RateLimit } from "./rate-limit.js";
import { checkAddresses, RESPONDER_FIELDS, Responder, SERVER_DEP_FIELDS } from "./responder.js";
import { listenTcp } from "./tcp.js";
import type { StunServer, StunServerDeps, StunServerOptions } from "./types.js";

const OPTION_FIELDS: Fields = {
	...RESPONDER_FIELDS,
	tcp: is.boolean,
	maxConnections: is.whole(1, Number.MAX_SAFE_INTEGER),
	maxConnectionsPerSource: is.whole(1, Number.MAX_SAFE_INTEGER),
	idleTimeout: is.timeout,
};

async function bind(ip: string, port: number): Promise<Socket> {
	const family = ipVersion(ip) === 6 ? 6 : 4;
	const socket = createSocket({
		type: family === 4 ? "udp4" : "udp6",
		ipv6Only: family === 6,
		// All destinations are addresses. Node's own lookup would delay each reply by a turn of the event loop.
		lookup: (host, _, callback) => callback(null, host, family),
	});
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

/** Connects the sockets to a responder. */
function serveUdp(bound: readonly Bound[], options: StunServerOptions, deps: StunServerDeps): void {
	const primary = bound[0]?.address ?? options.primary;
	const limit = new RateLimit(options.rate ?? SERVER_RATE, options.burst ?? SERVER_BURST);
	const responder = new Responder({ ...options, primary, alternate: bound[1]?.address }, limit, deps);
	const { onError = (error: Error) => process.emitWarning(error) } = deps;
	const senders = new Map(bound.map(({ address, socket }) => [`${address.ip} ${address.port}`, socket]));
	for (const { address, socket } of bound) {
		socket.on("error", onError);
		socket.on("message", (data, { address: ip, port }) => {
			const reply = responder.reply(data, ip, port, address);
			if (reply === null || reply === "limited") return;
			const sender = reply.from === address ? socket : senders.get(`${reply.from.ip} ${reply.from.port}`);
			// A reply that cannot be sent is a lost datagram: the client asks again.
			if (sender !== undefined) sender.send(reply.data, reply.to.port, reply.to.ip, reply.sent);
		});
	}
}

interface Opened {
	readonly bound: readonly Bound[];
	close(): Promise<void>;
}

/** Binds everything, or nothing. */
async function open(options: StunServerOptions, deps: StunServerDeps): Promise<Opened> {
	const bound: Bound[] = [];
	const listeners: { close(): Promise<void> }[] = [];
	const closeAll = async (): Promise<void> => {
		const closing = [...bound.map(({ socket }) => close(socket)), ...listeners.map((each) => each.close())];
		await Promise.all(closing);
	};
	try {
		await bindAll(options, bound);
		if (options.tcp === true) {
			// A connection is answered on itself: there is no second address, and RFC 3489 has no TCP.
			const tcp = { ...options, alternate: undefined, rfc3489: false, padding: false, responsePort: false };
			// A limit of its own: over UDP, others can forge requests in the name of a source.
			const limit = new RateLimit(options.rate ?? SERVER_RATE, options.burst ?? SERVER_BURST);
			const responder = new Responder(tcp, limit, deps);
			const listening = await listenTcp(
				bound.map(({ address }) => address),
				responder,
				options,
				deps,
			);
			listeners.push(listening);
		}
		return { bound, close: closeAll };
	} catch (error) {
		await closeAll();
		throw error;
	}
}

/** A port that is free on one IP may be taken on the other, or for TCP. Then another one is tried. */
async function openSomewhere(options: StunServerOptions, deps: StunServerDeps): Promise<Opened> {
	const anyPort = options.primary.port === 0 || options.alternate?.port === 0;
	for (let triesLeft = anyPort ? MAX_PORT_TRIES : 1; ; triesLeft--) {
		try {
			return await open(options, deps);
		} catch (error) {
			const taken = error instanceof Error && errnoOf(error) === "EADDRINUSE";
			if (!taken || triesLeft <= 1) throw error;
		}
	}
}

/**
 * Runs a STUN server on one address, or on the four of two IPs and two ports. On an any-address replies carry no
 * RESPONSE-ORIGIN, since the server does not know which of its addresses was asked.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG for invalid options
 * @throws the system's error if an address cannot be bound
 */
export async function startStunServer(
	options: StunServerOptions,
	deps: StunServerDeps = {},
): Promise<StunServer> {
	checkOptions(options, OPTION_FIELDS, { required: ["primary"] });
	checkOptions(deps, SERVER_DEP_FIELDS);
	checkAddresses(options);
	const { bound, close } = await openSomewhere(options, deps);
	serveUdp(bound, options, deps);
	let closing: Promise<void> | undefined;
	const closeOnce = (): Promise<void> => (closing ??= close());
	return {
		primary: bound[0]?.address ?? options.primary,
		alternate: bound[1]?.address,
		close: closeOnce,
		[Symbol.asyncDispose]: closeOnce,
	};
}
