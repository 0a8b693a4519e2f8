import type { Sender, UdpSocket } from "@p2pd/net";
import { StunConfigError } from "../errors.js";

/** Takes a datagram. Returns whether it was for this consumer. */
export type Consumer = (data: Buffer, from: Sender) => boolean;

/** The part of an event emitter that is replaced. */
interface Emitting {
	emit(event: string, ...values: unknown[]): boolean;
}

const taps = new WeakMap<object, Set<Consumer>>();

const isEmitting = (socket: object): socket is Emitting =>
	"emit" in socket && typeof socket.emit === "function";

/**
 * Puts a consumer before all listeners of a socket: a datagram that it takes reaches none of them. Node has no other way
 * to keep a datagram from listeners that other code has added.
 *
 * @returns a function that removes the consumer
 * @throws {StunConfigError} ERR_STUN_CONFIG if the socket is not an event emitter
 */
export function tapMessages(socket: UdpSocket, consumer: Consumer): () => void {
	const consumers = taps.get(socket) ?? install(socket);
	consumers.add(consumer);
	return () => {
		consumers.delete(consumer);
	};
}

function install(socket: UdpSocket): Set<Consumer> {
	const target: object = socket;
	if (!isEmitting(target))
		throw new StunConfigError("sockets must be an event emitter to be attached to", { argument: "sockets" });
	const consumers = new Set<Consumer>();
	const emit = target.emit;
	// It is never taken off again, since other code may have wrapped it meanwhile. Without consumers it changes nothing.
	target.emit = function (this: unknown, event: string, ...values: unknown[]): boolean {
		if (event === "message") {
			const [data, from] = values as [Buffer, Sender];
			for (const consumer of consumers) if (consumer(data, from)) return true;
		}
		return emit.call(this as Emitting, event, ...values);
	};
	taps.set(socket, consumers);
	return consumers;
}
