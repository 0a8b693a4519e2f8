import type { Socket } from "node:dgram";
import type { Endpoint, SocketFactory } from "@p2pd/net";
import { StunClient } from "@p2pd/stun-client";
import type { TcpObservation } from "../../../src/index.js";

/** Asks a STUN server through the socket that will punch. */
export async function observeUdp(socket: Socket, server: Endpoint, signal: AbortSignal): Promise<Endpoint> {
	const client = new StunClient({ server }, { sockets: socket });
	try {
		return (await client.getMapping({ signal })).mapped;
	} finally {
		await client.close();
	}
}

/** Connects to a STUN server from a local port that others may share, and keeps the connection. */
export async function observeTcp(
	sockets: Pick<SocketFactory, "af" | "connect">,
	server: Endpoint,
	localPort: number,
	signal: AbortSignal,
): Promise<TcpObservation> {
	const client = new StunClient({ server, transport: "tcp", localPort, reuse: true }, { sockets });
	try {
		const { mapped } = await client.getMapping({ signal });
		return { external: mapped, close: () => void client.close() };
	} catch (error) {
		await client.close();
		throw error;
	}
}
