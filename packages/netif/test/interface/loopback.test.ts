import { type StunServer, startStunServer } from "@p2pd/stun-client/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Interface, initP2pd, listInterfaces } from "../../src/index.js";

/*
 * Real sockets, on the loopback alone: two STUN servers on addresses of 127.0.0.0/8, as in the demonstration.
 */
const lo = process.platform === "linux" ? "lo" : "lo0";
let servers: StunServer[];
let stunServers: string[];

beforeAll(async () => {
	const ports = process.platform === "linux" ? ["127.0.0.2", "127.0.0.3"] : ["127.0.0.1", "127.0.0.1"];
	servers = await Promise.all(ports.map((ip) => startStunServer({ primary: { ip, port: 0 } })));
	stunServers = servers.map(({ primary }) => `${primary.ip}:${primary.port}`);
});
afterAll(() => Promise.all(servers.map((server) => server.close())));

it("P2PD's first steps run on this machine's loopback", async () => {
	const netifaces = await initP2pd();
	expect(netifaces.list()).toEqual(expect.arrayContaining([lo]));
	expect(Interface.list()).toEqual(expect.arrayContaining([lo]));
	const nic = await new Interface(lo, { netifaces, stunServers }).start();
	const route = nic.route(4);
	expect(`${route}`).toBe("[127.0.0.1/32] -> [127.0.0.1/32]");
	expect(nic.toJSON()).toMatchObject({ name: lo, kind: "loopback", rp: { "4": [{ non_public: true }] } });
	await nic.loadNat();
	expect(nic.natReports[4]).toMatchObject({ mapping: "none", final: true });
	const bound = await route.bind();
	const socket = await bound.udp();
	expect(socket.address().address).toBe("127.0.0.1");
	socket.close();
	nic.close();
});

it("a family of which no server was given is there, unverified, with the reason", async () => {
	const nic = await new Interface(lo, { stunServers }).start();
	expect(nic.supported()[0]).toBe(4);
	if (nic.supported().includes(6)) expect(nic.route(6).isVerified).toBe(false);
	expect(nic.reasons[6]).not.toBeNull();
});

it("the loopback is of no use for WAN or LAN", async () => {
	expect((await listInterfaces()).map(({ name }) => name)).not.toContain(lo);
});
