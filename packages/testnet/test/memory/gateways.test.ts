import { describe, expect, it } from "vitest";
import {
	AWS_NAT_GATEWAY,
	buildNetwork,
	CARRIER_GRADE,
	DEPENDENCES,
	type GatewaySpec,
	type HostPort,
	IPV6_HOME_FIREWALL,
	LINUX_MASQUERADE,
	type MemoryNetwork,
	NAT_PRESETS,
	type NatSpec,
	oneGateway,
	type PacketEvent,
	stunServers,
	type Topology,
} from "../../src/index.js";
import { ask, mirrors } from "./mirror.js";

const A1 = { ip: "8.40.1.1", port: 3478 };
const A2 = { ip: "9.40.2.2", port: 3479 };
const B1 = { ip: "2a00:1450:1::1", port: 3478 };

const cone: NatSpec = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "endpoint-independent",
	allocation: { kind: "equal" },
};

/** How far in a gateway lets answers that come from elsewhere: 0 anywhere, 1 the same address, 2 the same endpoint. */
async function filteringOf(network: MemoryNetwork, to: HostPort, af: 4 | 6): Promise<number> {
	const socket = await network.host("client").sockets(af).udp();
	if ((await ask(network, socket, to)) === null) throw new Error("no answer at all");
	if ((await ask(network, socket, to, "b")) !== null) return 0;
	return (await ask(network, socket, to, "p")) !== null ? 1 : 2;
}

/** Whether a packet that nobody asked for gets in to a socket that has spoken to nobody, or to somebody else. */
async function unsolicited(network: MemoryNetwork, inside: HostPort, spoken: boolean): Promise<boolean> {
	const socket = await network
		.host("client")
		.sockets(inside.ip.includes(":") ? 6 : 4)
		.udp({ port: inside.port });
	let heard = false;
	socket.on("message", () => {
		heard = true;
	});
	if (spoken) socket.send("x", 9, inside.ip.includes(":") ? "2a00:dead::1" : "11.11.11.11");
	await network.clock.advance(10);
	const from = inside.ip.includes(":") ? B1 : A1;
	network.host("stun0").udp.send(from, inside, new Uint8Array(1));
	await network.clock.advance(10);
	return heard;
}

const build = (ipv4: GatewaySpec, ipv6?: GatewaySpec): MemoryNetwork =>
	buildNetwork(oneGateway(ipv4, ipv6 === undefined ? {} : { ipv6 }), { services: mirrors });

describe("a firewall without NAT", () => {
	it.each(DEPENDENCES)("filters and does not translate, IPv4 and IPv6: %s", async (filtering) => {
		const spec: GatewaySpec = { kind: "firewall", filtering };
		for (const [af, to, own] of [
			[4, A1, "192.168.1.20"],
			[6, B1, "2a02:8070:1:1::20"],
		] as const) {
			const network = build(spec, spec);
			const socket = await network.host("client").sockets(af).udp({ port: 5000 });
			expect((await ask(network, socket, to))?.saw).toEqual({ ip: own, port: 5000 });
			expect(await filteringOf(network, to, af)).toBe(DEPENDENCES.indexOf(filtering));
			expect(await unsolicited(network, { ip: own, port: 7000 }, false)).toBe(false);
			expect(await unsolicited(network, { ip: own, port: 7001 }, true)).toBe(
				filtering === "endpoint-independent",
			);
		}
	});

	it("closes a pinhole after its lifetime", async () => {
		const network = build({ kind: "firewall", filtering: "address-dependent", lifetimeMs: 5000 });
		const socket = await network.host("client").sockets(4).udp({ port: 5000 });
		const arrivals: number[] = [];
		socket.on("message", () => arrivals.push(network.clock.now()));
		socket.send("=", A1.port, A1.ip);
		for (const at of [1000, 6000, 12_000]) {
			network.clock.setTimeout(
				() => network.host("stun0").udp.send(A1, { ip: "192.168.1.20", port: 5000 }, new Uint8Array(1)),
				at,
			);
		}
		await network.clock.advance(20_000);
		// The packet at 1 s kept it open for another 5; the one at 6 s came too late.
		expect(arrivals).toEqual([0, 1000]);
	});
});

