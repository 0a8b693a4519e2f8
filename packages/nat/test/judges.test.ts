import { describe, expect, it } from "vitest";
import { checkTests, filteringVote, judgeFiltering } from "../src/classify/filtering.js";
import { judgeMapping, mappingVote, needed } from "../src/classify/mapping.js";
import { natTypeOf } from "../src/classify/nat-type.js";
import type { FilteringStatement, MappingStatement, TestResult } from "../src/classify/types.js";
import type { NatFiltering, NatMapping } from "../src/index.js";
import { tailAfter, waitAfter } from "../src/probe-table.js";

const LOCAL = { ip: "192.168.1.20", port: 5000 };
const X = { ip: "81.2.69.142", port: 40_000 };
const port = (n: number) => ({ ip: X.ip, port: n });

/** A server's statement from up to three mapped ports: first address, other IP, other IP and port; 0: none. */
function says(
	server: number,
	seen: readonly number[],
	change: Partial<MappingStatement> = {},
): MappingStatement {
	const end = (n: number | undefined) => (n === undefined || n === 0 ? null : port(n));
	return {
		server,
		ip: `8.40.${server}.1`,
		primary: end(seen[0]),
		otherIp: end(seen[1]),
		otherBoth: end(seen[2]),
		pending: false,
		otherPending: false,
		capable: seen.length > 1,
		...change,
	};
}

describe("mapping", () => {
	it.each([
		[[1, 1, 1], "endpoint-independent"],
		[[1, 1, 0], "endpoint-independent"],
		[[1, 2, 2], "address-dependent"],
		[[1, 2, 3], "address-and-port-dependent"],
		[[1, 1, 3], "address-and-port-dependent"],
		[[1, 2, 0], "varies"],
		[[1], "unknown"],
		[[0, 1, 1], "unknown"],
	] as const)("ends %j are %s", (seen, vote) => expect(mappingVote(says(0, seen))).toBe(vote));

	it.each([
		[1, 1, 1],
		[2, 2, 2],
		[3, 3, 2],
		[4, 4, 3],
		[5, 5, 3],
		[12, 12, 7],
		// The others have timed out.
		[5, 2, 3],
		[5, 3, 3],
		[4, 2, 2],
		[12, 6, 4],
		[2, 1, 2],
	])("of %i asked, while %i count, %i have to agree", (asked, counted, need) =>
		expect(needed(asked, counted)).toBe(need),
	);

	const cases: [string, number[][], NatMapping, number[], number[]][] = [
		["all agree", [[1, 1, 1], [1, 1, 1], [1]], "endpoint-independent", [0, 1, 2], []],
		[
			"two of two",
			[
				[1, 1, 1],
				[1, 1, 1],
			],
			"endpoint-independent",
			[0, 1],
			[],
		],
		[
			"two liars of five",
			[[9, 9, 9], [9, 9, 9], [1, 1, 1], [1, 1, 1], [1]],
			"endpoint-independent",
			[2, 3, 4],
			[0, 1],
		],
		[
			"two liars that vary",
			[[7, 8, 9], [4, 5, 6], [1, 1, 1], [1, 1, 1], [1]],
			"endpoint-independent",
			[2, 3, 4],
			[0, 1],
		],
		["symmetric", [[1, 2, 3], [4, 5, 6], [7], [8], [9]], "address-and-port-dependent", [0, 1, 2, 3, 4], []],
		["address-dependent", [[1, 2, 2], [4, 5, 5], [7]], "address-dependent", [0, 1, 2], []],
		[
			"symmetric, two liars",
			[
				[99, 99, 99],
				[99, 99, 99],
				[1, 2, 3],
				[4, 5, 6],
				[7, 8, 9],
			],
			"address-and-port-dependent",
			[2, 3, 4],
			[0, 1],
		],
		[
			"symmetric, one liar that nobody joins",
			[[99, 99, 99], [1, 2, 3], [4, 5, 6], [7, 8, 9], [10]],
			"address-and-port-dependent",
			[1, 2, 3, 4],
			[0],
		],
		["symmetric, no second addresses", [[1], [2], [3]], "varies", [0, 1, 2], []],
		["two that differ", [[1], [2]], "unknown", [], []],
		[
			"one against one",
			[
				[1, 1, 1],
				[2, 3, 4],
			],
			"unknown",
			[],
			[],
		],
		[
			"two against two",
			[
				[9, 9, 9],
				[9, 9, 9],
				[1, 2, 3],
				[4, 5, 6],
			],
			"unknown",
			[],
			[],
		],
		["one of several", [[1, 1, 1], [0], [0]], "unknown", [], []],
	];
	it.each(cases)("%s", (_name, seen, behaviour, trusted, suspects) => {
		const judged = judgeMapping(
			seen.map((each, server) => says(server, each)),
			LOCAL,
		);
		expect({ ...judged, trusted: [...judged.trusted].sort() }).toMatchObject({
			behaviour,
			trusted,
			suspects,
			decided: true,
		});
	});

	it("waits for those that may still dissent, unless a majority has agreed", () => {
		const two = [says(0, [1, 1, 1]), says(1, [1, 1, 1])];
		const open = [2, 3, 4].map((server) => says(server, [0], { pending: true }));
		expect(judgeMapping([...two, ...open], LOCAL).decided).toBe(false);
		expect(judgeMapping([...two, says(2, [1]), ...open.slice(1)], LOCAL).decided).toBe(true);
	});

	it("does not call an address local that differs in the port alone", () => {
		const here = (p: number) => ({ primary: { ip: LOCAL.ip, port: p } });
		const statements = [0, 1].map((server) => says(server, [1], here(5000)));
		expect(judgeMapping(statements, LOCAL).behaviour).toBe("none");
		expect(
			judgeMapping(
				[0, 1].map((server) => says(server, [1], here(5001))),
				LOCAL,
			).behaviour,
		).not.toBe("none");
		expect(judgeMapping(statements, { ip: null, port: 5000 }).behaviour).not.toBe("none");
	});

	it("counts two servers on one IP once", () => {
		const twins = [says(0, [1]), says(1, [1], { ip: "8.40.0.1" }), says(2, [2]), says(3, [3]), says(4, [4])];
		expect(judgeMapping(twins, LOCAL).behaviour).not.toBe("endpoint-independent");
	});
});

