import type { Socket } from "node:dgram";
import type { Clock } from "@p2pd/net";
import { KEEP_ALIVE, KEEP_ALIVE_MAX, KEEP_ALIVE_MIN } from "./defaults.js";
import type { PunchNat } from "./kind.js";
import type { UdpWinner } from "./udp-puncher.js";

/**
 * Keeps the punch's own datagrams away from the socket's listeners. Some arrive after the punch: repeats of what the
 * peer sent before it was done, and its keep-alive. A `pick` is answered, since the peer repeats it until it knows.
 */
export function hidePunchPackets({ socket, remote, packets, role }: UdpWinner): void {
	const emit = socket.emit.bind(socket) as (event: string | symbol, ...args: unknown[]) => boolean;
	const filtered = (event: string | symbol, ...args: unknown[]): boolean => {
		const [data] = args;
		const kind = event === "message" && data instanceof Uint8Array ? packets.read(data) : null;
		if (kind === null) return emit(event, ...args);
		if (kind === "pick" && role === "follower") send(socket, packets.make("picked"), remote);
		return true;
	};
	socket.emit = filtered as Socket["emit"];
}

/** Sends a keep-alive until the socket is closed. */
export function keepAlive({ socket, remote, packets }: UdpWinner, interval: number, clock: Clock): void {
	let timer: unknown = null;
	const again = (): void => {
		timer = clock.setTimeout(() => {
			send(socket, packets.make("keep"), remote);
			again();
		}, interval);
		// The socket keeps the process alive, not its keep-alive.
		if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as NodeJS.Timeout).unref();
	};
	again();
	socket.once("close", () => clock.clearTimeout(timer));
}

/** How often both NATs want to see traffic: half the shortest lifetime that is known. */
export function keepAliveInterval(nats: readonly PunchNat[]): number {
	const known = nats.map(({ lifetime }) => lifetime?.atLeast ?? null).filter((ms) => ms !== null);
	const interval = known.length === 0 ? KEEP_ALIVE : Math.min(...known) / 2;
	return Math.min(Math.max(interval, KEEP_ALIVE_MIN), KEEP_ALIVE_MAX);
}

function send(socket: Socket, data: Uint8Array, { ip, port }: UdpWinner["remote"]): void {
	// A keep-alive or an answer that cannot be sent is repeated anyway.
	socket.send(data, port, ip, () => undefined);
}
