import { inspect } from "node:util";
import { expect, it } from "vitest";
import { Interface } from "../../src/index.js";

const routeOf = (af: number, nicIp: string, extIp: string, cidr: number) => ({
	af,
	nic_ips: [{ ip: nicIp, cidr, af }],
	ext_ips: [{ ip: extIp, cidr, af }],
});

/** P2PD's own sample, as printed on Windows: families 2 and 23, no is_default. */
const page = {
	name: "Intel(R) Wi-Fi 6 AX200 160MHz",
	nat: {
		type: 5,
		nat_info: "restrict port",
		delta: { type: 6, value: 0 },
		delta_info: "random delta (local port == rand port)",
	},
	rp: { "2": [routeOf(2, "192.168.21.21", "1.3.3.7", 32)], "23": [] },
};

it("takes P2PD's dictionary, and gives it back with our families", () => {
	const nic = Interface.fromJSON(page);
	expect(nic.isStarted).toBe(true);
	expect(nic.supported()).toEqual([4]);
	expect(`${nic.route()}`).toBe("[192.168.21.21/32] -> [1.3.3.7/32]");
	expect(nic.route().nic).toBe(nic);
	expect(nic.nic(4)).toBe("192.168.21.21");
	expect(nic.nic(6)).toBeNull();
	const json = nic.toJSON();
	expect(Object.keys(json).slice(0, 3)).toEqual(["name", "nat", "rp"]);
	expect(json.nat).toEqual(page.nat);
	expect(json.rp).toEqual({
		"4": [{ ...routeOf(4, "192.168.21.21", "1.3.3.7", 32), link_local_ips: [] }],
		"6": [],
	});
});

it.each([10, 23, 30])("takes P2PD's IPv6 family %i of each OS", (af) => {
	const nic = Interface.fromJSON({ ...page, rp: { 2: [], [af]: [routeOf(af, "fe80::1", "2a02::5", 128)] } });
	expect(nic.supported()).toEqual([6]);
	expect(nic.toJSON().nat_by_af).toMatchObject({ "4": null, "6": { type: 5 } });
});

it("takes P2PD's newest form, with its frozen facts", () => {
	const nic = Interface.fromJSON({
		...page,
		netiface_index: 1,
		nic_no: 12,
		id: 12,
		mac: "00-1e-67-fa-5d-42",
		is_default: { "2": true, "23": false },
	});
	expect([nic.isDefault(4), nic.isDefault(6), nic.index, nic.mac]).toEqual([
		true,
		false,
		1,
		"00-1e-67-fa-5d-42",
	]);
	expect(nic.toJSON()).toMatchObject({ nic_no: 12, id: 12 });
});

it("a dictionary is the same after JSON and fromJSON()", () => {
	const once = Interface.fromJSON(page).toJSON();
	const text = JSON.stringify(once);
	expect(JSON.parse(text)).toEqual(once);
	expect(JSON.stringify(Interface.fromJSON(JSON.parse(text)))).toBe(text);
});

it("takes a NAT from elsewhere, whole or not at all", () => {
	const nic = Interface.fromJSON(page);
	expect(nic.setNat({ type: 3, delta: { type: 4, value: 2 } })).toMatchObject({ nat_info: "full cone" });
	expect(nic.nat).toMatchObject({ type: 3, delta: { type: 4, value: 2 } });
	nic.setNat({ type: 1, delta: { type: 1, value: 0 } }, 6);
	expect(nic.toJSON().nat_by_af).toMatchObject({ "4": { type: 3 }, "6": { type: 1 } });
	const wrong = { type: 9, delta: { type: 1, value: 0 } } as unknown as Parameters<typeof nic.setNat>[0];
	expect(() => nic.setNat(wrong)).toThrowError(expect.objectContaining({ code: "ERR_NETIF_JSON" }));
	expect(nic.nat.type).toBe(3);
});

it("has the scope id of link-local addresses: the number on Windows, the name elsewhere", () => {
	expect(Interface.fromJSON({ ...page, nic_no: 12 }).scopeId).toBe("12");
	expect(Interface.fromJSON({ ...page, name: "eth0" }).scopeId).toBe("eth0");
});

it("inspect and toString print the dictionary in P2PD's form", () => {
	const nic = Interface.fromJSON(page);
	expect(inspect(nic)).toBe(JSON.stringify(nic, null, 4));
	expect(inspect(nic)).toContain(
		'"name": "Intel(R) Wi-Fi 6 AX200 160MHz",\n    "nat": {\n        "type": 5,',
	);
	expect(inspect({ deep: { deeper: { deepest: nic } } })).toContain("[Interface Intel(R) Wi-Fi");
	expect(inspect(new Interface())).toContain('"name": ""');
});

it.each([
	["", "text"],
	["name", { ...page, name: 5 }],
	["rp", { ...page, rp: undefined }],
	["rp.7", { ...page, rp: { "7": [] } }],
	["rp.4", { ...page, rp: { "4": [], "2": [] } }],
	["rp.4", { ...page, rp: { "4": [{}] } }],
	["rp.4", { ...page, rp: { "4": "many" } }],
	["nat", { ...page, nat: null }],
	["nat.type", { ...page, nat: { ...page.nat, type: 9 } }],
	["nat.delta", { ...page, nat: { ...page.nat, delta: [] } }],
	["nat.delta.type", { ...page, nat: { ...page.nat, delta: { type: 0, value: 0 } } }],
	["nat.delta.value", { ...page, nat: { ...page.nat, delta: { type: 4, value: "1" } } }],
	["mac", { ...page, mac: 5 }],
	["nat_by_af.4", { ...page, nat_by_af: { "4": 5 } }],
])("a dictionary that is wrong at %j is refused with the place", (path, json) => {
	expect(() => Interface.fromJSON(json)).toThrowError(
		expect.objectContaining({ code: "ERR_NETIF_JSON", path }),
	);
});
