import { Buffer } from "node:buffer";
import type { Socket } from "node:dgram";
import type { DatagramHandler, HostPort, MemoryNetwork, ServiceMakers } from "../../src/index.js";

/**
 * A server that tells who it saw. A request is one letter: "=" answers from where it arrived, "p" from the
 * other port, "b" from the other address and port. The answer is JSON: { saw, at }.
 */
const mirror =
	(alternate: HostPort | null, primary: HostPort): DatagramHandler =>
	(data, from, localTo) => {
		const letter = Buffer.from(data).toString()[0];
		const otherPort = localTo.port === primary.port ? (alternate?.port ?? primary.port) : primary.port;
		const otherIp = localTo.ip === primary.ip ? (alternate?.ip ?? primary.ip) : primary.ip;
		const answer = {
			data: Buffer.from(JSON.stringify({ saw: from, at: localTo, request: Buffer.from(data).toString() })),
		};
		if (letter === "p") return [{ ...answer, from: { ip: localTo.ip, port: otherPort } }];
		if (letter === "b") return [{ ...answer, from: { ip: otherIp, port: otherPort } }];
		return [answer];
	};

export const mirrors: ServiceMakers = { stun: ({ primary, alternate }) => mirror(alternate, primary) };

/** What a mirror told, and from where. */
export interface Seen {
	readonly saw: HostPort;
	readonly at: HostPort;
	readonly from: HostPort;
}

/** Asks a mirror; null when nothing came back within 500 ms of the network's time. */
export function ask(
	network: MemoryNetwork,
	socket: Socket,
	to: HostPort,
	letter = "=",
): Promise<Seen | null> {
	const request = `${letter}${network.random.uint32()}`;
	return network.clock.runUntil(
		new Promise((resolve) => {
			const timer = network.clock.setTimeout(() => finish(null), 500);
			const onMessage = (data: Buffer, info: { address: string; port: number }): void => {
				const told = JSON.parse(data.toString()) as Omit<Seen, "from"> & { request: string };
				if (told.request !== request) return;
				finish({ saw: told.saw, at: told.at, from: { ip: info.address, port: info.port } });
			};
			const finish = (seen: Seen | null): void => {
				socket.off("message", onMessage);
				network.clock.clearTimeout(timer);
				resolve(seen);
			};
			socket.on("message", onMessage);
			socket.send(Buffer.from(request), to.port, to.ip);
		}),
	);
}
