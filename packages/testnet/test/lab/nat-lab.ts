import type { HostPort, NatSpec } from "../../src/index.js";
import {
	buildLab,
	type Lab,
	type LabGateway,
	type LabProcess,
	type LabTopology,
} from "../../src/lab/index.js";

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

/** One port on each of many addresses. */
export const CROWD: readonly HostPort[] = Array.from({ length: 12 }, (_, i) => ({
	ip: `5.45.97.${10 + i}`,
	port: 4000,
}));

/** One gateway to build, with a client behind it. */
export interface Household {
	/** Of the client; the gateway is `NAME-router`. */
	readonly name: string;
	readonly gateway: Partial<LabGateway>;
	/** Of the client's NIC. @default 192.168.1.20/24 */
	readonly address?: string;
}

/** A NAT that keeps ports and lets in only whom it has sent to. */
export const CONE: NatSpec = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
	allocation: { kind: "equal" },
};

/** A NAT with a random port for every remote endpoint. */
export const SYMMETRIC: NatSpec = {
	kind: "nat",
	mapping: "address-and-port-dependent",
	filtering: "address-and-port-dependent",
};

/** The external address of the household at a place in the list, unless it says otherwise. */
export const externalIp = (place: number): string => `81.2.69.${10 + place}`;

/** Households, each with its gateway on the outside, and one peer. */
export function neighbourhood(households: readonly Household[]): LabTopology {
	const endpoints = [...PEER4, ...PEER6, ...CROWD];
	return {
		outside: [{ name: "peer", ips: [...new Set(endpoints.map(({ ip }) => ip))] }],
		gateways: households.map(({ name, gateway }, i) => ({
			name: `${name}-router`,
			outside: [externalIp(i)],
			inside: ["192.168.1.1/24"],
			...gateway,
		})),
		hosts: households.map(({ name, address = "192.168.1.20/24" }) => ({
			name,
			nics: [{ name: "eth0", addresses: [address], gateway: `${name}-router` }],
		})),
	};
}

/** Starts the reflector with all of its endpoints on the host `peer`. */
export function startPeer(lab: Lab): Promise<LabProcess> {
	const endpoints = [...PEER4, ...PEER6, ...CROWD];
	const listens = endpoints.map((endpoint) => ({ ...endpoint, proto: "udp" as const }));
	return lab.serve("peer", scenario("serve-reflector"), endpoints, listens);
}

/** Builds the neighbourhood with its peer running. */
export async function buildNeighbourhood(households: readonly Household[]): Promise<Lab> {
	const lab = await buildLab(neighbourhood(households));
	await startPeer(lab);
	return lab;
}
