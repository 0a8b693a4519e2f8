import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffSnapshots, type InterfaceChange, type NicInfo } from "../../src/index.js";
import { concerns } from "../../src/watch/diff.js";
import { type NicSpec, nic, snapshot } from "../support/snapshots.js";

const eth0: NicSpec = { name: "eth0", index: 2, addresses: ["10.0.0.5/24"], gateways: { 4: "10.0.0.1" } };

const ready = { af: 6, ip: "2a02::1", cidr: 64, scope: "global" } as const;
const tentative = { ...ready, tentative: true } as const;

/** A difference in one line. */
const told = (change: InterfaceChange): string => {
	const { type, nic: name } = change;
	if (type === "address-added" || type === "address-removed") return `${type} ${name} ${change.address.ip}`;
	if (type === "address-changed")
		return `${type} ${name} ${change.address.ip} from ${change.before.tentative ? "tentative" : "ready"}`;
	if (type === "mtu") return `${type} ${name} ${change.before} ${change.mtu}`;
	if (type === "link") return `${type} ${name} ${change.up} ${change.running}`;
	if (type === "gateway") return `${type} ${name} ${change.af} ${change.gateways.map(({ ip }) => ip)}`;
	return type === "default-route" ? `${type} ${change.af} ${change.from} ${change.to}` : `${type} ${name}`;
};

const diff = (before: readonly NicInfo[], after: readonly NicInfo[]): string[] =>
	diffSnapshots(snapshot(before), snapshot(after)).map(told);

describe("the difference of two looks", () => {
	const one = nic(eth0);
	const cases: readonly (readonly [string, NicInfo[], NicInfo[], string[]])[] = [
		["nothing", [one], [one], []],
		["a NIC that came", [], [one], ["nic-added eth0", "default-route 4 null eth0"]],
		["a NIC that went", [one], [], ["nic-removed eth0", "default-route 4 eth0 null"]],
		[
			"the same name on another NIC",
			[one],
			[nic({ ...eth0, index: 9 })],
			["nic-removed eth0", "nic-added eth0"],
		],
		[
			"another address",
			[one],
			[nic({ ...eth0, addresses: ["10.0.0.6/24"] })],
			["address-removed eth0 10.0.0.5", "address-added eth0 10.0.0.6"],
		],
		[
			"one more address",
			[one],
			[nic({ ...eth0, addresses: ["10.0.0.5/24", "2a02::1/64"] })],
			["address-added eth0 2a02::1"],
		],
		[
			"a tentative address that became ready",
			[nic({ ...eth0, info: { addresses: [tentative] } })],
			[nic({ ...eth0, info: { addresses: [ready] } })],
			["address-changed eth0 2a02::1 from tentative"],
		],
		[
			"an address with another prefix",
			[nic({ ...eth0, addresses: ["10.0.0.5/24"] })],
			[nic({ ...eth0, addresses: ["10.0.0.5/25"] })],
			["address-removed eth0 10.0.0.5", "address-added eth0 10.0.0.5"],
		],
		["another MTU", [one], [nic({ ...eth0, info: { mtu: 1280 } })], ["mtu eth0 1500 1280"]],
		["another gateway", [one], [nic({ ...eth0, gateways: { 4: "10.0.0.2" } })], ["gateway eth0 4 10.0.0.2"]],
		[
			"no gateway any more",
			[one],
			[nic({ ...eth0, gateways: {} })],
			["gateway eth0 4 ", "default-route 4 eth0 null"],
		],
		[
			"a cable that was pulled: its addresses are not known to be gone",
			[one],
			[nic({ ...eth0, running: false, addresses: [], info: { addressesKnown: { 4: false, 6: true } } })],
			["link eth0 true false", "default-route 4 eth0 null"],
		],
		[
			"another default NIC",
			[one, nic({ name: "b", index: 3, addresses: ["10.1.0.5/24"], gateways: { 4: "10.1.0.1" } })],
			[nic({ name: "b", index: 3, addresses: ["10.1.0.5/24"], gateways: { 4: "10.1.0.1" } }), one],
			["default-route 4 eth0 b"],
		],
	];
	it.each(cases)("%s", (_, before, after, expected) => {
		expect(diff(before, after)).toEqual(expected);
	});

	const anyNics = fc.uniqueArray(
		fc.record({
			name: fc.constantFrom("a", "b", "c", "d"),
			index: fc.integer({ min: 1, max: 3 }),
			addresses: fc.uniqueArray(fc.constantFrom("10.0.0.1/24", "10.0.0.2/24", "2a02::1/64", "fe80::1%a/64")),
			up: fc.boolean(),
		}),
		{ selector: ({ name }) => name },
	);

	it("is empty exactly where the two are the same, and its opposite undoes it", () => {
		fc.assert(
			fc.property(anyNics, anyNics, (a, b) => {
				const [before, after] = [a.map(nic), b.map(nic)];
				expect(diff(before, before)).toEqual([]);
				const there = diff(before, after);
				const back = diff(after, before);
				expect(there.length).toBe(back.length);
				const count = (list: string[], type: string): number =>
					list.filter((each) => each.startsWith(type)).length;
				expect(count(there, "nic-added")).toBe(count(back, "nic-removed"));
				expect(count(there, "address-added")).toBe(count(back, "address-removed"));
				const byName = (list: readonly NicInfo[]) =>
					JSON.stringify(
						[...list]
							.sort((x, y) => (x.name < y.name ? -1 : 1))
							// The order of a NIC's addresses means nothing.
							.map((each) => ({ ...each, addresses: each.addresses.map(({ ip }) => ip).sort() })),
					);
				if (there.length === 0) expect(byName(before)).toBe(byName(after));
			}),
		);
	});
});

describe("an event concerns a NIC", () => {
	const event = (change: InterfaceChange) =>
		({ changes: [change], cause: "change", snapshot: snapshot([]) }) as const;

	it("if its addresses may have changed, and not if only its MTU did", () => {
		const ready_ = { type: "address-changed", nic: "eth0", address: ready, before: tentative } as const;
		expect(concerns(event(ready_), "eth0")).toBe(true);
		expect(concerns(event(ready_), "eth1")).toBe(false);
		expect(concerns(event({ type: "mtu", nic: "eth0", mtu: 1280, before: 1500 }), "eth0")).toBe(false);
		expect(concerns({ ...event(ready_), changes: [], cause: "wake" }, "eth1")).toBe(true);
	});
});
