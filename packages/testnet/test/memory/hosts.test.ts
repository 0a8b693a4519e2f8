import type { Socket } from "node:dgram";
import { describe, expect, it } from "vitest";
import { buildNetwork, type NatSpec, oneGateway, stunServers, type Topology } from "../../src/index.js";
import { ask, mirrors } from "./mirror.js";

const A1 = { ip: "8.40.1.1", port: 3478 };
const B1 = { ip: "2a00:1450:1::1", port: 3478 };
const nat: NatSpec = { kind: "nat", mapping: "endpoint-independent", filtering: "endpoint-independent" };

/** A client on two home networks, the second without a way out unless told, and a host directly outside. */
const multiHomed = (
	second: { readonly defaultRoute?: boolean; readonly metric?: number } = {},
): Topology => ({
	outside: stunServers(1),
	gateways: [
		{ name: "home0", outside: ["82.1.1.1"], inside: ["192.168.0.1/24"], ipv4: nat },
		{ name: "home1", outside: ["83.1.1.1"], inside: ["192.168.1.1/24"], ipv4: nat },
	],
	hosts: [
		{
			name: "client",
			nics: [
				{ name: "lan0", addresses: ["192.168.0.20/24", "fe80::20/64", "fd00::20/64"], gateway: "home0" },
				{ name: "lan1", addresses: ["192.168.1.20/24", "192.168.1.21/24"], gateway: "home1", ...second },
			],
		},
		{
			name: "printer",
			nics: [{ name: "eth0", addresses: ["192.168.0.30/24", "fe80::30/64"], gateway: "home0" }],
		},
		{ name: "server", nics: [{ name: "eth0", addresses: ["84.1.1.1/24", "2a02:9::1/64"], gateway: null }] },
	],
});

