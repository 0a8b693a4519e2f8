import type { EventEmitter } from "node:events";
import type { Server, Socket } from "node:net";
import { isIp } from "@p2pd/address";
import { type Endpoint, type Family, printable, sleep, withAbort } from "@p2pd/net";
import { TCP } from "@p2pd/pipe";
import { type TurnRoute, turnRoute } from "@p2pd/turn-client";
import { DIAL_TIMEOUT, RESEND } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import type { SecureLink } from "../secure/link.js";
import { readPreamble } from "../secure/preamble.js";
import type { NodeChannel, NodeSession, NodeStrategy } from "./types.js";

/*
 * Both nodes meet at a TURN server. One side has an allocation there and listens; the other one connects to the relayed
 * address as to any host. The dialer opens it if it has a server, else it asks the peer to.
 *
 *   at PORT IP     the sender listens there
 *   want           the sender has no relay: open one
 *   failed: WHY    the sender cannot
 */

/** Connections to a relayed address that are being secured at once: the permitted address may be of many hosts. */
const MAX_COMERS = 8;
/** Addresses of the peer that are permitted. */
const MAX_PERMITTED = 16;
const WANT = Buffer.from("want");
const FAILED = "failed:";

/** Meets the peer at a TURN server, of this node or of the peer. */
export const relayStrategy: NodeStrategy = {
	path: "relay",
	needsAnswer: true,
	plan(session) {
		return { ways: [{ key: "relay", af: null, to: null, run: (signal) => lead(session, signal) }] };
	},
	answer: follow,
};

/** A relayed address at which the peer may arrive. */
interface Relay {
	readonly at: Endpoint;
	readonly route: TurnRoute;
	/** Waits for the peer: the link, and the socket below it. */
	arrival(signal: AbortSignal): Promise<{ readonly link: SecureLink; readonly socket: EventEmitter }>;
}

type Message =
	| { readonly kind: "at"; readonly at: Endpoint }
	| { readonly kind: "want" }
	| { readonly kind: "failed"; readonly why: string };

/** The dialer's part. */
async function lead(session: NodeSession, signal: AbortSignal): Promise<SecureLink> {
	const channel = session.channel("relay");
	const opened = session.turn.length === 0 ? "this node has no TURN server" : await openAny(session, signal);
	if (typeof opened !== "string") {
		return atOurRelay(session, opened, signal, (inner) =>
			repeat(session, channel, encodeAt(opened.at), inner),
		);
	}
	return withAbort(signal, async (inner) => {
		const asking = repeat(session, channel, WANT, inner);
		const answer = await Promise.race([nextAnswer(channel), asking]);
		if (answer.kind === "failed")
			throw new NodeHandshakeError(`${opened}; the peer: ${printable(answer.why)}`);
		return atTheirRelay(session, answer.at, inner);
	});
}

/** The other side's part: goes to the dialer's relay, or opens its own. */
async function follow(session: NodeSession, signal: AbortSignal): Promise<SecureLink> {
	const channel = session.channel("relay");
	const fail = (why: string): Promise<void> => channel.send(Buffer.from(`${FAILED}${why}`.slice(0, 300)));
	for await (const data of channel.messages) {
		const message = decode(data);
		if (message?.kind === "at") {
			try {
				return await atTheirRelay(session, message.at, signal);
			} catch (error) {
				signal.throwIfAborted();
				await fail(`it cannot reach the relay: ${(error as Error).message}`).catch(() => undefined);
				throw error;
			}
		}
		if (message?.kind !== "want") continue;
		const opened = session.turn.length === 0 ? "it has no TURN server" : await openAny(session, signal);
		if (typeof opened === "string") {
			await fail(opened).catch(() => undefined);
			throw new NodeHandshakeError(opened);
		}
		return atOurRelay(session, opened, signal, (inner) =>
			repeat(session, channel, encodeAt(opened.at), inner),
		);
	}
	throw new NodeHandshakeError("the attempt is over");
}

