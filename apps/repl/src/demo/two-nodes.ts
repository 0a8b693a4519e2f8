import { kernelRoute, type NodeConnected, type NodeNetwork, P2PNode } from "@p2pd/core";
import { startSignalBroker } from "@p2pd/core/signal/broker";

/** What the demonstration of two nodes shows. */
export interface TwoNodes {
	readonly broker: string;
	readonly address: string;
	readonly connected: Omit<NodeConnected, "pipe">;
	/** What the second node sent back; null if nothing came. */
	readonly answer: string | null;
}

/** Two nodes and a broker on loopback: the first connects to the second by its address, and is greeted. No network is used. */
export async function twoNodes(signal: AbortSignal): Promise<TwoNodes> {
	await using broker = await startSignalBroker({ ip: "127.0.0.1" });
	const options = { signal: [broker.url], families: [4] as const, port: 0, watch: false };
	await using alice = new P2PNode(options, { network: LOOPBACK });
	await using bob = new P2PNode(options, { network: LOOPBACK });
	await Promise.all([alice.start({ signal }), bob.start({ signal })]);
	bob.onConnection((pipe, { id, path }) => void pipe.send(`hello ${id}, you came by ${path}`));
	const { pipe, ...connected } = await alice.connect(bob.address, { signal });
	pipe.subscribe();
	const answer = await pipe.recv({ timeout: 3000, signal });
	await pipe.close();
	return {
		broker: broker.url,
		address: `${bob.address}`,
		connected,
		answer: answer?.toString("utf8") ?? null,
	};
}

/** A host that has 127.0.0.1 alone: nothing is asked to find that out. */
const LOOPBACK: NodeNetwork = {
	gather: async () => [
		{
			nic: 0,
			nicName: "lo",
			af: 4,
			ip: "127.0.0.1",
			isPublic: false,
			external: null,
			nat: null,
			sockets: kernelRoute(4),
		},
	],
	sockets: (af) => kernelRoute(af),
	async *changes() {
		// Nothing changes on loopback.
	},
};
