import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Interface, listInterfaces, Netifaces } from "../../src/index.js";
import { chooseNic } from "../../src/netifaces.js";
import { netifacesOf, nic, snapshot } from "../support/snapshots.js";

const lo = nic({ name: "lo", index: 1, kind: "loopback", addresses: ["127.0.0.1/8", "::1/128"] });
const eth0 = nic({ name: "eth0", index: 2, addresses: ["192.168.1.20/24"], gateways: { 4: "192.168.1.1" } });
const wlan0 = nic({ name: "wlan0", index: 3, kind: "wireless", addresses: ["10.0.0.5/24"] });

it("the console shows the names of the NICs", async () => {
	const netifaces = netifacesOf(snapshot([lo, eth0]));
	expect(inspect(netifaces)).toBe("Netifaces(lo, eth0)");
	expect(inspect(new Netifaces(() => Promise.reject(new Error("unused")), Date.now))).toBe(
		"Netifaces(not enumerated yet)",
	);
});

describe("which NIC a selector names", () => {
	const three = snapshot([lo, eth0, wlan0]);

	it.each([[undefined], [null], [""], ["eth0"], [4 as const]])("%j is the default NIC", (selector) => {
		expect(chooseNic(three, selector).name).toBe("eth0");
	});

	it("a name is that NIC, usable or not", () => {
		expect(chooseNic(three, "wlan0").name).toBe("wlan0");
		expect(chooseNic(three, "lo").name).toBe("lo");
	});

	it("an unknown name is an error that lists the existing ones", () => {
		expect(() => chooseNic(three, "meow")).toThrowError(
			expect.objectContaining({
				code: "ERR_NETIF_NOT_FOUND",
				interfaceName: "meow",
				existing: ["lo", "eth0", "wlan0"],
				message: 'there is no network interface "meow"; there are "lo", "eth0", "wlan0"',
			}),
		);
	});

	it("IPv6 without an IPv6 default route is an error, and not the IPv4 NIC", () => {
		expect(() => chooseNic(three, 6)).toThrowError(
			expect.objectContaining({ code: "ERR_NETIF_NO_GATEWAY", af: 6 }),
		);
	});

	it("no default route at all is an error without a family", () => {
		expect(() => chooseNic(snapshot([lo, wlan0]), undefined)).toThrowError(
			expect.objectContaining({ code: "ERR_NETIF_NO_GATEWAY", af: null }),
		);
	});

	it("a host with IPv6 alone has the default NIC of IPv6", () => {
		const six = nic({ name: "eth6", addresses: ["2a02::5/64"], gateways: { 6: "fe80::1%eth6" } });
		expect(chooseNic(snapshot([lo, six]), undefined).name).toBe("eth6");
	});

	it.each([2, 5, 10, 23, 30, 1337, Number.NaN])("%j is no family", (value) => {
		expect(() => new Interface(value as 4)).toThrowError(
			expect.objectContaining({ code: "ERR_NETIF_ARGUMENT", argument: "selector" }),
		);
	});

	it("Windows' adapter description and GUID are names too, unless two NICs have them", () => {
		const guid = "{8C7D9E10-1F2A-4B3C-8D4E-5F6071829304}";
		const wifi = nic({ name: "WLAN", info: { displayName: "Intel(R) Wi-Fi 6 AX200 160MHz", guid } });
		const one = snapshot([eth0, wifi]);
		expect(chooseNic(one, "Intel(R) Wi-Fi 6 AX200 160MHz").name).toBe("WLAN");
		expect(chooseNic(one, guid.toLowerCase()).name).toBe("WLAN");
		expect(chooseNic(one, guid.slice(1, -1)).name).toBe("WLAN");
		const two = snapshot([wifi, nic({ name: "WLAN 2", info: { displayName: wifi.displayName } })]);
		expect(() => chooseNic(two, wifi.displayName)).toThrowError(
			expect.objectContaining({ code: "ERR_NETIF_NOT_FOUND" }),
		);
	});
});

