import type { Socket } from "node:net";
import { type Clock, DeadlineTimer, type Endpoint, type RandomBytes } from "@p2pd/net";
import { StunDecodeError } from "@p2pd/stun-client";
import { decodeMessage } from "@p2pd/stun-client/codec";
import type { StunLongTermAuth } from "@p2pd/stun-client/transport";
import { attribute } from "../codec/attributes.js";
import { StreamFramer } from "../codec/stream-framer.js";
import { type RequestEvent, TurnRequests } from "../core/requests.js";
import { errnoOf, responseError, TurnNetworkError, TurnProtocolError } from "../errors.js";
import { openStream, type StreamPlan } from "../link/open-stream.js";
import { closeStream } from "../link/stream-link.js";

/** What a data connection is for (RFC 6062 section 4.4). */
export interface DataConnectionPlan extends StreamPlan {
	readonly auth: StunLongTermAuth;
	readonly connectionId: number;
	/** The relayed address, and the peer's: what the socket reports as its ends. */
	readonly relayed: Endpoint;
	readonly peer: Endpoint;
	/** Keeps the process alive, or not, beside the connection. */
	keepAlive(alive: boolean): void;
}

/**
 * Opens a connection to the server and binds it to a connection of the relay with a peer. What is written to it from
 * then on reaches the peer.
 *
 * @throws TurnError of any kind; the signal's reason
 */
export async function openDataConnection(
	plan: DataConnectionPlan,
	deps: { readonly clock: Clock; readonly random: RandomBytes },
	signal: AbortSignal | undefined,
): Promise<Socket> {
	const socket = await openStream(plan, signal);
	try {
		await bind(socket, plan, deps, signal);
	} catch (error) {
		await closeStream(socket);
		throw error;
	}
	return relayedSocket(socket, plan);
}

/**
 * Reads with "readable", and takes that off again: the socket then is as fresh as a connected one, whose data waits
 * until somebody listens.
 */
function bind(
	socket: Socket,
	{ server, auth, connectionId }: DataConnectionPlan,
	{ clock, random }: { readonly clock: Clock; readonly random: RandomBytes },
	signal: AbortSignal | undefined,
): Promise<void> {
	return new Promise((resolve, reject) => {
		const framer = new StreamFramer();
		const requests = new TurnRequests<"bind">({ server, reliable: true, auth }, random);
		const timer = new DeadlineTimer(clock, {
			expire: (now) => {
				run(requests.due(now));
				return requests.nextAt();
			},
		});
		const settle = (): void => {
			timer.clear();
			socket.off("readable", onReadable);
			socket.off("error", onError);
			socket.off("close", onClose);
			signal?.removeEventListener("abort", onAbort);
		};
		const fail = (error: unknown): void => {
			settle();
			// An error that arrives while it closes changes nothing.
			socket.on("error", () => undefined);
			reject(error);
		};
		/** Returns whether the binding is over. */
		const run = (events: readonly RequestEvent<"bind">[]): boolean => {
			for (const event of events) {
				if (event.kind === "send") socket.write(event.bytes);
				else if (event.kind === "credentials") return run(requests.replaceCredentials(null, clock.now()));
				else {
					if (event.kind === "answer") {
						settle();
						const rest = framer.rest();
						if (rest.length > 0) socket.unshift(rest);
						resolve();
					} else fail(event.kind === "failed" ? event.error : responseError({ ...event, server }));
					return true;
				}
			}
			return false;
		};
		const receive = (frame: Buffer): boolean => {
			const now = clock.now();
			return run(requests.receive(decodeMessage(frame), now)) || run(requests.due(now));
		};
		const onReadable = (): void => {
			try {
				for (;;) {
					const frame = framer.next();
					if (frame !== null) {
						if (receive(frame)) return;
						continue;
					}
					const chunk: Buffer | null = socket.read();
					if (chunk === null) return;
					framer.push(chunk);
				}
			} catch (error) {
				const isNonsense = error instanceof StunDecodeError || error instanceof Error;
				fail(
					isNonsense
						? new TurnProtocolError(server, `no answer to ConnectionBind: ${error.message}`, error)
						: error,
				);
			}
		};
		const onError = (error: Error): void => fail(new TurnNetworkError(server, errnoOf(error), error));
		const onClose = (): void => fail(new TurnNetworkError(server, "ECONNRESET"));
		const onAbort = (): void => fail(signal?.reason);
		if (signal?.aborted === true) {
			fail(signal.reason);
			return;
		}
		socket.on("error", onError);
		socket.on("close", onClose);
		socket.on("readable", onReadable);
		signal?.addEventListener("abort", onAbort, { once: true });
		const now = clock.now();
		requests.begin(
			{ tag: "bind", method: "ConnectionBind", attributes: () => [attribute.connectionId(connectionId)] },
			now,
		);
		run(requests.due(now));
		timer.add(requests.nextAt() - now);
	});
}

/** The socket as its user sees it: its ends are the relayed address and the peer. */
function relayedSocket(socket: Socket, { relayed, peer, keepAlive }: DataConnectionPlan): Socket {
	const family = (ip: string): string => (ip.includes(":") ? "IPv6" : "IPv4");
	const [ref, unref, destroy] = [socket.ref, socket.unref, socket.destroy].map((method) =>
		method.bind(socket),
	);
	const own = {
		localAddress: relayed.ip,
		localPort: relayed.port,
		localFamily: family(relayed.ip),
		remoteAddress: peer.ip,
		remotePort: peer.port,
		remoteFamily: family(peer.ip),
		address: () => ({ address: relayed.ip, port: relayed.port, family: family(relayed.ip) }),
		ref: () => {
			keepAlive(true);
			return ref?.();
		},
		unref: () => {
			keepAlive(false);
			return unref?.();
		},
		// coturn answers the end of a connection with a reset. After our own end that is no error: the socket closes, and
		// without "end" if the peer had not finished.
		destroy: (error?: Error) => {
			const isOver = socket.writableFinished && error !== undefined && errnoOf(error) === "ECONNRESET";
			return destroy?.(isOver ? undefined : error);
		},
	};
	for (const [name, value] of Object.entries(own)) {
		Object.defineProperty(socket, name, { value, configurable: true, writable: true, enumerable: false });
	}
	return socket;
}
