import { buildNetwork, type DatagramHandler, type MemoryNetwork, type Topology } from "@p2pd/testnet";
import { decode, encode } from "dns-packet";
import { describe, expect, it } from "vitest";
import {
	Address,
	type AddressDeps,
	AddressDnsError,
	AddressFamilyError,
	AddressNotFoundError,
	AddressTimeoutError,
} from "../../src/index.js";
import { client, gateways } from "../two-nics.js";

/*
 *  client eth0 (192.168.1.20) -- gateway one (82.1.1.1) --+-- dns0 (8.40.1.1, 2a00:40::1)
 *         eth1 (192.168.2.20) -- gateway two (83.1.1.1) --+-- dns1 (8.41.1.1)
 */
const topology: Topology = {
	outside: [
		{ name: "dns0", ips: ["8.40.1.1", "2a00:40::1"] },
		{ name: "dns1", ips: ["8.41.1.1"] },
	],
	gateways,
	hosts: [client],
};

type Say = (query: { id: number; name: string; type: "A" | "AAAA" }) => Uint8Array[];

const answer = (
	id: number,
	name: string,
	type: "A" | "AAAA",
	addresses: readonly string[],
	flags = 0,
): Uint8Array =>
	encode({
		type: "response",
		id,
		flags,
		questions: [{ type, name }],
		answers: addresses.map((data) => ({ type, name, data, ttl: 1 })),
	});

/** A server that says what `say` does, and notes where each query came from. */
function serve(network: MemoryNetwork, host: string, ip: string, say: Say): string[] {
	const seen: string[] = [];
	const handler: DatagramHandler = (data, from) => {
		const { id = 0, questions = [] } = decode(Buffer.from(data));
		const { name = "", type = "A" } = questions[0] ?? {};
		seen.push(`${type} ${name} ${from.ip}`);
		return say({ id, name, type: type === "AAAA" ? "AAAA" : "A" }).map((bytes) => ({ data: bytes }));
	};
	network.host(host).serve([{ ip, port: 53 }], handler);
	return seen;
}

const both: Say = ({ id, name, type }) => [
	answer(id, name, type, [type === "A" ? "93.184.215.14" : "2606:2800::1"]),
];
const silent: Say = () => [];
const rcode =
	(code: number): Say =>
	({ id, name, type }) => [answer(id, name, type, [], code)];

function setUp() {
	const network = buildNetwork(topology);
	const { clock } = network;
	const deps: AddressDeps = { clock, random: (size) => network.random.bytes(size) };
	const address = (servers: readonly string[], more: { timeout?: number } = {}) =>
		new Address("example.com", 80, { servers, ...more }, deps);
	return { network, clock, address, route: network.host("client").sockets(4, "eth0") };
}

const outcomes = (address: Address) =>
	address.resolution.attempts.map(
		({ server, transport, af, outcome }) => `${af} ${server} ${transport} ${outcome}`,
	);

