import type { Dependence, HostPort, MemoryNetwork, PortAllocation } from "../../src/index.js";
import { ask } from "./mirror.js";

const A1 = { ip: "8.40.1.1", port: 3478 };
const A1b = { ip: "8.40.1.1", port: 3479 };
const A2 = { ip: "9.40.2.2", port: 3479 };

/** What the packets show of a NAT whose step, where it has one, is 3. */
export interface CellSeen {
	readonly mapping: Dependence;
	readonly filtering: Dependence;
	readonly allocation: PortAllocation["kind"];
}

/** How the mirrors see a fresh socket on that local port, at each of the addresses in turn. */
async function externals(network: MemoryNetwork, port: number, to: readonly HostPort[]): Promise<number[]> {
	const socket = await network.host("client").sockets(4).udp({ port });
	const seen: number[] = [];
	for (const one of to) seen.push((await ask(network, socket, one))?.saw.port ?? -1);
	socket.close();
	return seen;
}

async function mappingOf(network: MemoryNetwork): Promise<Dependence> {
	const [first, otherPort, otherAddress] = await externals(network, 60_000, [A1, A1b, A2]);
	if (otherPort !== first) return "address-and-port-dependent";
	return otherAddress === first ? "endpoint-independent" : "address-dependent";
}

async function filteringOf(network: MemoryNetwork): Promise<Dependence> {
	const socket = await network.host("client").sockets(4).udp({ port: 40_000 });
	const otherPort = await ask(network, socket, A1, "p");
	const both = await ask(network, socket, A1, "b");
	socket.close();
	if (both !== null) return "endpoint-independent";
	return otherPort === null ? "address-and-port-dependent" : "address-dependent";
}

/** Five sockets on ports at distances 1, 1, 8 and 1, all to one destination. */
async function allocationOf(network: MemoryNetwork): Promise<PortAllocation["kind"]> {
	const locals = [50_000, 50_001, 50_002, 50_010, 50_011];
	const ports: number[] = [];
	for (const local of locals) ports.push(...(await externals(network, local, [A1])));
	const steps = ports.slice(1).map((port, i) => port - (ports[i] ?? 0));
	if (`${steps}` === "1,1,8,1") return ports[0] === locals[0] ? "equal" : "preserving";
	if (`${steps}` === "3,3,3,3") return "independent";
	return [steps[0], steps[1], steps[3]].every((step) => step === 3) ? "dependent" : "random";
}

/** Tells a cell of the matrix from the others by packets alone: a client behind `gateway`, mirrors outside. */
export async function observeCell(network: MemoryNetwork): Promise<CellSeen> {
	const filtering = await filteringOf(network);
	const allocation = await allocationOf(network);
	return { mapping: await mappingOf(network), filtering, allocation };
}