describe("a host with two NICs", () => {
	it("leaves by the default route unless it is told otherwise", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const client = network.host("client");
		const seen = async (nic?: string, ip?: string): Promise<string | undefined> => {
			const factory = client.sockets(4, nic, ip);
			return (await ask(network, await factory.udp(), A1))?.saw.ip;
		};
		expect(await seen()).toBe("82.1.1.1");
		expect(await seen("lan0")).toBe("82.1.1.1");
		expect(await seen("lan1")).toBe("83.1.1.1");
		expect(await seen("lan1", "192.168.1.21")).toBe("83.1.1.1");
	});

	it("describes its factories", () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const client = network.host("client");
		expect(client.sockets(4)).toMatchObject({ af: 4, nic: null, localIp: "0.0.0.0" });
		expect(client.sockets(6).localIp).toBe("::");
		const [lan0, lan1] = [client.sockets(4, "lan0"), client.sockets(4, "lan1")];
		expect(lan0).toMatchObject({ af: 4, localIp: "192.168.0.20", nic: { name: "lan0", index: 2 } });
		expect([lan0.nic?.isDefault(4), lan1.nic?.isDefault(4)]).toEqual([true, false]);
		expect(client.sockets(6, "lan0").localIp).toBe("fd00::20");
		expect(() => client.sockets(6, "lan1")).toThrow(/no IPv6 address/);
		expect(() => client.sockets(4, "lan7")).toThrow(/no NIC lan7/);
	});

	it("follows the metric", async () => {
		const network = buildNetwork(multiHomed({ metric: -1 }), { services: mirrors });
		const socket = await network.host("client").sockets(4).udp();
		expect((await ask(network, socket, A1))?.saw.ip).toBe("83.1.1.1");
	});

	it("gets nowhere by a NIC without a default route, but reaches that NIC's neighbours", async () => {
		const network = buildNetwork(multiHomed({ defaultRoute: false }), { services: mirrors });
		const client = network.host("client").sockets(4, "lan1");
		const socket = await client.udp();
		const failed = new Promise((resolve) => socket.send("x", A1.port, A1.ip, (error) => resolve(error)));
		expect(await network.clock.runUntil(failed)).toMatchObject({ code: "ENETUNREACH" });
		await expect(network.clock.runUntil(client.connect(A1))).rejects.toMatchObject({ code: "ENETUNREACH" });
		socket.send("x", 9, "192.168.1.1");
	});

	it("takes only what comes by the NIC that a socket is bound to", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const client = network.host("client");
		const heard: string[] = [];
		const any = await client.sockets(4).udp({ port: 7000, reuse: true });
		const lan1 = await client.sockets(4, "lan1").udp({ port: 7000, reuse: true });
		any.on("message", () => heard.push("any"));
		lan1.on("message", () => heard.push("lan1"));
		network
			.host("printer")
			.udp.send({ ip: "192.168.0.30", port: 1 }, { ip: "192.168.0.20", port: 7000 }, new Uint8Array(1));
		await network.clock.advance(1);
		expect(heard).toEqual(["any"]);
	});

	it("keeps any-address sockets of two NICs apart, and gives each what came by its own", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const client = network.host("client");
		const heard: string[] = [];
		for (const nic of ["lan0", "lan1"]) {
			const socket = client.createSocket("udp4", { nic });
			socket.on("message", () => heard.push(nic));
			socket.on("error", (error: unknown) => heard.push(String(error)));
			socket.bind(7000);
		}
		const clash = client.createSocket("udp4", { nic: "lan1" });
		clash.on("error", () => heard.push("clash"));
		clash.bind(7000);
		await network.clock.advance(1);
		const { udp } = network.host("printer");
		udp.send({ ip: "192.168.0.30", port: 1 }, { ip: "192.168.0.20", port: 7000 }, new Uint8Array(1));
		await network.clock.advance(1);
		expect(heard).toEqual(["clash", "lan0"]);
	});

	it("gives a shared port's packets to whoever came last, unless one is connected to the sender", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const factory = network.host("client").sockets(4, "lan0");
		const heard: string[] = [];
		const make = async (name: string): Promise<Socket> => {
			const socket = await factory.udp({ port: 7000, reuse: true });
			socket.on("message", () => heard.push(name));
			return socket;
		};
		const first = await make("first");
		await make("second");
		const send = async (): Promise<void> => {
			const { udp } = network.host("printer");
			udp.send({ ip: "192.168.0.30", port: 1 }, { ip: "192.168.0.20", port: 7000 }, new Uint8Array(1));
			await network.clock.advance(1);
		};
		await send();
		first.connect(1, "192.168.0.30");
		await network.clock.advance(1);
		await send();
		expect(heard).toEqual(["second", "first"]);
	});

	it("keeps its ports apart by address, and refuses them twice", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const client = network.host("client");
		await client.sockets(4, "lan0").udp({ port: 7000 });
		await client.sockets(4, "lan1").udp({ port: 7000 });
		await client.sockets(6).udp({ port: 7000 });
		await expect(client.sockets(4, "lan0").udp({ port: 7000 })).rejects.toMatchObject({ code: "EADDRINUSE" });
		await expect(client.sockets(4).udp({ port: 7000, reuse: true })).rejects.toMatchObject({
			code: "EADDRINUSE",
		});
		await expect(client.sockets(4, undefined, "1.2.3.4").udp()).rejects.toMatchObject({
			code: "EADDRNOTAVAIL",
		});
	});

	it("picks ports from the ephemeral range, by the seed", async () => {
		const ports = async (seed: number): Promise<number[]> => {
			const network = buildNetwork(multiHomed(), { services: mirrors, seed });
			const out = [];
			for (let i = 0; i < 20; i++) out.push((await network.host("client").sockets(4).udp()).address().port);
			return out;
		};
		const first = await ports(1);
		expect(first.every((port) => port >= 32_768 && port <= 60_999)).toBe(true);
		expect(await ports(1)).toEqual(first);
		expect(await ports(2)).not.toEqual(first);
	});
});