/** Waits at our relay for the peer, and tells it meanwhile where that is. */
async function atOurRelay(
	session: NodeSession,
	{ arrival, route }: Relay,
	signal: AbortSignal,
	tell: (signal: AbortSignal) => Promise<never>,
): Promise<SecureLink> {
	try {
		const { link, socket } = await withAbort(signal, (inner) =>
			Promise.race([arrival(inner), refusal(session, inner), tell(inner)]),
		);
		// The relay is the connection's own from now on.
		socket.once("close", () => void route.close());
		return link;
	} catch (error) {
		await route.close();
		throw error;
	}
}

/** The first connection to the relay that proves to be the peer's. Whoever else comes is dropped. */
function firstComer(
	session: NodeSession,
	server: Server,
	signal: AbortSignal,
): Promise<{ readonly link: SecureLink; readonly socket: Socket }> {
	return new Promise((resolve, reject) => {
		let comers = 0;
		server.on("connection", (socket: Socket) => {
			socket.on("error", () => undefined);
			if (comers >= MAX_COMERS || signal.aborted) {
				socket.destroy();
				return;
			}
			comers++;
			secureComer(session, socket, signal)
				.then(
					(link) => {
						if (signal.aborted) link.close();
						else {
							server.close();
							resolve({ link, socket });
						}
					},
					() => socket.destroy(),
				)
				.finally(() => comers--);
		});
		server.on("error", (error) => reject(new NodeHandshakeError(`the relay is lost: ${error.message}`)));
		signal.addEventListener("abort", () => reject(signal.reason), { once: true });
	});
}

async function secureComer(session: NodeSession, socket: Socket, signal: AbortSignal): Promise<SecureLink> {
	const preamble = await readPreamble(socket, session.clock, signal);
	if (preamble.kind !== "attempt" || preamble.attempt !== session.attempt) {
		throw new NodeHandshakeError("a connection of another attempt");
	}
	return session.secureStream(socket, "server", signal);
}

/** Connects to the peer's relay. */
async function atTheirRelay(session: NodeSession, at: Endpoint, signal: AbortSignal): Promise<SecureLink> {
	const timeout = new AbortController();
	const timer = session.clock.setTimeout(
		() => timeout.abort(new NodeHandshakeError(`no answer in ${DIAL_TIMEOUT / 1000} s`)),
		DIAL_TIMEOUT,
	);
	const either = AbortSignal.any([signal, timeout.signal]);
	try {
		const sockets = session.sockets(at.ip.includes(":") ? 6 : 4);
		if (session.transport === TCP) {
			return await session.enterPort(await sockets.connect({ ...at, signal: either }), either);
		}
		const socket = await sockets.udp({ to: at.ip, port: 0, signal: either });
		return await session.secureDatagrams(socket, at, "client", either);
	} finally {
		session.clock.clearTimeout(timer);
	}
}

/** Opens a relay at the first of our servers that gives one; else says why none does. */
async function openAny(session: NodeSession, signal: AbortSignal): Promise<Relay | string> {
	const reasons: string[] = [];
	for (const server of session.turn) {
		for (const { own, relayed } of familiesOf(session)) {
			try {
				return await open(session, server, own, relayed, signal);
			} catch (error) {
				signal.throwIfAborted();
				reasons.push((error as Error).message);
			}
		}
	}
	return [...new Set(reasons)].join("; ") || "no address family in common with the peer";
}

/** The family by which a server is reached, and that of the relayed address: one that the peer has, best our own. */
function familiesOf(session: NodeSession): readonly { readonly own: Family; readonly relayed: Family }[] {
	const ours = [...new Set(session.bases.map(({ af }) => af))].sort();
	const theirs = new Set(session.theirs.candidates.map(({ af }) => af));
	return ours.flatMap((own) => {
		const relayed = theirs.has(own) ? own : [...theirs][0];
		return relayed === undefined ? [] : [{ own, relayed }];
	});
}

