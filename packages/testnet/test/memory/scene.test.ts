import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { buildScene, type DatagramHandler, oneGateway } from "../../src/index.js";

/** Answers with the sender's endpoint. */
const honest: DatagramHandler = (data, { ip, port }) => [{ data: Buffer.from(`${data} from ${ip}:${port}`) }];
const nat = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-dependent",
	allocation: { kind: "equal" },
} as const;

describe("a scene", () => {
	it("has the servers of each family, the faults of some, and a count of what was sent", async () => {
		const scene = buildScene(oneGateway(nat, { servers: 2 }), {
			stun: () => honest,
			faults: {
				stun1: (good, place) => (data, from, to) => good(data, { ...from, ip: place.primary.ip }, to),
			},
		});
		expect(scene.servers(4)).toEqual([
			{ ip: "8.40.1.1", port: 3478 },
			{ ip: "8.41.1.1", port: 3478 },
		]);
		expect(scene.servers(6).map(({ ip }) => ip)).toEqual(["2a00:1450:1::1", "2a00:1451:1::1"]);
		const socket = await scene.network.host("client").sockets(4).udp({ port: 5000 });
		const replies: string[] = [];
		for (const { ip, port } of scene.servers(4)) {
			const message = once(socket, "message");
			socket.send("hello", port, ip);
			replies.push(String((await scene.clock.runUntil(message))[0]));
		}
		expect(replies).toEqual(["hello from 82.1.1.1:5000", "hello from 8.41.1.1:5000"]);
		expect([scene.sent(), scene.sent("client"), scene.sent("nobody")]).toEqual([2, 2, 0]);
		socket.close();
	});

	it("hands a fault the network once it is built", () => {
		const early = (): unknown =>
			buildScene(oneGateway(nat), {
				stun: () => honest,
				faults: {
					stun0: (good, _place, network) => {
						network();
						return good;
					},
				},
			});
		expect(early).toThrow("not built yet");
	});
});