describe("one-to-one NAT", () => {
	it("translates the address and no port, both ways, without being asked first", async () => {
		const network = build({ kind: "one-to-one", filtering: "endpoint-independent" });
		const socket = await network.host("client").sockets(4).udp({ port: 5000 });
		expect((await ask(network, socket, A1))?.saw).toEqual({ ip: "82.1.1.1", port: 5000 });
		expect(await filteringOf(network, A1, 4)).toBe(0);
		expect(await unsolicited(network, { ip: "82.1.1.1", port: 7000 }, false)).toBe(true);
	});

	it.each(["address-dependent", "address-and-port-dependent"] as const)(
		"filters as told: %s",
		async (filtering) => {
			const network = build({ kind: "one-to-one", filtering });
			expect(await filteringOf(network, A1, 4)).toBe(DEPENDENCES.indexOf(filtering));
			expect(await unsolicited(network, { ip: "82.1.1.1", port: 7000 }, true)).toBe(false);
		},
	);

	it("gives each inside host an address of its own, and says when there are too few", async () => {
		const spec: GatewaySpec = { kind: "one-to-one", filtering: "endpoint-independent" };
		const topology = oneGateway(spec, { clients: 2, externalIps: ["82.1.1.1", "82.1.1.2"] });
		const network = buildNetwork(topology, { services: mirrors });
		for (const [name, ip] of [
			["client", "82.1.1.1"],
			["client2", "82.1.1.2"],
		] as const) {
			const socket = await network.host(name).sockets(4).udp();
			expect((await ask(network, socket, A1))?.saw.ip).toBe(ip);
		}
		expect(() => buildNetwork(oneGateway(spec, { clients: 2 }), { services: mirrors })).toThrow(
			/no external address left/,
		);
	});
});

describe("NPTv6", () => {
	const topology = (filtering?: "address-and-port-dependent"): Topology => ({
		outside: stunServers(1),
		gateways: [
			{
				name: "gateway",
				outside: ["2a02:8070::1"],
				inside: ["fd00:1:2:1::1/64"],
				ipv6: {
					kind: "npt",
					inside: "fd00:1:2::/48",
					outside: "2a02:8070:3::/48",
					...(filtering === undefined ? {} : { filtering }),
				},
			},
		],
		hosts: [
			{ name: "client", nics: [{ name: "eth0", addresses: ["fd00:1:2:1::20/64"], gateway: "gateway" }] },
			{ name: "client2", nics: [{ name: "eth0", addresses: ["fd00:1:2:1::21/64"], gateway: "gateway" }] },
		],
	});

	it("changes the prefix and no port, and lets everybody in", async () => {
		const network = buildNetwork(topology(), { services: mirrors });
		const socket = await network.host("client").sockets(6).udp({ port: 5000 });
		const saw = (await ask(network, socket, B1))?.saw;
		expect(saw?.port).toBe(5000);
		expect(saw?.ip).toMatch(/^2a02:8070:3:[0-9a-f]+::20$/);
		expect(await filteringOf(network, B1, 6)).toBe(0);
		expect(await unsolicited(network, { ip: saw?.ip ?? "", port: 7000 }, false)).toBe(true);
		// Two inside hosts meet by their outside addresses.
		const second = await network.host("client2").sockets(6).udp({ port: 6000 });
		let heard: unknown = null;
		second.on("message", (_, { address }) => {
			heard = address;
		});
		const other = (await ask(network, second, B1))?.saw.ip ?? "";
		heard = null;
		socket.send("hello", 6000, other);
		await network.clock.advance(10);
		expect(heard).toBe(saw?.ip);
	});

	it("filters with a firewall on top", async () => {
		const network = buildNetwork(topology("address-and-port-dependent"), { services: mirrors });
		expect(await filteringOf(network, B1, 6)).toBe(2);
	});
});

describe("UDP blocked", () => {
	it("lets no datagram through, and TCP all the same", async () => {
		const network = buildNetwork(oneGateway(cone, { udpBlocked: true }), { services: mirrors });
		const socket = await network.host("client").sockets(4).udp();
		expect(await ask(network, socket, A1)).toBeNull();
		const server = await network.clock.runUntil(network.host("stun0").sockets(4).listen({ port: 80 }));
		const client = await network.clock.runUntil(
			network.host("client").sockets(4).connect({ ip: A1.ip, port: 80 }),
		);
		expect(client.remoteAddress).toBe(A1.ip);
		client.destroy();
		server.close();
		network.gateway("gateway").udpBlocked = false;
		expect(await ask(network, socket, A1)).not.toBeNull();
	});
});

