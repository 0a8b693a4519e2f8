import type { Family } from "@p2pd/net";
import { kernelRoute } from "@p2pd/route";
import type { NodeNetwork } from "../../src/index.js";

/** A host whose only address is 127.0.0.1, or also ::1. Nothing is sent to find that out. */
export function loopbackNetwork(families: readonly Family[] = [4]): NodeNetwork {
	return {
		gather: async () =>
			families.map((af) => ({
				nic: 0,
				nicName: "lo",
				af,
				ip: af === 4 ? "127.0.0.1" : "::1",
				isPublic: false,
				external: null,
				nat: null,
				sockets: kernelRoute(af),
			})),
		sockets: (af) => kernelRoute(af),
		async *changes() {
			// Nothing ever changes.
		},
	};
}
