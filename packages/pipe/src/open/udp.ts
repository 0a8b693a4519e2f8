import type { Socket } from "node:dgram";
import { PipeBindError, PipeOptionError } from "../errors.js";
import { peerText } from "../peer.js";
import { Pipe } from "../pipe.js";
import type { Peer, PipeEndpoint } from "../types.js";
import { connectedPeer, UdpTransport } from "../udp/udp-transport.js";
import { factoryOf, type Opening, pipeInit } from "./opening.js";
import { familyOf } from "./resolve.js";

/** A client of the best of the endpoints, or a server if there are none. */
export async function openUdp(opening: Opening, endpoints: readonly PipeEndpoint[] | null): Promise<Pipe> {
	const { broadcast, localPort, reuse, signal } = opening.options;
	const [best] = endpoints ?? [];
	let socket: Socket;
	try {
		socket = await factoryOf(opening, best && familyOf(best.ip)).udp({
			...(localPort !== undefined && { port: localPort }),
			...(broadcast !== undefined && { broadcast }),
			...(reuse !== undefined && { reuse }),
			...(signal !== undefined && { signal }),
			...(best !== undefined && { to: best.ip }),
		});
	} catch (cause) {
		signal?.throwIfAborted();
		throw new PipeBindError(`cannot make a UDP socket: ${(cause as Error).message}`, { cause });
	}
	return udpOver(opening, socket, best === undefined ? null : [best.ip, best.port]);
}

/** A pipe over a bound datagram socket. */
export function udpOver(opening: Opening, socket: Socket, dest: Peer | null): Pipe {
	const { anySource, broadcast } = opening.options;
	const connected = connectedPeer(socket);
	if (connected !== null && dest !== null && (connected[0] !== dest[0] || connected[1] !== dest[1])) {
		throw new PipeOptionError("socket", `connected to ${peerText(connected)}, not to ${peerText(dest)}`);
	}
	const remote = connected ?? dest;
	return new Pipe(
		pipeInit(opening, {
			role: remote === null ? "server" : "client",
			socket,
			tls: null,
			parts(core) {
				const transport = new UdpTransport(
					{
						socket,
						remote,
						// Nobody answers from a group's address: those who hear it answer from their own.
						anySource: anySource ?? (broadcast === true || (remote !== null && isMulticast(remote[0]))),
						counters: core.counters,
					},
					core,
				);
				return { transport, data: transport };
			},
		}),
	);
}

function isMulticast(ip: string): boolean {
	const first = Number.parseInt(ip, 10);
	return ip.includes(":") ? ip.startsWith("ff") : first >= 224 && first <= 239;
}