describe("NAT behind NAT", () => {
	const double = (outer: NatSpec, inner: NatSpec): Topology => ({
		outside: stunServers(1),
		gateways: [
			{ name: "home", behind: "carrier", outside: ["100.64.3.7"], inside: ["192.168.1.1/24"], ipv4: inner },
			{ name: "carrier", outside: ["82.1.1.1"], inside: ["100.64.0.1/10"], ipv4: outer },
		],
		hosts: [
			{ name: "client", nics: [{ name: "eth0", addresses: ["192.168.1.20/24"], gateway: "home" }] },
			{ name: "neighbour", nics: [{ name: "eth0", addresses: ["100.64.9.9/10"], gateway: "carrier" }] },
		],
	});

	it("makes a mapping in each, CGN addresses in between", async () => {
		const network = buildNetwork(double(CARRIER_GRADE.spec, cone), { services: mirrors });
		const socket = await network.host("client").sockets(4).udp({ port: 5000 });
		const saw = (await ask(network, socket, A1))?.saw;
		expect(saw?.ip).toBe("82.1.1.1");
		expect(network.nat("home").mappings()[0]?.external).toEqual({ ip: "100.64.3.7", port: 5000 });
		expect(network.nat("carrier").mappings()[0]).toMatchObject({
			inside: { ip: "100.64.3.7", port: 5000 },
			external: saw,
		});
	});

	it("is as strict as the stricter of both", async () => {
		const strict: NatSpec = { ...cone, filtering: "address-and-port-dependent" };
		const symmetric = AWS_NAT_GATEWAY.spec;
		expect(await filteringOf(buildNetwork(double(cone, cone), { services: mirrors }), A1, 4)).toBe(0);
		expect(await filteringOf(buildNetwork(double(cone, strict), { services: mirrors }), A1, 4)).toBe(2);
		expect(await filteringOf(buildNetwork(double(strict, cone), { services: mirrors }), A1, 4)).toBe(2);
		for (const topology of [double(symmetric, cone), double(cone, symmetric)]) {
			const network = buildNetwork(topology, { services: mirrors });
			const socket = await network.host("client").sockets(4).udp();
			const seen = [(await ask(network, socket, A1))?.saw.port, (await ask(network, socket, A2))?.saw.port];
			expect(seen[0]).not.toBe(seen[1]);
		}
	});

	it("takes one from the TTL at each", async () => {
		const network = buildNetwork(double(cone, cone), { services: mirrors });
		const socket = await network.host("client").sockets(4).udp();
		const fate = async (ttl: number): Promise<string> => {
			const end: string[] = [];
			const stop = network.watch(({ what, where, why }) => {
				if (what === "dropped" || what === "received") end.push(`${where} ${why ?? "received"}`);
			});
			socket.setTTL(ttl);
			socket.send("=1", A1.port, A1.ip);
			await network.clock.advance(0);
			stop();
			return end[0] ?? "";
		};
		expect([await fate(1), await fate(2), await fate(3)]).toEqual([
			"home ttl",
			"carrier ttl",
			"stun0 received",
		]);
	});

	it("keeps neighbours apart from the outside, not from each other", async () => {
		const network = buildNetwork(double(cone, cone), { services: mirrors });
		const neighbour = await network.host("neighbour").sockets(4).udp({ port: 6000 });
		const heard: string[] = [];
		neighbour.on("message", (_, { address, port }) => heard.push(`${address}:${port}`));
		const socket = await network.host("client").sockets(4).udp({ port: 5000 });
		socket.send("x", 6000, "100.64.9.9");
		await network.clock.advance(10);
		expect(heard).toEqual(["100.64.3.7:5000"]);
	});

	it("routes through a router behind a router", async () => {
		const topology: Topology = {
			outside: stunServers(1),
			gateways: [
				{ name: "inner", behind: "outer", outside: ["2a02:1::2"], inside: ["2a02:1:2::1/64"] },
				{ name: "outer", outside: ["2a02:8070::1"], inside: ["2a02:1::1/64"], ipv6: IPV6_HOME_FIREWALL.spec },
			],
			hosts: [{ name: "client", nics: [{ name: "eth0", addresses: ["2a02:1:2::20/64"], gateway: "inner" }] }],
		};
		const network = buildNetwork(topology, { services: mirrors });
		const socket = await network.host("client").sockets(6).udp({ port: 5000 });
		expect((await ask(network, socket, B1))?.saw).toEqual({ ip: "2a02:1:2::20", port: 5000 });
		expect(await filteringOf(network, B1, 6)).toBe(2);
	});
});

