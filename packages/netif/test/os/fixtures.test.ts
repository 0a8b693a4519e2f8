import { describe, expect, it } from "vitest";
import { enumerateInterfaces, listInterfaceNames, type NicInfo, type NicSnapshot } from "../../src/os.js";
import { androidBare, androidTermux } from "../fixtures/android-termux.js";
import { appRunner, cloudRun } from "../fixtures/cloud-functions.js";
import { fixtures } from "../fixtures/index.js";
import { linuxContainer } from "../fixtures/linux-container.js";
import { linuxServer } from "../fixtures/linux-server.js";
import { linuxWsl } from "../fixtures/linux-wsl.js";
import { macosVpn } from "../fixtures/macos-vpn.js";
import { windows10German, windows11Russian, windowsWithoutPowerShell } from "../fixtures/windows.js";
import { type Fixture, fixtureOs } from "../support/fixture-os.js";

const look = (fixture: Fixture): Promise<NicSnapshot> => enumerateInterfaces({}, fixtureOs(fixture));

async function nicOf(fixture: Fixture, name: string): Promise<NicInfo> {
	const nic = (await look(fixture)).nics.find((each) => each.name === name);
	if (!nic) throw new Error(`${fixture.title} has no ${name}`);
	return nic;
}

const kinds = async (fixture: Fixture): Promise<Record<string, string>> =>
	Object.fromEntries((await look(fixture)).nics.map(({ name, kind }) => [name, kind]));

it("every fixture names its public source or says that it was constructed", () => {
	for (const { source } of fixtures) expect(source).toMatch(/https:\/\/|constructed/);
});

describe("Linux server", () => {
	it("knows the kinds from the kernel", async () => {
		expect(await kinds(linuxServer)).toEqual({
			lo: "loopback",
			eno1: "ethernet",
			eno2: "ethernet",
			"eno1.100": "virtual",
			docker0: "bridge",
			veth7c4a: "virtual",
		});
		for (const nic of (await look(linuxServer)).nics) expect(nic.kindFrom).toBe("os");
	});

	it("folds a label into its NIC, not into the VLAN of the same hardware address", async () => {
		const { addresses } = await nicOf(linuxServer, "eno1");
		expect(addresses).toContainEqual({
			af: 4,
			ip: "203.113.0.8",
			cidr: 24,
			scope: "global",
			label: "eno1:web",
		});
		expect(addresses.map(({ ip }) => ip)).toEqual([
			"203.113.0.7",
			"203.113.0.8",
			"2620:0:0:7::7",
			"fe80::1e:67ff:fefa:5d42%eno1",
		]);
		expect((await nicOf(linuxServer, "eno1.100")).addresses.map(({ ip }) => ip)).toEqual(["10.100.0.5"]);
	});

	it("has the gateways of both families, the filter, and a bridge's port", async () => {
		const eno1 = await nicOf(linuxServer, "eno1");
		expect(eno1.gateways).toEqual({
			4: [{ ip: "203.113.0.1", metric: 100 }],
			6: [{ ip: "fe80::1%eno1", metric: 1024 }],
		});
		expect(eno1.reversePathFilter).toBe("loose");
		expect(eno1.isDefault).toEqual({ 4: true, 6: true });
		expect(await nicOf(linuxServer, "veth7c4a")).toMatchObject({ master: "docker0", bridgePort: true });
	});

	it("does not know the IPv4 addresses of a link without a carrier, and says so", async () => {
		const eno2 = await nicOf(linuxServer, "eno2");
		expect(eno2).toMatchObject({ up: true, running: false, addressesKnown: { 4: false, 6: true } });
		const { missing } = await look(linuxServer);
		expect(missing.filter(({ nic }) => nic === "eno2")).toEqual([
			{ nic: "eno2", fact: "addresses", reason: "the link is down: IPv4 is not listed" },
		]);
	});
});

it("Linux container: a veth with a gateway, a kernel without IPv6", async () => {
	const eth0 = await nicOf(linuxContainer, "eth0");
	expect(eth0).toMatchObject({ kind: "virtual", isDefault: { 4: true, 6: false } });
	expect(eth0.gateways[4]).toEqual([{ ip: "172.17.0.1", metric: 0 }]);
	const { routesKnown, missing } = await look(linuxContainer);
	expect(routesKnown).toEqual({ 4: true, 6: true });
	expect(missing).toEqual([]);
});