describe("which NICs are usable", () => {
	const cases: readonly (readonly [string, Parameters<typeof nic>[0], string | null])[] = [
		[
			"a card with a gateway",
			{ name: "a", addresses: ["192.168.1.2/24"], gateways: { 4: "192.168.1.1" } },
			"wan 4 lan 4",
		],
		["a card without one is LAN", { name: "a", addresses: ["192.168.1.2/24"] }, "wan  lan 4"],
		[
			"both families",
			{ name: "a", addresses: ["1.2.3.4/24", "2a02::1/64"], gateways: { 4: "1.2.3.1", 6: "fe80::1%a" } },
			"wan 4,6 lan 4,6",
		],
		[
			"a container's veth with a gateway",
			{ name: "a", kind: "virtual", addresses: ["172.17.0.2/16"], gateways: { 4: "172.17.0.1" } },
			"wan 4 lan 4",
		],
		["a VPN, marked", { name: "a", kind: "tunnel", addresses: ["10.8.0.2/24"] }, "wan  lan 4 tunnel"],
		["a NIC of unknown kind", { name: "a", kind: "unknown", addresses: ["10.8.0.2/24"] }, "wan  lan 4"],
		[
			"a gateway by a route that is not the default",
			{
				name: "a",
				addresses: ["169.254.172.2/24"],
				info: {
					routes: [{ af: 4, destination: "169.254.170.2", cidr: 32, gateway: "169.254.172.1", metric: 0 }],
				},
			},
			"wan 4 lan ",
		],
		[
			"a cloud function's NIC: link-local, with the default route",
			{
				name: "a",
				addresses: ["169.254.8.130/32"],
				info: { gateways: { 4: [{ ip: null, metric: 0 }], 6: [] } },
			},
			"wan 4 lan ",
		],
		[
			"a bridge that holds the host's own address",
			{ name: "a", kind: "bridge", addresses: ["192.168.1.2/24"], gateways: { 4: "192.168.1.1" } },
			"wan 4 lan 4",
		],
		[
			"a bridge without a gateway (docker0)",
			{ name: "a", kind: "bridge", addresses: ["172.17.0.1/16"] },
			null,
		],
		[
			"a port of a bridge",
			{ name: "a", kind: "virtual", bridgePort: true, addresses: ["fe80::1%a/64"] },
			null,
		],
		[
			"the loopback, even with a global address and a default route",
			{ name: "a", kind: "loopback", addresses: ["127.0.0.1/8", "8.8.8.8/32"], gateways: { 4: "127.0.0.1" } },
			null,
		],
		[
			"a link that is switched off",
			{ name: "a", up: false, addresses: ["192.168.1.2/24"], gateways: { 4: "192.168.1.1" } },
			null,
		],
		["a link without a carrier", { name: "a", running: false, addresses: ["192.168.1.2/24"] }, null],
		[
			"a link of which nothing is known counts",
			{ name: "a", addresses: ["192.168.1.2/24"], info: { up: null, running: null } },
			"wan  lan 4",
		],
		["link-local addresses alone", { name: "a", addresses: ["169.254.3.4/16", "fe80::1%a/64"] }, null],
		["no address", { name: "a" }, null],
		["a gateway without an address of that family", { name: "a", gateways: { 6: "fe80::1%a" } }, null],
		[
			"an address that is still being checked",
			{
				name: "a",
				info: { addresses: [{ af: 6, ip: "2a02::1", cidr: 64, scope: "global", tentative: true }] },
			},
			null,
		],
	];

	it.each(cases)("%s", async (_, spec, expected) => {
		const [found] = await listInterfaces({ netifaces: netifacesOf(snapshot([nic(spec)])) });
		const text = found ? `wan ${found.wan} lan ${found.lan}${found.tunnel ? " tunnel" : ""}` : null;
		expect(text).toBe(expected);
	});

	it("the default NICs come first, the others by index, whatever the order of the OS", async () => {
		const eth9 = nic({ name: "eth9", index: 9, addresses: ["10.9.0.1/24"], gateways: { 4: "10.9.0.254" } });
		const six = nic({ name: "six", index: 7, addresses: ["2a02::5/64"], gateways: { 6: "fe80::1%six" } });
		const names = async (...nics: ReturnType<typeof nic>[]) =>
			(await listInterfaces({ netifaces: netifacesOf(snapshot(nics)) })).map(({ name }) => name);
		expect(await names(lo, wlan0, six, eth9)).toEqual(["eth9", "six", "wlan0"]);
	});
});