describe("presets", () => {
	it.each(Object.entries(NAT_PRESETS))(
		"%s does what it says, or looks like",
		async (_, { spec, looksLike }) => {
			const network = build(spec);
			const expected = looksLike ?? spec;
			expect(await filteringOf(network, A1, 4)).toBe(DEPENDENCES.indexOf(expected.filtering));
			const socket = await network.host("client").sockets(4).udp();
			const ports = [];
			for (const to of [A1, { ...A1, port: 3479 }, A2])
				ports.push((await ask(network, socket, to))?.saw.port);
			const mapping = ports[1] !== ports[0] ? 2 : ports[2] !== ports[0] ? 1 : 0;
			expect(mapping).toBe(DEPENDENCES.indexOf(expected.mapping));
		},
	);

	it("LINUX_MASQUERADE keeps the port for all destinations", async () => {
		const network = build(LINUX_MASQUERADE.spec);
		const socket = await network.host("client").sockets(4).udp({ port: 5000 });
		for (const to of [A1, A2]) expect((await ask(network, socket, to))?.saw.port).toBe(5000);
	});
});

describe("a router", () => {
	it("takes nothing that is for itself, from either side", async () => {
		const network = build({ kind: "router" });
		const drops: string[] = [];
		network.watch(({ what, where, why }) => {
			if (what === "dropped") drops.push(`${where} ${why}`);
		});
		network.host("stun0").udp.send(A1, { ip: "82.1.1.1", port: 9 }, new Uint8Array(1));
		const socket = await network.host("client").sockets(4).udp();
		socket.send("x", 9, "192.168.1.1");
		socket.send("x", 9, "82.1.1.1");
		await network.clock.advance(1);
		expect(drops).toEqual(["gateway not-for-us", "gateway not-for-us", "gateway not-for-us"]);
	});
});

describe("watching", () => {
	it("shows a packet's whole way, with what the NAT made of it", async () => {
		const network = build(cone);
		const events: PacketEvent[] = [];
		const stop = network.watch((event) => events.push(event));
		const socket = await network.host("client").sockets(4).udp({ port: 5000 });
		await ask(network, socket, A1);
		const line = ({ what, where, packet }: PacketEvent): string =>
			`${where} ${what} ${packet.src}:${packet.srcPort}>${packet.dst}:${packet.dstPort}`;
		expect(events.map(line)).toEqual([
			"client sent 192.168.1.20:5000>8.40.1.1:3478",
			"gateway forwarded 82.1.1.1:5000>8.40.1.1:3478",
			"stun0 received 82.1.1.1:5000>8.40.1.1:3478",
			"stun0 sent 8.40.1.1:3478>82.1.1.1:5000",
			"gateway forwarded 8.40.1.1:3478>192.168.1.20:5000",
			"client received 8.40.1.1:3478>192.168.1.20:5000",
		]);
		stop();
		await ask(network, socket, A1);
		expect(events).toHaveLength(6);
	});

	it("shows why a packet went no further", async () => {
		const network = build({ ...cone, filtering: "address-dependent" });
		const drops: string[] = [];
		network.watch(({ what, where, why }) => {
			if (what === "dropped") drops.push(`${where} ${why}`);
		});
		const socket = await network.host("client").sockets(4).udp({ port: 5000 });
		await ask(network, socket, A1, "b");
		socket.setTTL(1);
		socket.send("x", A1.port, A1.ip);
		socket.setTTL(64);
		socket.send("x", 9, "11.11.11.11");
		socket.send("x", 9, "192.168.1.99");
		socket.send("x", 9, "192.168.1.1");
		network.host("stun0").udp.send(A1, { ip: "82.1.1.1", port: 9 }, new Uint8Array(1));
		await network.clock.advance(10);
		expect(drops.sort()).toEqual(
			[
				"gateway filtered",
				"gateway ttl",
				"outside no-such-host",
				"gateway:inside no-such-host",
				"gateway not-for-us",
				"gateway no-mapping",
			].sort(),
		);
	});
});