describe("link-local addresses", () => {
	it("need a zone to send to, and come with one", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const printer = await network.host("printer").sockets(6, "eth0").udp({ port: 7000 });
		expect(printer.address().address).toBe("fe80::30%eth0");
		const heard: string[] = [];
		printer.on("message", (_, { address }) => heard.push(address));
		const socket = await network.host("client").sockets(6).udp();
		socket.send("x", 7000, "fe80::30%lan0");
		await network.clock.advance(1);
		expect(heard).toEqual(["fe80::20%eth0"]);
		const code = (to: string): Promise<unknown> =>
			network.clock.runUntil(
				new Promise((resolve) =>
					socket.send("x", 7000, to, (error) => resolve((error as { code?: unknown } | null)?.code)),
				),
			);
		expect(await code("fe80::30")).toBe("EINVAL");
		expect(await code("fe80::30%eth9")).toBe("ENETUNREACH");
		expect(await code("host.example")).toBe("ENOTFOUND");
		expect(await code("1.2.3.4")).toBe("EINVAL");
	});
});

describe("broadcast", () => {
	it("reaches everybody on the network once it is allowed, and nobody else", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const heard: string[] = [];
		for (const name of ["printer", "server"]) {
			const socket = await network.host(name).sockets(4).udp({ port: 7000 });
			socket.on("message", (data) => heard.push(`${name} ${data}`));
		}
		const socket = await network.host("client").sockets(4).udp({ broadcast: true });
		socket.send("all", 7000, "255.255.255.255");
		socket.send("lan", 7000, "192.168.0.255");
		await network.clock.advance(1);
		expect(heard).toEqual(["printer all", "printer lan"]);
		socket.setBroadcast(false);
		const failed = new Promise((resolve) => socket.send("x", 7000, "192.168.0.255", resolve));
		expect(await network.clock.runUntil(failed)).toMatchObject({ code: "EACCES" });
	});
});

describe("a host outside", () => {
	it("is seen as itself, both families", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		for (const [af, to, ip] of [
			[4, A1, "84.1.1.1"],
			[6, B1, "2a02:9::1"],
		] as const) {
			const socket = await network.host("server").sockets(af).udp({ port: 5000 });
			expect((await ask(network, socket, to))?.saw).toEqual({ ip, port: 5000 });
		}
	});
});

describe("a service", () => {
	it("stops, and then the port is closed", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const stop = network
			.host("server")
			.serve([{ ip: "84.1.1.1", port: 7 }], (data) => [{ data, afterMs: 20 }]);
		const socket = await network.host("client").sockets(4).udp();
		const events: string[] = [];
		socket.on("message", (data) => events.push(`${data} at ${network.clock.now()}`));
		socket.on("error", (error) => events.push((error as { code?: string }).code ?? ""));
		socket.connect(7, "84.1.1.1");
		await network.clock.advance(0);
		socket.send("hello");
		await network.clock.advance(100);
		stop();
		socket.send("hello");
		await network.clock.advance(100);
		expect(events).toEqual(["hello at 20", "ECONNREFUSED"]);
	});

	it("knows its second address only where the host has one, and answers on every pair otherwise", async () => {
		for (const serverAddresses of [1, 2] as const) {
			const places: unknown[] = [];
			const network = buildNetwork(oneGateway({ kind: "router" }, { serverAddresses }), {
				services: {
					stun: (place) => {
						places.push(place);
						return (data) => [{ data }];
					},
				},
			});
			const two = serverAddresses === 2;
			expect(places).toEqual([
				{ name: "stun0", af: 4, primary: A1, alternate: two ? { ip: "9.40.2.2", port: 3479 } : null },
				{ name: "stun0", af: 6, primary: B1, alternate: two ? { ip: "2a01:1450:2::2", port: 3479 } : null },
			]);
			const socket = await network.host("client").sockets(4).udp();
			const heard: string[] = [];
			socket.on("message", (_, { address, port }) => heard.push(`${address}:${port}`));
			for (const ip of ["8.40.1.1", "9.40.2.2"]) for (const port of [3478, 3479]) socket.send("x", port, ip);
			await network.clock.advance(1);
			const both = ["8.40.1.1:3478", "8.40.1.1:3479", "9.40.2.2:3478", "9.40.2.2:3479"];
			expect(heard).toEqual(two ? both : both.slice(0, 2));
		}
	});

	it("has its echo without being given one, but no STUN", () => {
		const topology = (kind: "echo" | "stun"): Topology => ({
			outside: [{ name: "one", ips: ["8.8.8.8"], services: [{ kind, port: 7 }] }],
			gateways: [],
			hosts: [],
		});
		expect(() => buildNetwork(topology("echo"))).not.toThrow();
		expect(() => buildNetwork(topology("stun"))).toThrow(/no maker for the service stun/);
	});
});

