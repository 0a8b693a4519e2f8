import { buildNetwork, type MemoryNetwork, type Topology } from "@p2pd/testnet";
import { decode, encode } from "dns-packet";
import { describe, expect, it } from "vitest";
import {
	Address,
	type AddressDeps,
	AddressNoDnsError,
	AddressTimeoutError,
	type NicServers,
	type ResolverSockets,
	resolveHost,
} from "../../src/index.js";
import { client, gateways } from "../two-nics.js";

/*
 * Which way names leave a host with two NICs.
 *
 *  client eth0 (192.168.1.20, default) -- gateway one (82.1.1.1) --+-- dns (8.40.1.1)
 *         eth1 (192.168.2.20)          -- gateway two (83.1.1.1) --+
 */
const topology: Topology = {
	outside: [{ name: "dns", ips: ["8.40.1.1"] }],
	gateways,
	hosts: [client],
};

/** A DNS server with one name. Notes where queries come from. */
function serve(network: MemoryNetwork): string[] {
	const seen: string[] = [];
	network.host("dns").serve([{ ip: "8.40.1.1", port: 53 }], (data, from) => {
		const { id = 0, questions = [] } = decode(Buffer.from(data));
		const { name = "", type = "A" } = questions[0] ?? {};
		seen.push(`${type} ${name} from ${from.ip}`);
		const answers = type === "A" ? [{ type: "A" as const, name, data: "93.184.215.14", ttl: 1 }] : [];
		return [{ data: encode({ type: "response", id, questions: [{ type: type as "A", name }], answers }) }];
	});
	return seen;
}

function setUp(nicServers: NicServers, hosts = "") {
	const network = buildNetwork(topology);
	const seen = serve(network);
	const system: string[] = [];
	const deps: AddressDeps = {
		clock: network.clock,
		nicServers,
		hostsFile: async () => hosts,
		systemLookup: async (host) => {
			system.push(host);
			return ["1.2.3.4"];
		},
	};
	const sockets = (nic: string): ResolverSockets => network.host("client").sockets(4, nic);
	return { network, seen, system, deps, sockets };
}

const asked: NicServers = async () => ["8.40.1.1"];

describe("a name", () => {
	it("leaves by the NIC of its sockets, unless that is the default one", async () => {
		const { network, seen, system, deps, sockets } = setUp(asked);
		const other = new Address("example.com", 80, {}, deps);
		await network.clock.runUntil(other.res(sockets("eth1")));
		expect([other.select(4).ip, other.resolution.way, system]).toEqual(["93.184.215.14", "nic", []]);
		expect(seen.sort()).toEqual(["A example.com from 83.1.1.1", "AAAA example.com from 83.1.1.1"]);
		for (const where of [sockets("eth0"), network.host("client").sockets(4), null]) {
			await network.clock.runUntil(other.res(where));
			expect([other.select(4).ip, other.resolution.way]).toEqual(["1.2.3.4", "system"]);
		}
		expect([seen.length, system.length]).toEqual([2, 3]);
	});

	it("for a relay's sockets leaves by those that lead to the relay", async () => {
		const { network, seen, deps, sockets } = setUp(asked);
		const relay: ResolverSockets = {
			af: 4,
			nic: null,
			localIp: "8.40.9.9",
			udp: () => Promise.reject(new Error("no name goes through a relay")),
			nameSockets: sockets("eth1"),
		};
		const found = resolveHost("example.com", { af: 4 }, { ...deps, sockets: relay });
		expect(await network.clock.runUntil(found)).toEqual(["93.184.215.14"]);
		expect(seen).toEqual(["A example.com from 83.1.1.1"]);
	});

	it("of one family alone costs one query", async () => {
		const { network, seen, deps, sockets } = setUp(asked);
		const found = resolveHost("example.com", { af: 4 }, { ...deps, sockets: sockets("eth1") });
		expect(await network.clock.runUntil(found)).toEqual(["93.184.215.14"]);
		expect(seen).toEqual(["A example.com from 83.1.1.1"]);
	});

	it("never falls back to another NIC where none of the servers can be asked", async () => {
		const { network, seen, system, deps, sockets } = setUp(async () => []);
		const address = new Address("example.com", 80, {}, deps);
		await expect(network.clock.runUntil(address.res(sockets("eth1")))).rejects.toMatchObject({
			code: "ERR_ADDRESS_NO_DNS",
			nic: "eth1",
			input: "example.com",
		});
		await expect(address.res(sockets("eth1"))).rejects.toThrow(AddressNoDnsError);
		const silent = setUp(async () => ["8.40.9.9"]);
		const dead = new Address("example.com", 80, {}, silent.deps);
		await expect(silent.network.clock.runUntil(dead.res(silent.sockets("eth1")))).rejects.toMatchObject({
			code: "ERR_ADDRESS_DNS",
			detail: "timeout",
		});
		expect([seen, system, silent.seen, silent.system]).toEqual([[], [], [], []]);
	});

	it("of this host or of the hosts file is not sent anywhere", async () => {
		const hosts = "127.0.0.1 localhost\n10.0.0.7 printer Printer.lan # a comment\n2a00::7 printer\n";
		const { network, seen, system, deps, sockets } = setUp(asked, hosts);
		for (const [name, way, ips] of [
			["localhost", "localhost", ["127.0.0.1", "::1"]],
			["api.localhost.", "localhost", ["127.0.0.1", "::1"]],
			["PRINTER", "hosts", ["10.0.0.7", "2a00::7"]],
			["printer.lan.", "hosts", ["10.0.0.7"]],
		] as const) {
			const address = new Address(name, 80, {}, deps);
			await network.clock.runUntil(address.res(sockets("eth1")));
			expect([name, address.resolution.way, address.endpoints().map(({ ip }) => ip)]).toEqual([
				name,
				way,
				ips,
			]);
		}
		expect([seen, system]).toEqual([[], []]);
	});

	it("ends at once when its signal aborts or its time is over, also while the NIC's servers are looked for", async () => {
		const hanging: NicServers = () => new Promise(() => undefined);
		const { network, deps, sockets } = setUp(hanging);
		const controller = new AbortController();
		const reason = new Error("enough");
		network.clock.setTimeout(() => controller.abort(reason), 10);
		const address = new Address("example.com", 80, {}, deps);
		const aborted = address.res(sockets("eth1"), { signal: controller.signal });
		await expect(network.clock.runUntil(aborted)).rejects.toBe(reason);
		expect(network.clock.now()).toBe(10);
		const late = address.res(sockets("eth1"), { timeout: 90 });
		await expect(network.clock.runUntil(late)).rejects.toThrow(AddressTimeoutError);
		expect(network.clock.now()).toBe(100);
	});

	it("fails if its answer is cut and the sockets have no TCP", async () => {
		const { network, deps, sockets } = setUp(async () => ["8.40.1.1:54"]);
		network.host("dns").serve([{ ip: "8.40.1.1", port: 54 }], (data) => {
			const reply = Buffer.from(data);
			reply.writeUInt16BE(0x8200, 2);
			return [{ data: reply }];
		});
		const all = sockets("eth1");
		const udpOnly: ResolverSockets = { af: 4, nic: all.nic ?? null, udp: (options) => all.udp(options) };
		const found = resolveHost("example.com", {}, { ...deps, sockets: udpOnly });
		await expect(network.clock.runUntil(found)).rejects.toMatchObject({
			code: "ERR_ADDRESS_DNS",
			detail: "truncated",
		});
	});
});
