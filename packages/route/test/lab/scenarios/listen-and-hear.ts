import { once } from "node:events";
import type { Socket } from "node:net";
import { sourceRoute } from "@p2pd/route";

export interface ListenInput {
	readonly nic: string;
	readonly ip: string;
	readonly port: number;
	/** How many connections to wait for. */
	readonly count: number;
}

/** Listens on a NIC, prints "listening", and gives back who connected. */
export async function run({ nic, ip, port, count }: ListenInput): Promise<(string | undefined)[]> {
	const sockets = sourceRoute({ af: 4, nic: { name: nic, index: null, isDefault: () => false }, ip });
	const server = await sockets.listen({ port });
	process.stderr.write("listening\n");
	const peers: (string | undefined)[] = [];
	while (peers.length < count) {
		const [socket] = (await once(server, "connection")) as [Socket];
		peers.push(socket.remoteAddress);
		socket.destroy();
	}
	server.close();
	return peers;
}
