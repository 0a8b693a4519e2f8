import { expect, it } from "vitest";
import { endpointOf } from "../support/sockets.js";
import { PEER, world } from "../support/world.js";

const HOUR = 3_600_000;
/** Milliseconds between datagrams, in each direction. */
const PACE = 10_000;

it("a day with stale nonces and 10 % loss has no gap in the data but what was lost", async () => {
	const { clock, network, peer, route: open, server, until } = await world({ latency: 20, loss: 0.1 }, 7);
	server.behaviour.staleNonces = true;
	const route = await open({ timeout: 60_000 });
	const there = await until(peer().udp());
	const socket = await until(route.udp({ to: PEER[4] }));
	const errors: Error[] = [];
	socket.on("error", (error) => errors.push(error));

	// What a lossy link did to datagrams with data; the rest of its losses are requests and answers.
	const lost = new Set<string>();
	network.watch((event) => {
		if (event.why !== "link-loss" || event.packet.proto !== "udp") return;
		const text = /(?:to|from)-peer-\d+/.exec(Buffer.from(event.packet.data).toString("latin1"))?.[0];
		if (text !== undefined) lost.add(text);
	});
	const got = new Set<string>();
	socket.on("message", (data) => got.add(String(data)));
	there.on("message", (data) => got.add(String(data)));

	const wanted: string[] = [];
	for (let n = 0; n < (24 * HOUR) / PACE; n++) {
		socket.send(`to-peer-${n}`, there.address().port, PEER[4]);
		const { ip, port } = endpointOf(socket);
		there.send(`from-peer-${n}`, port, ip);
		wanted.push(`to-peer-${n}`, `from-peer-${n}`);
		await clock.advance(PACE);
	}

	expect(errors).toEqual([]);
	expect(wanted.filter((text) => !got.has(text) && !lost.has(text))).toEqual([]);
	expect(server.dropped).toBe(0);
	expect(lost.size / wanted.length).toBeCloseTo(0.1, 1);
	// Each of them was stale first, and then done.
	for (const method of ["Refresh", "CreatePermission", "ChannelBind"]) {
		expect(server.served.get(method), method).toBeGreaterThan(100);
		expect(server.served.get(`${method} 438`), method).toBeGreaterThan(100);
	}
	await until(route.close());
	expect(server.allocations).toBe(0);
	server.close();
	there.close();
	expect(clock.pending).toBe(0);
}, 60_000);
