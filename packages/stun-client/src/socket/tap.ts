import type { Sender, UdpSocket } from "../types.js";

/** Takes a datagram and says whether it was its own. */
export type Consumer = (data: Buffer, from: Sender) => boolean;

/** The part of an event emitter that a tap replaces. */
interface Emitting {
	emit(event: string, ...values: unknown[]): boolean;
}

const taps = new WeakMap<object, Set<Consumer>>();

const isEmitting = (socket: object): socket is Emitting =>
	"emit" in socket && typeof socket.emit === "function";

/**
 * Puts a consumer before a socket's listeners: the datagrams that it takes reach none of them, whenever they were
 * added. Node gives no other way to keep a datagram from listeners that somebody else has put there.
 *
 * @returns a function that takes the consumer away again
 * @throws {TypeError} when the socket is not an event emitter
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
	if (!isEmitting(target)) throw new TypeError("only an event emitter can be attached to");
	const consumers = new Set<Consumer>();
	const emit = target.emit;
	// It stays when the last consumer is gone, as a pass-through: somebody may have put a wrapper of their own over it.
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
