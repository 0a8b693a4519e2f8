import { describe, expect, it } from "vitest";
import { buildNetwork, oneGateway } from "../../src/index.js";
import { ask, mirrors } from "./mirror.js";

const server = { ip: "8.40.1.1", port: 3478 };

describe("buildNetwork", () => {
	it("lets a client reach a server through a router, and be seen as itself", async () => {
		const network = buildNetwork(oneGateway({ kind: "router" }), { services: mirrors });
		const socket = await network.host("client").sockets(4).udp({ port: 5000 });
		expect(await ask(network, socket, server)).toEqual({
			saw: { ip: "192.168.1.20", port: 5000 },
			at: server,
			from: server,
		});
	});

	it("lets a NAT be seen instead", async () => {
		const topology = oneGateway({
			kind: "nat",
			mapping: "endpoint-independent",
			filtering: "address-dependent",
		});
		const network = buildNetwork(topology, { services: mirrors });
		const socket = await network.host("client").sockets(4).udp();
		const seen = await ask(network, socket, server);
		expect(seen?.saw.ip).toBe("82.1.1.1");
		expect(network.nat("gateway").mappings()).toEqual([
			{ proto: "udp", inside: { ip: "192.168.1.20", port: socket.address().port }, external: seen?.saw },
		]);
	});
});
