import { describe, expect, it } from "vitest";
import {
	DELTA_TYPES,
	type DeltaType,
	isDeltaType,
	isNatType,
	NAT_TYPES,
	NatArgumentError,
	type NatType,
	natInfo,
	natTypeFromText,
} from "../src/index.js";

const TYPES = [1, 2, 3, 4, 5, 6, 7] as const satisfies readonly NatType[];
const DELTAS = [1, 2, 3, 4, 5, 6] as const satisfies readonly DeltaType[];
const bits = (...flags: boolean[]): string => flags.map(Number).join("");

describe("natInfo", () => {
	it("assumes type 5 with random ports where nothing is known", () => {
		expect(natInfo()).toEqual({
			type: 5,
			nat_info: "restrict port",
			delta: { type: 6, value: 0 },
			delta_info: "random delta (local port == rand port)",
			range: { start: 1, end: 65535 },
			isOpen: false,
			canPredict: true,
			isHard: true,
			isConcurrent: true,
		});
	});

	// Open, predict by type; hard, concurrent by delta: P2PD's own values, run.
	it.each([
		[1, "11", ["01", "01", "01", "01", "01", "01"]],
		[2, "10", ["11", "01", "01", "10", "10", "11"]],
		[3, "01", ["01", "01", "01", "01", "01", "01"]],
		[4, "01", ["11", "01", "01", "10", "10", "11"]],
		[5, "01", ["11", "01", "01", "10", "10", "11"]],
		[6, "00", ["11", "01", "01", "10", "10", "11"]],
		[7, "00", ["11", "01", "01", "10", "10", "11"]],
	] as const)("type %i: open and predictable %s, hard and concurrent %j", (type, byType, byDelta) => {
		const rows = DELTAS.map((delta) => natInfo(type, { type: delta, value: delta === 4 ? 3 : 0 }));
		expect(rows.map((row) => bits(row.isOpen, row.canPredict))).toEqual(DELTAS.map(() => byType));
		expect(rows.map((row) => bits(row.isHard, row.isConcurrent))).toEqual(byDelta);
	});

	it("has P2PD's exact texts", () => {
		expect(TYPES.map((type) => natInfo(type).nat_info)).toEqual([
			"open internet (no NAT)",
			"possible firewall (no NAT)",
			"full cone",
			"restrict reuse",
			"restrict port",
			"symetric",
			"unknown (all responses blocked)",
		]);
		expect(DELTAS.map((type) => natInfo(5, { type, value: 0 }).delta_info)).toEqual([
			"not applicable",
			"equal delta (local port == mapped port)",
			"preserving delta ((local port + dist) == (mapped_start + dist))",
			"independent delta (rand port == (last_mapped += delta))",
			"dependent delta ((local port += [1 to delta]) == (last_mapped += [1 to delta]))",
			"random delta (local port == rand port)",
		]);
	});

	it("shares no range and no delta with its caller", () => {
		const delta = { type: 4 as const, value: 2 };
		const range = { start: 2000, end: 3000 };
		const info = natInfo(5, delta, range);
		delta.value = 9;
		range.end = 9;
		expect(info.delta.value).toBe(2);
		expect(info.range).toEqual({ start: 2000, end: 3000 });
		expect(() => Object.assign(info.range, { end: 1 })).toThrow(TypeError);
	});

	it.each([
		["type", () => natInfo(8 as NatType)],
		["delta", () => natInfo(5, { type: 7 as DeltaType, value: 0 })],
		["delta", () => natInfo(5, { type: 4, value: 1.5 })],
		["range", () => natInfo(5, { type: 6, value: 0 }, [0, 10])],
		["range", () => natInfo(5, { type: 6, value: 0 }, [20, 10])],
		["range", () => natInfo(5, { type: 6, value: 0 }, { start: 1, end: 65536 })],
	] as const)("refuses a wrong %s", (argument, make) => {
		expect(make).toThrow(NatArgumentError);
		expect(make).toThrow(
			expect.objectContaining({ code: "ERR_NAT_ARGUMENT", argument: expect.stringMatching(`^${argument}`) }),
		);
	});
});

describe("constants", () => {
	it("finds the type of a text, also in the corrected spelling", () => {
		for (const type of TYPES) {
			expect(natTypeFromText(NAT_TYPES[type].info)).toBe(type);
			expect(natTypeFromText(NAT_TYPES[type].short)).toBe(type);
		}
		expect(natTypeFromText("Symmetric")).toBe(6);
		expect(natTypeFromText("cone")).toBeNull();
	});

	it("knows its numbers", () => {
		expect(Object.keys(NAT_TYPES).map(Number).every(isNatType)).toBe(true);
		expect(Object.keys(DELTA_TYPES).map(Number).every(isDeltaType)).toBe(true);
		expect([0, 8, 1.5, "1", null].some(isNatType)).toBe(false);
		expect([0, 7, 1.5, "1", null].some(isDeltaType)).toBe(false);
	});
});