it("WSL: NICs that are switched off stay in the list, the default is the one that runs", async () => {
	const { nics, defaults } = await look(linuxWsl);
	expect(nics.map(({ name, up }) => `${name} ${up}`)).toEqual([
		"lo true",
		"eth0 false",
		"eth1 false",
		"loopback0 true",
		"eth2 true",
		"eth3 false",
	]);
	expect(defaults[4]).toEqual({ name: "eth2", source: "191.168.4.38", from: "kernel", confirmed: true });
	expect(defaults[6]).toBeNull();
});

describe("Android", () => {
	it("reads ifconfig where everything else is refused, and names what is missing", async () => {
		const { nics, defaults, routesKnown, missing } = await look(androidTermux);
		expect(nics.map(({ name, kind }) => `${name} ${kind}`).sort()).toEqual([
			"lo loopback",
			"rmnet_data2 cellular",
			"tun0 tunnel",
			"wlan0 wireless",
		]);
		const wlan0 = nics.find(({ name }) => name === "wlan0");
		expect(wlan0?.addresses).toEqual([{ af: 4, ip: "10.95.9.78", cidr: 23, scope: "global" }]);
		expect(wlan0?.addressesKnown).toEqual({ 4: true, 6: false });
		expect(defaults[4]).toEqual({ name: "wlan0", source: "10.95.9.78", from: "kernel", confirmed: false });
		expect(routesKnown).toEqual({ 4: false, 6: false });
		const reasons = missing.map(({ reason }) => reason).join(" | ");
		expect(reasons).toMatch(/neither \/proc\/net nor \/sys\/class\/net can be read: EACCES.*system error 13/);
		expect(listInterfaceNames(fixtureOs(androidTermux))).toEqual([]);
	});

	it("is left with the kernel's source address on a NIC without a name", async () => {
		const { nics, defaults } = await look(androidBare);
		expect(nics).toHaveLength(1);
		expect(nics[0]).toMatchObject({ name: "default", index: null, kind: "unknown", kindFrom: "name" });
		expect(nics[0]?.addresses).toEqual([{ af: 4, ip: "10.95.9.78", cidr: null, scope: "global" }]);
		expect(defaults[4]?.name).toBe("default");
	});
});

describe("cloud functions", () => {
	it("Cloud Run: a default route without a gateway, no /sys", async () => {
		const { nics, defaults, missing } = await look(cloudRun);
		expect(nics.find(({ name }) => name === "eth1")?.gateways[4]).toEqual([{ ip: null, metric: 0 }]);
		expect(defaults[4]).toMatchObject({ name: "eth1", confirmed: true });
		expect(missing[0]?.reason).toMatch(/\/sys\/class\/net/);
		// Its mask has a hole (255.255.255.1), which no prefix can say: such a route is left out.
		expect(nics.find(({ name }) => name === "eth0")?.routes).toEqual([]);
	});

	it("App Runner: a refused route makes no NIC", async () => {
		const { nics, defaults } = await look(appRunner);
		expect(nics.map(({ name }) => name)).toEqual(["ecs-eth0", "eth0", "lo"]);
		expect(defaults[4]?.name).toBe("eth0");
		expect(nics[0]?.gateways[4]).toEqual([]);
		expect(nics[0]?.routes).toContainEqual({
			af: 4,
			destination: "169.254.170.2",
			cidr: 32,
			gateway: "169.254.172.1",
			metric: 0,
		});
	});
});