describe("an abort signal", () => {
	it("stops the making of a socket and leaves nothing behind", async () => {
		const network = buildNetwork(multiHomed(), { services: mirrors });
		const factory = network.host("client").sockets(4);
		const reason = new Error("enough");
		const aborted = AbortSignal.abort(reason);
		for (const make of [
			factory.udp({ signal: aborted }),
			factory.listen({ signal: aborted }),
			factory.connect({ ...A1, signal: aborted }),
		]) {
			await expect(make).rejects.toBe(reason);
		}
		const controller = new AbortController();
		const connecting = factory.connect({ ip: "11.11.11.11", port: 80, signal: controller.signal });
		network.clock.setTimeout(() => controller.abort(reason), 500);
		await expect(network.clock.runUntil(connecting)).rejects.toBe(reason);
		expect(network.clock.now()).toBe(500);
		expect(network.host("client").tcp.connectionCount).toBe(0);
	});
});

describe("buildNetwork", () => {
	const base = multiHomed();
	it.each<[string, Partial<Topology>, RegExp]>([
		[
			"a name twice",
			{ hosts: [...base.hosts, { name: "home0", nics: [] }] },
			/home0: the name is used twice/,
		],
		[
			"an address twice",
			{ hosts: [{ name: "a", nics: [{ name: "e", addresses: ["192.168.0.1/24"], gateway: "home0" }] }] },
			/192\.168\.0\.1 is both/,
		],
		[
			"no such gateway",
			{ hosts: [{ name: "a", nics: [{ name: "e", addresses: [], gateway: "x" }] }] },
			/no gateway x/,
		],
		[
			"a parent that is not there",
			{ gateways: [{ name: "g", behind: "x", outside: [], inside: [] }] },
			/behind/,
		],
		[
			"a circle",
			{
				gateways: [
					{ name: "a", behind: "b", outside: [], inside: [] },
					{ name: "b", behind: "a", outside: [], inside: [] },
				],
			},
			/behind itself/,
		],
		[
			"a NAT without address",
			{ gateways: [{ name: "g", outside: [], inside: [], ipv4: nat }] },
			/needs an outside IPv4/,
		],
		[
			"prefix translation of IPv4",
			{
				gateways: [
					{ name: "g", outside: [], inside: [], ipv4: { kind: "npt", inside: "::/64", outside: "1::/64" } },
				],
			},
			/for IPv6/,
		],
		[
			"prefixes of different length",
			{
				gateways: [
					{ name: "g", outside: [], inside: [], ipv6: { kind: "npt", inside: "::/64", outside: "1::/48" } },
				],
			},
			/one length/,
		],
	])("refuses %s", (_, change, message) => {
		expect(() => buildNetwork({ ...base, hosts: [], ...change }, { services: mirrors })).toThrow(message);
	});

	it("names what there is when asked for what there is not", () => {
		const network = buildNetwork(base, { services: mirrors });
		expect(() => network.host("nobody")).toThrow(/client, printer, server, stun0/);
		expect(() => network.gateway("nobody")).toThrow(/home0, home1/);
		expect(() => network.nat("home0", 6)).toThrow(/no NAT for IPv6/);
	});
});