const tests = (
	both: TestResult,
	port: TestResult,
	bothControl: TestResult = "reply",
	portControl: TestResult = "reply",
	more: Partial<FilteringStatement> = {},
): FilteringStatement => ({
	server: 0,
	both,
	port,
	bothControl,
	portControl,
	understands: "none",
	alternateAlive: true,
	...more,
});
const EIM = "endpoint-independent";
const APDM = "address-and-port-dependent";

describe("filtering", () => {
	it.each([
		[tests("reply", "reply"), EIM, "endpoint-independent"],
		[tests("silent", "reply"), EIM, "address-dependent"],
		[tests("silent", "silent"), EIM, "address-and-port-dependent"],
		[tests("silent", "silent", "silent"), EIM, null],
		[tests("silent", "silent", "reply", "silent"), EIM, null],
		[tests("silent", "reply", "silent"), EIM, null],
		[tests("none", "reply"), EIM, null],
		[tests("silent", "reply", "none"), APDM, "address-dependent"],
		[tests("silent", "reply", "none", "none", { alternateAlive: false }), APDM, null],
		[tests("silent", "silent", "none", "none", { understands: "reply" }), APDM, "address-and-port-dependent"],
		[tests("silent", "silent", "none", "none"), APDM, null],
		[tests("silent", "silent", "none", "none", { understands: "reply" }), EIM, null],
	] as const)("%j with %s mapping votes %s", (statement, mapping, vote) =>
		expect(filteringVote(checkTests(statement, mapping))).toBe(vote),
	);

	const open = tests("reply", "reply");
	const shut = tests("silent", "silent");
	const half = tests("silent", "reply");
	const lame = tests("silent", "silent", "silent", "silent");
	const waiting = tests("pending", "pending", "none", "none");
	const cases: [string, FilteringStatement[], NatFiltering, boolean][] = [
		["two replies", [open, open], "endpoint-independent", true],
		["two silences with controls", [shut, shut], "address-and-port-dependent", true],
		["another port comes in", [half, half], "address-dependent", true],
		[
			"replies beat silences: nobody can forge them",
			[open, open, shut, shut, shut],
			"endpoint-independent",
			true,
		],
		["one reply beats silences: it proves itself", [open, shut, shut], "endpoint-independent", true],
		["one reply alone", [open], "endpoint-independent", true],
		["silences without controls", [lame, lame, lame], "unknown", true],
		[
			"one controlled silence, where no other server can test",
			[shut, lame],
			"address-and-port-dependent",
			true,
		],
		["something is awaited", [shut, waiting], "unknown", false],
		["a silence that another server contradicts by port", [half, shut, shut], "address-dependent", true],
		["nobody can test", [], "not-checked", true],
	];
	it.each(cases)("%s", (_name, statements, behaviour, decided) => {
		expect(
			judgeFiltering(statements, { mapping: EIM, isAnyAlive: true, unheard: 0, canAskMore: false }),
		).toMatchObject({
			behaviour,
			decided,
		});
	});
});

