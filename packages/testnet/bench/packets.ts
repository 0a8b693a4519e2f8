import { buildNetwork, NAT_CELLS, oneGateway } from "../src/index.js";

const COUNT = 100_000;
const BUILDS = 2000;

/** Prints what a datagram through the NAT and back costs, and what a network costs to build. */
export async function packets(): Promise<void> {
	const [cell] = NAT_CELLS;
	if (cell === undefined) throw new Error("no cell");
	const topology = oneGateway(cell, { servers: 5, link: { latency: 25 } });
	const services = { stun: () => (data: Uint8Array) => [{ data }] };

	const network = buildNetwork(topology, { services });
	const socket = await network.host("client").sockets(4).udp();
	let back = 0;
	const done = new Promise<void>((resolve) => {
		socket.on("message", () => {
			back += 1;
			if (back === COUNT) resolve();
			else socket.send("x", 3478, "8.40.1.1");
		});
	});
	socket.send("x", 3478, "8.40.1.1");
	const start = performance.now();
	await network.clock.runUntil(done, COUNT * 100);
	const each = ((performance.now() - start) * 1000) / COUNT;
	console.log(
		`packets: ${each.toFixed(1)} us for one through the NAT and back, a turn of the event loop included`,
	);

	const begin = performance.now();
	for (let seed = 0; seed < BUILDS; seed++) buildNetwork(topology, { seed, services });
	const build = ((performance.now() - begin) * 1000) / BUILDS;
	console.log(`build: ${build.toFixed(0)} us for a network of a client, a NAT and five servers`);
}