describe("macOS with a VPN", () => {
	it("knows kinds, names and indexes from the OS", async () => {
		expect(await kinds(macosVpn)).toEqual({
			lo0: "loopback",
			en1: "ethernet",
			bridge0: "bridge",
			en0: "wireless",
			awdl0: "wireless",
			utun0: "tunnel",
			utun3: "tunnel",
		});
		expect(await nicOf(macosVpn, "en0")).toMatchObject({
			index: 11,
			displayName: "Wi-Fi",
			mac: "f8:4d:89:6c:2e:01",
			mtu: 1500,
			up: true,
			running: true,
		});
		expect(await nicOf(macosVpn, "en1")).toMatchObject({
			master: "bridge0",
			bridgePort: true,
			running: false,
		});
	});

	it("has the flags of addresses", async () => {
		expect((await nicOf(macosVpn, "en0")).addresses).toEqual([
			{ af: 6, ip: "fe80::1c2b:3cff:fe4d:5e6f%en0", cidr: 64, scope: "link" },
			{ af: 6, ip: "2a02:8388:701:b080:45:1:2:3", cidr: 64, scope: "global" },
			{ af: 6, ip: "2a02:8388:701:b080:a:b:c:d", cidr: 64, scope: "global", temporary: true },
			{
				af: 6,
				ip: "2a02:8388:701:b080:e:f:1:2",
				cidr: 64,
				scope: "global",
				temporary: true,
				deprecated: true,
			},
			{ af: 4, ip: "172.20.10.5", cidr: 28, scope: "global" },
		]);
	});

	it("takes the VPN for IPv4 and the Wi-Fi for IPv6, and leaves the neighbours out", async () => {
		const { defaults, nics } = await look(macosVpn);
		expect(defaults[4]).toMatchObject({ name: "utun3", from: "kernel", confirmed: true });
		expect(defaults[6]).toMatchObject({ name: "en0", from: "kernel", confirmed: true });
		const routes = (name: string): string[] | undefined =>
			nics
				.find((nic) => nic.name === name)
				?.routes.map(({ destination, cidr, gateway }) => `${destination}/${cidr} ${gateway}`);
		expect(routes("utun3")).toEqual(["0.0.0.0/0 null"]);
		expect(routes("en0")).toEqual([
			"169.254.0.0/16 null",
			"172.20.10.0/28 null",
			"::/0 fe80::3a43:7dff:fe01:203%en0",
			"2a02:8388:701:b080::/64 null",
			"0.0.0.0/0 172.20.10.1",
		]);
	});
});

describe("Windows", () => {
	it("German: friendly names beside descriptions and GUIDs, hidden adapters without IP left out", async () => {
		expect(await kinds(windows10German)).toEqual({
			"Loopback Pseudo-Interface 1": "loopback",
			"Ethernet 2": "ethernet",
			"Bluetooth-Netzwerkverbindung": "wireless",
			WLAN: "wireless",
			"vEthernet (Default Switch)": "virtual",
			"Büro-VPN": "tunnel",
		});
		expect(await nicOf(windows10German, "WLAN")).toMatchObject({
			index: 12,
			displayName: "Intel(R) Wi-Fi 6 AX200 160MHz",
			guid: "{8C7D9E10-1F2A-4B3C-8D4E-5F6071829304}",
			mac: "dc:1b:a1:00:11:22",
			gateways: { 4: [{ ip: "192.168.178.1", metric: 45 }], 6: [{ ip: "fe80::1%12", metric: 301 }] },
			isDefault: { 4: true, 6: true },
		});
	});

	it("German: address states, and zones by index", async () => {
		expect((await nicOf(windows10German, "WLAN")).addresses).toEqual([
			{ af: 4, ip: "192.168.178.21", cidr: 24, scope: "global" },
			{ af: 6, ip: "fe80::91c2:7d01:aabb:ccdd%12", cidr: 64, scope: "link" },
			{ af: 6, ip: "2003:c1:7000::1", cidr: 64, scope: "global" },
			{ af: 6, ip: "2003:c1:7000:0:8d1:2:3:4", cidr: 128, scope: "global", temporary: true },
		]);
		expect((await nicOf(windows10German, "Ethernet 2")).addresses).toEqual([
			{ af: 4, ip: "169.254.11.7", cidr: 16, scope: "link", tentative: true },
		]);
	});

	it("Russian: two halves of a VPN are one gateway and beat the default route", async () => {
		const { defaults, nics } = await look(windows11Russian);
		expect(defaults[4]).toMatchObject({ name: "Подключение по локальной сети", confirmed: true });
		expect(nics.find(({ index }) => index === 22)).toMatchObject({ kind: "tunnel", mac: null });
		expect(nics.find(({ index }) => index === 22)?.gateways[4]).toEqual([
			{ ip: "172.19.120.193", metric: 6 },
			{ ip: "172.19.120.193", metric: 1004 },
		]);
	});

	it("without PowerShell: Node's own list, and the reason", async () => {
		const { nics, missing, defaults } = await look(windowsWithoutPowerShell);
		expect(nics.map(({ name, kind }) => `${name} ${kind}`).sort()).toEqual([
			"Loopback Pseudo-Interface 1 loopback",
			"Wi-Fi wireless",
		]);
		expect(nics.find(({ name }) => name === "Wi-Fi")?.addresses[1]?.ip).toBe("fe80::1:2:3:4%18");
		expect(defaults[4]?.name).toBe("Wi-Fi");
		expect(missing[0]).toEqual({
			nic: null,
			fact: "routes",
			reason: expect.stringMatching(/^ENOENT: C:\\Windows\\.*\\powershell\.exe$/),
		});
	});
});