async function open(
	session: NodeSession,
	text: string,
	own: Family,
	relayed: Family,
	signal: AbortSignal,
): Promise<Relay> {
	const { credentials, server } = parseTurn(text);
	const first = session.transport === TCP ? "tcp" : "udp";
	const route = await turnRoute(
		{ server, credentials, sockets: session.sockets(own), family: relayed, first, signal },
		{ clock: session.clock, random: session.random },
	);
	try {
		await permitPeer(session, route, relayed);
		return { at: route.relayed, route, arrival: await arrivals(session, route, signal) };
	} catch (error) {
		await route.close();
		throw error;
	}
}

/** Opens what the peer arrives at. */
async function arrivals(
	session: NodeSession,
	route: TurnRoute,
	signal: AbortSignal,
): Promise<Relay["arrival"]> {
	if (session.transport === TCP) {
		const server = await route.listen({ signal });
		return (inner) => firstComer(session, server, inner);
	}
	const socket = await route.udp({ signal });
	return async (inner) => ({
		link: await session.secureDatagrams(socket, route.relayed, "server", inner),
		socket,
	});
}

/** Permits the addresses that the peer tells. The server may refuse some: private ones, often. */
async function permitPeer(session: NodeSession, route: TurnRoute, af: Family): Promise<void> {
	const ips = [...new Set(session.theirs.candidates.filter((one) => one.af === af).map(({ ip }) => ip))];
	const results = await Promise.allSettled(ips.slice(0, MAX_PERMITTED).map((ip) => route.permit(ip)));
	const [refused] = results.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
	if (refused !== undefined && results.every(({ status }) => status === "rejected")) throw refused;
}

/** Reads `turn:USER:PASS@HOST:PORT`, percent-encoded; also `turns:` and `?transport=tcp`. */
function parseTurn(text: string): {
	readonly server: string;
	readonly credentials: { readonly username: string; readonly password: string };
} {
	const parts = /^(turns?:)?([^:@]*):([^@]*)@(.+)$/i.exec(text);
	const [, scheme = "turn:", username = "", password = "", host = ""] = parts ?? [];
	if (parts === null) throw new NodeHandshakeError("a TURN server is given as turn:USER:PASS@HOST:PORT");
	return {
		server: `${scheme}${host}`,
		credentials: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
	};
}

/** Sends a message again and again until the signal aborts; then rejects. */
async function repeat(
	session: NodeSession,
	channel: NodeChannel,
	data: Buffer,
	signal: AbortSignal,
): Promise<never> {
	for (;;) {
		await channel.send(data).catch(() => undefined);
		await sleep(RESEND, session.clock, signal);
	}
}

/** Rejects when the peer says that it cannot. */
async function refusal(session: NodeSession, signal: AbortSignal): Promise<never> {
	for await (const data of session.channel("relay").messages) {
		signal.throwIfAborted();
		const message = decode(data);
		if (message?.kind === "failed") throw new NodeHandshakeError(`the peer: ${printable(message.why)}`);
	}
	throw new NodeHandshakeError("the attempt is over");
}

async function nextAnswer(channel: NodeChannel): Promise<Exclude<Message, { kind: "want" }>> {
	for await (const data of channel.messages) {
		const message = decode(data);
		if (message !== null && message.kind !== "want") return message;
	}
	throw new NodeHandshakeError("the attempt is over");
}

function encodeAt({ ip, port }: Endpoint): Buffer {
	return Buffer.from(`at ${port} ${ip}`);
}

function decode(data: Uint8Array): Message | null {
	const text = Buffer.from(data).toString("utf8");
	if (text === "want") return { kind: "want" };
	if (text.startsWith(FAILED)) return { kind: "failed", why: text.slice(FAILED.length) };
	const [, port = "", ip = ""] = /^at (\d{1,5}) (\S+)$/.exec(text) ?? [];
	if (!isIp(ip) || ip.includes("%") || Number(port) < 1 || Number(port) > 65_535) return null;
	return { kind: "at", at: { ip, port: Number(port) } };
}
