import { buildLab, describeLab, type Lab, openInternet } from "@p2pd/testnet/lab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NicInfo } from "../../src/index.js";
import { describeSnapshotContract } from "../os/contract.js";
import type { run } from "./scenarios/look.js";

const LOOK = new URL("./scenarios/look.ts", import.meta.url);
const WATCH = new URL("./scenarios/watch.ts", import.meta.url);

describeLab("what a real kernel says of its NICs", () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await buildLab(openInternet());
	});
	afterAll(() => lab.close());

	const ip = async (command: string): Promise<void> => {
		const { code, stderr } = await lab.exec("client", "ip", command.split(" "));
		if (code !== 0) throw new Error(`ip ${command}: ${stderr}`);
	};
	const look = () => lab.run<Awaited<ReturnType<typeof run>>>("client", LOOK);
	const nicOf = async (name: string): Promise<NicInfo | undefined> =>
		(await look()).snapshot.nics.find((nic) => nic.name === name);
	const pair = (name: string, peer: string): Promise<void> =>
		ip(`link add ${name} type veth peer name ${peer}`);

	describeSnapshotContract("a network namespace", async () => (await look()).snapshot);

	it("the loopback and a NIC with both families, a gateway and the defaults", async () => {
		const { snapshot, names, usable } = await look();
		expect(names).toEqual(expect.arrayContaining(["lo", "eth0"]));
		expect(snapshot.nics.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
		expect(snapshot.nics.find(({ name }) => name === "lo")).toMatchObject({ index: 1, kind: "loopback" });
		const eth0 = snapshot.nics.find(({ name }) => name === "eth0");
		expect(eth0).toMatchObject({ kindFrom: "os", up: true, running: true, isDefault: { 4: true, 6: true } });
		expect(eth0?.addresses.map(({ ip: text, cidr, scope }) => `${text}/${cidr} ${scope}`)).toEqual([
			"185.12.64.20/24 global",
			"2a01:4f9:2b::20/64 global",
			expect.stringMatching(/^fe80::.*%eth0\/64 link$/),
		]);
		expect(snapshot.defaults[4]).toMatchObject({ name: "eth0", from: "kernel", confirmed: true });
		expect(usable).toEqual(["eth0"]);
	});

	it("a link that is switched off, and one without a carrier", async () => {
		await pair("down0", "peer0");
		await ip("addr add 10.1.0.1/24 dev down0");
		expect(await nicOf("down0")).toMatchObject({ up: false, running: false, addressesKnown: { 4: false } });
		await ip("link set down0 up");
		expect(await nicOf("down0")).toMatchObject({ up: true, running: false, addressesKnown: { 4: false } });
		expect((await look()).snapshot.missing).toContainEqual({
			nic: "down0",
			fact: "addresses",
			reason: "the link is down: IPv4 is not listed",
		});
		await ip("link set peer0 up");
		const up = await nicOf("down0");
		expect(up).toMatchObject({
			up: true,
			running: true,
			kind: "virtual",
			addressesKnown: { 4: true, 6: true },
		});
		expect(up?.addresses[0]).toMatchObject({ ip: "10.1.0.1", cidr: 24 });
		await ip("link del down0");
	});

	it("a NIC without an address", async () => {
		await pair("bare0", "peer0");
		await ip("link set bare0 addrgenmode none up");
		await ip("link set peer0 up");
		expect(await nicOf("bare0")).toMatchObject({ running: true, addresses: [], gateways: { 4: [], 6: [] } });
		expect((await look()).usable).toEqual(["eth0"]);
		await ip("link del bare0");
	});

	it("an address under a label belongs to its NIC, also next to a NIC whose name begins the same", async () => {
		await pair("tag", "peer0");
		await pair("tag1", "peer1");
		for (const name of ["tag", "peer0", "tag1", "peer1"]) await ip(`link set ${name} up`);
		await ip("addr add 10.2.0.1/24 dev tag");
		await ip("addr add 10.2.0.2/24 dev tag label tag:web");
		await ip("addr add 10.2.1.1/24 dev tag1 label tag1:x");
		const { snapshot } = await look();
		expect(snapshot.nics.map(({ name }) => name)).not.toContain("tag:web");
		const v4 = (name: string) =>
			snapshot.nics.find((nic) => nic.name === name)?.addresses.filter(({ af }) => af === 4);
		expect(v4("tag")).toEqual([
			{ af: 4, ip: "10.2.0.1", cidr: 24, scope: "global" },
			{ af: 4, ip: "10.2.0.2", cidr: 24, scope: "global", label: "tag:web" },
		]);
		expect(v4("tag1")).toEqual([{ af: 4, ip: "10.2.1.1", cidr: 24, scope: "global", label: "tag1:x" }]);
		await ip("link del tag");
		await ip("link del tag1");
	});

	it("a bridge and its port, with a gateway and without", async () => {
		await ip("link add br0 type bridge");
		await pair("port0", "peer0");
		await ip("link set port0 master br0");
		for (const name of ["br0", "port0", "peer0"]) await ip(`link set ${name} up`);
		await ip("addr add 10.3.0.1/24 dev br0");
		expect(await nicOf("br0")).toMatchObject({ kind: "bridge", kindFrom: "os" });
		expect(await nicOf("port0")).toMatchObject({ bridgePort: true, master: "br0" });
		expect((await look()).usable).toEqual(["eth0"]);
		await ip("route add default via 10.3.0.254 dev br0 metric 900");
		expect(await nicOf("br0")).toMatchObject({ gateways: { 4: [{ ip: "10.3.0.254", metric: 900 }] } });
		expect((await look()).usable).toEqual(["eth0", "br0"]);
		await ip("link del br0");
		await ip("link del port0");
	});

	it("tunnels: a tun device is one, marked so by the kernel", async () => {
		await ip("tuntap add vpn0 mode tun");
		expect(await nicOf("vpn0")).toMatchObject({ kind: "tunnel", kindFrom: "os", mac: null });
		await ip("tuntap del vpn0 mode tun");
	});

	it("a NIC stacked on another (a VLAN where this kernel has them, else macvlan) has its own addresses", async (t) => {
		await pair("base0", "peer0");
		const vlan = await lab.exec(
			"client",
			"ip",
			"link add link base0 name base0.100 type vlan id 100".split(" "),
		);
		if (vlan.code !== 0) {
			t.annotate("this kernel has no VLANs: a macvlan stands in; the fixture of a server has a VLAN");
			await ip("link add link base0 name base0.100 type macvlan");
		}
		for (const name of ["base0", "peer0", "base0.100"]) await ip(`link set ${name} up`);
		await ip("addr add 10.4.0.1/24 dev base0");
		await ip("addr add 10.4.100.1/24 dev base0.100");
		const stacked = await nicOf("base0.100");
		expect(stacked).toMatchObject({ kind: "virtual", running: true });
		expect(stacked?.addresses.filter(({ af }) => af === 4).map(({ ip: text }) => text)).toEqual([
			"10.4.100.1",
		]);
		await ip("link del base0");
	});

	describe("odd names", () => {
		// The kernel takes 15 bytes without a blank, a slash and a colon; bytes beyond ASCII are as good as any.
		it.each(["αβγδεζη", "fifteen-bytes-x", "a;rm$(x)|&'", "ethernet.0-_@!", "🌐net"])("%s", async (name) => {
			expect(Buffer.byteLength(name)).toBeLessThanOrEqual(15);
			await pair(name, "peer0");
			await ip(`link set ${name} up`);
			await ip("link set peer0 up");
			await ip(`addr add 10.5.0.1/24 dev ${name}`);
			const { names, snapshot } = await look();
			expect(names).toContain(name);
			expect(snapshot.nics.find((nic) => nic.name === name)).toMatchObject({
				kind: "virtual",
				kindFrom: "os",
				addresses: expect.arrayContaining([{ af: 4, ip: "10.5.0.1", cidr: 24, scope: "global" }]),
			});
			await ip("link del peer0");
		});

		it("one with a blank is refused by the kernel itself", async () => {
			const { code } = await lab.exec("client", "ip", ["link", "add", "my nic", "type", "veth"]);
			expect(code).not.toBe(0);
		});
	});

	it("a NIC that appears, changes its address, becomes the default and vanishes while it is watched", async () => {
		const seen = await lab.run<string[][]>("client", WATCH, {
			steps: [
				["link add new0 type veth peer name peer0"],
				[
					"addr add 10.6.0.1/24 dev new0",
					"link set peer0 up",
					"link set new0 addrgenmode none",
					"link set new0 up",
				],
				["addr add 10.6.0.2/24 dev new0"],
				["addr del 10.6.0.1/24 dev new0", "addr add 10.6.0.3/24 dev new0"],
				["route add default via 10.6.0.254 dev new0 metric 0"],
				["link set new0 down"],
				["link del new0"],
			],
		});
		expect(seen[0]).toEqual(["nic-added peer0", "nic-added new0"]);
		expect(seen[1]).toEqual(expect.arrayContaining(["link new0", "address-added new0 10.6.0.1"]));
		expect(seen[2]).toEqual(["address-added new0 10.6.0.2"]);
		expect(seen[3]).toEqual(
			expect.arrayContaining(["address-removed new0 10.6.0.1", "address-added new0 10.6.0.3"]),
		);
		expect(seen[4]).toEqual(["gateway new0 10.6.0.254", "default-route 4 eth0 new0"]);
		expect(seen[5]).toEqual(expect.arrayContaining(["link new0", "default-route 4 new0 eth0"]));
		expect(seen[6]).toEqual(["nic-removed peer0", "nic-removed new0"]);
	});
});
