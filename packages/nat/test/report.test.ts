import { describe, expect, it, vi } from "vitest";
import {
	assumedNat,
	type NatReport,
	NatReportError,
	natDictionary,
	natInfoOf,
	parseNatReport,
} from "../src/index.js";
import { runScene } from "./scenes/scene.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 120_000 });

const GATEWAY = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-dependent",
	allocation: { kind: "independent", step: 2 },
} as const;
const sample = async (): Promise<NatReport> => (await runScene({ gateway: GATEWAY })).report;

describe("a stored report", () => {
	it("comes back from JSON as it was", async () => {
		const report = await sample();
		expect(parseNatReport(JSON.stringify(report))).toEqual(report);
		expect(parseNatReport(JSON.parse(JSON.stringify(report)))).toEqual(report);
		expect([report.schema, report.version]).toEqual(["p2pd/nat-report", 1]);
	});

	it.each([
		["version", 2],
		["schema", "other"],
		["type", 8],
		["type", "5"],
		["mapping", "symmetric"],
		["delta", { type: 7, value: 0 }],
		["delta", { type: 4, value: 1.5 }],
		["external", "81.2.69.142"],
		["externalIps", [1]],
		["evidence", { servers: [], probes: [] }],
		["datagrams", -1],
		["reason", undefined],
	])("is refused where %s is %j", async (field, value) => {
		const report = { ...(await sample()), [field]: value };
		expect(() => parseNatReport(report)).toThrow(
			expect.objectContaining({ code: "ERR_NAT_REPORT", path: expect.stringMatching(`^${field}`) }),
		);
	});

	it.each([
		["local", { ip: "300.1.1.1", port: 5 }],
		["external", { ip: "not an address", port: 5 }],
		["external", { ip: "81.2.69.142", port: 70_000 }],
		["external.ip", { ip: "2a00::1", port: 5 }],
		["externalIps", ["81.2.69.142", "example.com"]],
		["externalIps", Array.from({ length: 20_000 }, () => "81.2.69.142")],
		["observedPorts", { start: 0, end: 5 }],
		["reason", "x".repeat(100_000)],
		["secret", 1],
		["evidence", { servers: Array.from({ length: 20_000 }, () => ({})), probes: [], train: [] }],
	])("from a peer is refused where %s is wrong", async (path, value) => {
		const report = { ...(await sample()), [path.split(".")[0] ?? ""]: value };
		expect(() => parseNatReport(report)).toThrow(
			expect.objectContaining({ code: "ERR_NAT_REPORT", path: expect.stringMatching(`^${path}`) }),
		);
	});

	it("says what is wrong without escapes for a terminal", async () => {
		const report = { ...(await sample()), ["\u001b]0;owned\u0007"]: 1 };
		expect(() => parseNatReport(report)).toThrow(/^[\x20-\x7e]*$/);
	});

	it.each(["", "{", "[]", "null", "7"])("is refused if it is %j", (text) => {
		expect(() => parseNatReport(text)).toThrow(NatReportError);
	});

	it("explains itself", async () => {
		const { reason, evidence } = await sample();
		expect(reason).toBe(
			"Type 4, restrict. Mapping endpoint-independent: 5 of 5 servers see one external end, 2 of them from both their addresses. " +
				"Filtering address-dependent: replies from another IP stay out (2 servers), from another port they come in (3 servers). " +
				"Ports independent: 15 of 15 new mappings came 2 further.",
		);
		expect(evidence.train).toHaveLength(16);
		expect(evidence.probes[0]).toMatchObject({
			id: "map:0:primary",
			server: 0,
			from: { ip: "192.168.1.20" },
			to: { ip: "8.40.1.1", port: 3478 },
			change: "none",
			result: "answered",
			answer: { rtt: 50, from: { ip: "8.40.1.1", port: 3478 }, mapped: { ip: "82.1.1.1" } },
		});
	});
});

describe("in P2PD's terms", () => {
	const reason = "because";
	it("keeps what is known", () => {
		const { info, assumed } = natInfoOf({ type: 4, delta: { type: 4, value: 2 }, reason });
		expect([info.type, info.delta, assumed]).toEqual([4, { type: 4, value: 2 }, false]);
	});

	it("assumes 5 and 6 for what is not, and says so", () => {
		const nothing = natInfoOf({ type: "unknown", delta: { type: "unknown", value: 0 }, reason });
		expect([nothing.info.type, nothing.info.delta.type, nothing.assumed, nothing.reason]).toEqual([
			5,
			6,
			true,
			reason,
		]);
		expect(natInfoOf({ type: 3, delta: { type: "unknown", value: 0 }, reason }).assumed).toBe(true);
		expect(natInfoOf({ type: 7, delta: { type: "unknown", value: 0 }, reason }).assumed).toBe(false);
	});

	it("gives the dictionary, which says `assumed` by the same rule", () => {
		const blocked = { type: 7, delta: { type: "unknown", value: 0 }, reason } as const;
		expect(natDictionary(blocked)).toEqual({
			type: 7,
			nat_info: "unknown (all responses blocked)",
			delta: { type: 6, value: 0 },
			delta_info: "random delta (local port == rand port)",
		});
		const open = { type: 1, delta: { type: 1, value: 0 }, reason } as const;
		const half = { type: 3, delta: { type: "unknown", value: 0 }, reason } as const;
		const nothing = { type: "unknown", delta: { type: "unknown", value: 0 }, reason: "" } as const;
		for (const report of [blocked, open, half, nothing]) {
			expect(natDictionary(report).assumed === true).toBe(natInfoOf(report).assumed);
		}
		expect(natDictionary(half)).toMatchObject({ type: 3, assumed: true, reason });
		expect(natDictionary(nothing)).toMatchObject({ type: 5, reason: expect.stringContaining("suffice") });
		expect(assumedNat("not tested")).toMatchObject({ type: 5, assumed: true, reason: "not tested" });
	});
});
