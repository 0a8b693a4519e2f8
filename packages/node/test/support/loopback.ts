import { createIdentity, PeerIdentity } from "@p2pd/peer";
import { MemorySignalHub } from "@p2pd/signal";
import { afterEach } from "vitest";
import { type NodeDeps, type NodeOptions, P2PNode } from "../../src/index.js";
import { loopbackNetwork } from "./network.js";

/** Makes nodes that are closed after the test, in the reverse order. */
export function nodesOfTest(): {
	readonly hub: MemorySignalHub;
	start(options?: NodeOptions, deps?: NodeDeps): Promise<P2PNode>;
} {
	const nodes: P2PNode[] = [];
	const hub = new MemorySignalHub();
	afterEach(async () => {
		hub.rule = (message) => [message];
		for (const node of nodes.splice(0).reverse()) await node.close();
	});
	return {
		hub,
		async start(options = {}, deps = {}) {
			const identity = options.identity instanceof PeerIdentity ? options.identity : createIdentity();
			const node = new P2PNode(
				{ identity, port: 0, signal: [hub.open(identity.id)], families: [4], ...options },
				{ network: loopbackNetwork(), ...deps },
			);
			nodes.push(node);
			return node.start();
		},
	};
}
