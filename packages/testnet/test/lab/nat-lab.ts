import type { GatewaySpec, HostPort, Topology } from "../../src/index.js";
import { buildLab, type Lab, type LabGateway, type LabProcess } from "../../src/lab/index.js";

/** Where a file of test/lab/scenarios is. */
export const scenario = (name: string): URL => new URL(`./scenarios/${name}.ts`, import.meta.url);

/** The reflector's endpoints: A:p, A:q, B:p, B:q. */
export const PEER4: readonly HostPort[] = ["5.45.96.10", "37.10.11.20"].flatMap((ip) =>
	[4000, 4001].map((port) => ({ ip, port })),
);
/** @see PEER4 */
export const PEER6: readonly HostPort[] = ["2a03:4000::10", "2a04:5000::20"].flatMap((ip) =>
	[4000, 4001].map((port) => ({ ip, port })),
);

/** A client behind one gateway of the given behaviour, and a peer outside on two addresses of each family. */
export function natTopology(ipv4: GatewaySpec, more: Partial<LabGateway> = {}): Topology {
	return {
		outside: [{ name: "peer", ips: [...new Set([...PEER4, ...PEER6].map(({ ip }) => ip))] }],
		gateways: [{ name: "router", outside: ["81.2.69.142"], inside: ["192.168.1.1/24"], ipv4, ...more }],
		hosts: [{ name: "client", nics: [{ name: "eth0", addresses: ["192.168.1.20/24"], gateway: "router" }] }],
	};
}

/** Starts the reflector on the host `peer`. */
export function startPeer(lab: Lab, endpoints: readonly HostPort[] = PEER4): Promise<LabProcess> {
	const listens = endpoints.map((endpoint) => ({ ...endpoint, proto: "udp" as const }));
	return lab.serve("peer", scenario("serve-reflector"), endpoints, listens);
}

/** Builds a laboratory with a running reflector, gives it to `use`, and takes it down. */
export async function withPeer<T>(
	topology: Topology,
	use: (lab: Lab) => Promise<T>,
	endpoints: readonly HostPort[] = PEER4,
): Promise<T> {
	const lab = await buildLab(topology);
	try {
		await startPeer(lab, endpoints);
		return await use(lab);
	} finally {
		await lab.close();
	}
}