describe("an Address with servers", () => {
	it("asks for A and AAAA through the route's own NIC", async () => {
		const { network, clock, address } = setUp();
		const seen = serve(network, "dns0", "8.40.1.1", both);
		for (const [nic, external] of [
			["eth1", "83.1.1.1"],
			["eth0", "82.1.1.1"],
		] as const) {
			const found = await clock.runUntil(address(["8.40.1.1"]).res(network.host("client").sockets(4, nic)));
			expect(seen.splice(0).sort()).toEqual([`A example.com ${external}`, `AAAA example.com ${external}`]);
			expect(found.resolution.way).toBe("servers");
			expect(outcomes(found)).toEqual(["4 8.40.1.1:53 udp answer", "6 8.40.1.1:53 udp answer"]);
			// The route's family first, as the other cannot be reached through it.
			expect(found.endpoints().map(({ ip }) => ip)).toEqual(["93.184.215.14", "2606:2800::1"]);
			expect(found.select(4)).toEqual({
				af: 4,
				ip: "93.184.215.14",
				port: 80,
				isPublic: true,
				isPrivate: false,
				isLoopback: false,
			});
		}
	});

	it("goes on to the next server after silence and after a refusal, and says so", async () => {
		const { network, clock, address, route } = setUp();
		serve(network, "dns0", "8.40.1.1", silent);
		serve(network, "dns1", "8.41.1.1", both);
		const found = await clock.runUntil(address(["8.40.1.1", "8.41.1.1"]).res(route));
		expect(outcomes(found).sort()).toEqual([
			"4 8.40.1.1:53 udp timeout",
			"4 8.41.1.1:53 udp answer",
			"6 8.40.1.1:53 udp timeout",
			"6 8.41.1.1:53 udp answer",
		]);
		const refusing = setUp();
		serve(refusing.network, "dns0", "8.40.1.1", rcode(5));
		serve(refusing.network, "dns1", "8.41.1.1", both);
		const second = await refusing.clock.runUntil(
			refusing.address(["8.40.1.1", "8.41.1.1"]).res(refusing.route),
		);
		expect(outcomes(second)[0]).toBe("4 8.40.1.1:53 udp REFUSED");
		expect(second.supported()).toEqual([4, 6]);
	});

	it("takes no name and no data for final, and a failing family for its own matter", async () => {
		const { network, clock, address, route } = setUp();
		serve(network, "dns0", "8.40.1.1", (query) => (query.type === "A" ? both(query) : rcode(2)(query)));
		const found = await clock.runUntil(address(["8.40.1.1"]).res(route));
		expect(found.supported()).toEqual([4]);
		expect(found.resolution.families[6]).toMatchObject({ status: "failed", error: { detail: "SERVFAIL" } });
		let caught: unknown;
		try {
			found.select(6);
		} catch (error) {
			caught = error;
		}
		expect(caught).toBeInstanceOf(AddressFamilyError);
		expect(caught).toMatchObject({
			wanted: 6,
			found: [4],
			message: expect.stringContaining("93.184.215.14"),
		});

		const none = setUp();
		const seen = serve(none.network, "dns0", "8.40.1.1", rcode(3));
		const failing = none.clock.runUntil(none.address(["8.40.1.1", "8.41.1.1"]).res(none.route));
		await expect(failing).rejects.toThrow(AddressNotFoundError);
		expect(seen).toHaveLength(2);
	});

	it("fails with what the servers said, after both rounds", async () => {
		const { network, clock, address, route } = setUp();
		const seen = serve(network, "dns0", "8.40.1.1", rcode(2));
		await expect(clock.runUntil(address(["8.40.1.1"]).res(route))).rejects.toMatchObject({
			code: "ERR_ADDRESS_DNS",
			detail: "SERVFAIL",
			server: "8.40.1.1:53",
		});
		expect(seen).toHaveLength(4);
		expect(new AddressDnsError("h", "x", null).message).toContain("system resolver");
	});

	it("has one deadline over all servers and both families", async () => {
		const { network, clock, address, route } = setUp();
		serve(network, "dns0", "8.40.1.1", silent);
		const limited = address(["8.40.1.1"], { timeout: 2500 });
		await expect(clock.runUntil(limited.res(route))).rejects.toThrow(AddressTimeoutError);
		expect(clock.now()).toBe(2500);
		await expect(clock.runUntil(limited.res(route, { timeout: 100 }))).rejects.toMatchObject({
			timeout: 100,
		});
		expect(clock.now()).toBe(2600);
	});

	it("ends at once when the signal aborts, and closes its sockets", async () => {
		const { network, clock, address } = setUp();
		serve(network, "dns0", "8.40.1.1", silent);
		const inner = network.host("client").sockets(4, "eth0");
		let open = 0;
		const route = {
			...{ af: 4 as const, nic: inner.nic, localIp: inner.localIp, connect: inner.connect.bind(inner) },
			udp: async () => {
				const socket = await inner.udp();
				open++;
				socket.on("close", () => open--);
				return socket;
			},
		};
		const controller = new AbortController();
		const reason = new Error("enough");
		clock.setTimeout(() => controller.abort(reason), 20);
		const res = address(["8.40.1.1"]).res(route, { signal: controller.signal });
		await expect(clock.runUntil(res)).rejects.toBe(reason);
		expect(clock.now()).toBe(20);
		await clock.advance(10_000);
		expect(open).toBe(0);
	});

	it("passes over answers from elsewhere, to other questions and with other ids", async () => {
		const { network, clock, address, route } = setUp();
		network.host("dns0").serve([{ ip: "8.40.1.1", port: 53 }], (data) => {
			const { id = 0, questions = [] } = decode(Buffer.from(data));
			const { name = "", type = "A" } = questions[0] ?? {};
			const kind = type === "AAAA" ? "AAAA" : "A";
			const evil = kind === "A" ? "6.6.6.6" : "2a06::6";
			return [
				{ data: answer(id ^ 1, name, kind, [evil]) },
				{ data: answer(id, "example.org", kind, [evil]) },
				{ data: Buffer.from("junk") },
				...both({ id, name, type: kind }).map((bytes) => ({ data: bytes, afterMs: 50 })),
			];
		});
		const found = await clock.runUntil(address(["8.40.1.1"]).res(route));
		expect(found.endpoints().map(({ ip }) => ip)).toEqual(["93.184.215.14", "2606:2800::1"]);
	});

	it("accepts answers from the server alone, also without a NAT in front", async () => {
		const open = buildNetwork({
			...topology,
			gateways: [],
			hosts: [{ name: "client", nics: [{ name: "eth0", addresses: ["82.9.9.9/24"], gateway: null }] }],
		});
		const spoof =
			(ip: string, port: number): DatagramHandler =>
			(data) => {
				const { id = 0, questions = [] } = decode(Buffer.from(data));
				const { name = "", type = "A" } = questions[0] ?? {};
				const kind = type === "AAAA" ? "AAAA" : "A";
				return [
					{ data: answer(id, name, kind, [kind === "A" ? "6.6.6.6" : "2a06::6"]), from: { ip, port } },
					...both({ id, name, type: kind }).map((bytes) => ({ data: bytes, afterMs: 50 })),
				];
			};
		for (const [i, from] of [
			{ ip: "8.41.1.1", port: 53 },
			{ ip: "8.40.1.1", port: 5353 },
		].entries()) {
			const stop = open.host("dns0").serve([{ ip: "8.40.1.1", port: 53 }], spoof(from.ip, from.port));
			const deps: AddressDeps = { clock: open.clock, random: (size) => new Uint8Array(size).fill(i) };
			const found = new Address("example.com", 80, { servers: ["8.40.1.1"] }, deps);
			await open.clock.runUntil(found.res(open.host("client").sockets(4)));
			expect(found.select(4).ip).toBe("93.184.215.14");
			stop();
		}
	});

	it("asks again over TCP when the answer is cut", async () => {
		const { network, clock, address, route } = setUp();
		serve(network, "dns0", "8.40.1.1", ({ id, name, type }) => [answer(id, name, type, [], 0x0200)]);
		const server = await network.host("dns0").sockets(4).listen({ port: 53 });
		server.on("connection", (socket) => {
			socket.on("data", (data: Buffer) => {
				const { id = 0, questions = [] } = decode(data.subarray(2));
				const { name = "", type } = questions[0] ?? {};
				const many = Array.from({ length: 40 }, (_, i) => `9.9.9.${i + 1}`);
				const bytes = answer(id, name, type === "AAAA" ? "AAAA" : "A", type === "AAAA" ? [] : many);
				const length = Buffer.from([bytes.length >> 8, bytes.length & 255]);
				// In pieces, the first of them in the middle of the length.
				socket.write(length.subarray(0, 1));
				socket.write(Buffer.concat([length.subarray(1), bytes.subarray(0, 100)]));
				socket.write(bytes.subarray(100));
			});
		});
		const found = await clock.runUntil(address(["8.40.1.1"]).res(route));
		expect(found.endpoints()).toHaveLength(40);
		expect(outcomes(found).sort()).toEqual([
			"4 8.40.1.1:53 tcp answer",
			"4 8.40.1.1:53 udp truncated",
			"6 8.40.1.1:53 tcp NODATA",
			"6 8.40.1.1:53 udp truncated",
		]);
		server.close();
	});

	it("says when a server hangs up or refuses TCP", async () => {
		const { network, clock, address, route } = setUp();
		serve(network, "dns0", "8.40.1.1", ({ id, name, type }) => [answer(id, name, type, [], 0x0200)]);
		const refused = clock.runUntil(address(["8.40.1.1"]).res(route));
		await expect(refused).rejects.toMatchObject({ code: "ERR_ADDRESS_DNS", detail: "ECONNREFUSED" });
		const server = await network.host("dns0").sockets(4).listen({ port: 53 });
		server.on("connection", (socket) => socket.end(Buffer.from([0])));
		const hungUp = clock.runUntil(address(["8.40.1.1"]).res(route));
		await expect(hungUp).rejects.toMatchObject({ code: "ERR_ADDRESS_DNS", detail: "ECONNRESET" });
		server.close();
	});

	it("asks only servers of the route's family, and fails if there are none", async () => {
		const { network, clock, address, route } = setUp();
		serve(network, "dns0", "8.40.1.1", both);
		const found = await clock.runUntil(address(["2a00:40::1", "8.40.1.1"]).res(route));
		expect(outcomes(found)).toEqual(["4 8.40.1.1:53 udp answer", "6 8.40.1.1:53 udp answer"]);
		const failing = clock.runUntil(address(["[2a00:40::1]:53"]).res(route));
		await expect(failing).rejects.toMatchObject({ code: "ERR_ADDRESS_FAMILY", wanted: 4, found: [6] });
	});

	it("leaves the route's own port alone", async () => {
		const { network, clock, address } = setUp();
		const seen = serve(network, "dns0", "8.40.1.1", ({ id, name, type }) => [
			answer(id, name, type, [], 0x0200),
		]);
		const inner = network.host("client").sockets(4, "eth0");
		const ports: number[] = [];
		// As a route that is bound to port 4000: that port, unless another one is asked for.
		const bound = {
			...{ af: 4 as const, nic: inner.nic, localIp: inner.localIp },
			udp: async (options: { port?: number } = {}) => {
				const socket = await inner.udp({ port: options.port ?? 4000 });
				ports.push(socket.address().port);
				return socket;
			},
			connect: async (options: { ip: string; port: number; localPort?: number }) => {
				ports.push(options.localPort ?? 4000);
				return inner.connect(options);
			},
		};
		await expect(clock.runUntil(address(["8.40.1.1"]).res(bound))).rejects.toMatchObject({
			detail: "ECONNREFUSED",
		});
		expect(seen.length).toBeGreaterThan(0);
		expect(ports.length).toBeGreaterThan(seen.length);
		expect(ports).not.toContain(4000);
	});

	it("never sends localhost to a server", async () => {
		const { network, clock, route } = setUp();
		const seen = serve(network, "dns0", "8.40.1.1", both);
		for (const host of ["localhost", "api.LOCALHOST."]) {
			const found = await clock.runUntil(
				new Address(host, 80, { servers: ["8.40.1.1"] }, { clock }).res(route),
			);
			expect([found.resolution.way, found.endpoints().map(({ ip }) => ip)]).toEqual([
				"localhost",
				["127.0.0.1", "::1"],
			]);
		}
		expect(seen).toEqual([]);
	});
});