describe("the silence of few servers", () => {
	const shut = tests("silent", "silent");
	const open = tests("reply", "reply");
	const judge = (statements: FilteringStatement[], unheard: number, canAskMore: boolean): unknown[] => {
		const { behaviour, decided, testers } = judgeFiltering(statements, {
			mapping: EIM,
			isAnyAlive: true,
			unheard,
			canAskMore,
		});
		return [behaviour, decided, testers];
	};
	const APD = "address-and-port-dependent";

	it("waits while another server that may test can be asked", () => {
		expect(judge([shut], 0, true)).toEqual(["unknown", false, 0]);
		expect(judge([shut, shut], 0, true)).toEqual([APD, true, 2]);
		expect(judge([shut], 0, false)).toEqual([APD, true, 1]);
	});

	it("waits while as many servers may object as were silent", () => {
		expect(judge([shut, shut], 2, false)).toEqual(["unknown", false, 0]);
		expect(judge([shut, shut, shut], 2, false)).toEqual([APD, true, 3]);
	});

	it("waits for no one once a reply has come in", () => {
		expect(judge([open], 4, true)).toEqual(["endpoint-independent", true, 1]);
	});

	it("waits for a control that was not made yet", () => {
		expect(judge([tests("silent", "silent", "untested", "untested")], 0, false)).toEqual([
			"unknown",
			false,
			0,
		]);
	});
});

describe("type", () => {
	const all: NatFiltering[] = [
		"endpoint-independent",
		"address-dependent",
		"address-and-port-dependent",
		"unknown",
		"not-checked",
	];
	const rows: [NatMapping, (number | string)[]][] = [
		["none", [1, 2, 2, "unknown", "unknown"]],
		["endpoint-independent", [3, 4, 5, "unknown", "unknown"]],
		["address-dependent", [6, 6, 6, 6, 6]],
		["address-and-port-dependent", [6, 6, 6, 6, 6]],
		["varies", [6, 6, 6, 6, 6]],
		["unknown", ["unknown", "unknown", "unknown", "unknown", "unknown"]],
	];
	it.each(rows)("mapping %s", (mapping, types) => {
		expect(
			all.map((filtering) => natTypeOf({ mapping, filtering, blocked: false, loopback: false })),
		).toEqual(types);
		expect(all.map((filtering) => natTypeOf({ mapping, filtering, blocked: true, loopback: false }))).toEqual(
			[7, 7, 7, 7, 7],
		);
	});

	it("is open on loopback also where nobody could test filtering", () => {
		const input = { mapping: "none", filtering: "not-checked", blocked: false } as const;
		expect([true, false].map((loopback) => natTypeOf({ ...input, loopback }))).toEqual([1, "unknown"]);
	});
});

describe("timing", () => {
	it("sends four times within the time for a verdict, at any round trip", () => {
		for (const rtt of [0, 10, 50, 200, 600]) {
			const last = waitAfter(1, rtt) + waitAfter(2, rtt) + waitAfter(3, rtt);
			expect(last + tailAfter(rtt)).toBeLessThanOrEqual(3 * rtt + 380);
		}
	});

	it("sends four times before silence is called blocked", () => {
		expect(waitAfter(1, null) + waitAfter(2, null) + waitAfter(3, null)).toBeLessThan(2900 - 600);
		expect(tailAfter(null)).toBe(Number.POSITIVE_INFINITY);
	});
});
