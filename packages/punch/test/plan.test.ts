import { describe, expect, it } from "vitest";
import { kindName, NAT_KINDS, type NatKind, natKind, type PunchPlan, planPunch } from "../src/index.js";

/** The class of a kind, as the rules see it. */
function classOf({ type, delta }: NatKind): string {
	if (type === 7) return "blocked";
	if (type === 6) return delta === 6 ? "random" : delta === 2 || delta === 3 ? "local" : "counter";
	return type === 2 || type === 5 ? "strict" : "lenient";
}

/** What is expected of two classes, in alphabetical order: the rule over UDP, and over TCP where it differs. */
const EXPECTED: Readonly<Record<string, readonly [udp: string, tcp?: string]>> = {
	"counter counter": ["both-predicted"],
	"counter lenient": ["predicted"],
	"counter local": ["both-predicted"],
	"counter random": ["random-against-symmetric"],
	"counter strict": ["predicted"],
	"lenient lenient": ["observed"],
	"lenient local": ["predicted"],
	"lenient random": ["one-comes"],
	"lenient strict": ["observed"],
	"local local": ["both-predicted"],
	"local random": ["random-against-symmetric"],
	"local strict": ["predicted"],
	"random random": ["random-against-symmetric"],
	"random strict": ["birthday", "random-against-port-restricted-tcp"],
	"strict strict": ["observed"],
};

const PAIRS = NAT_KINDS.flatMap((a, i) => NAT_KINDS.slice(i).map((b) => [a, b] as const));
const RELAYS = ["blocked", "random-against-symmetric", "random-against-port-restricted-tcp"];

describe("the plan of each of the 276 pairs", () => {
	it("covers them all", () => {
		expect(NAT_KINDS).toHaveLength(23);
		expect(new Set(NAT_KINDS.map(kindName)).size).toBe(23);
		expect(PAIRS).toHaveLength(276);
	});

	it.each(["udp", "tcp"] as const)("follows the table over %s", (transport) => {
		for (const [a, b] of PAIRS) {
			const classes = [classOf(a), classOf(b)].sort();
			const [udp, tcp = udp] = classes.includes("blocked")
				? ["blocked"]
				: (EXPECTED[classes.join(" ")] ?? ["?"]);
			const plan = planPunch(a, b, { transport });
			const rule = transport === "udp" ? udp : tcp;
			expect([kindName(a), kindName(b), plan.rule, plan.action]).toEqual([
				kindName(a),
				kindName(b),
				rule,
				RELAYS.includes(rule ?? "") ? "relay" : "punch",
			]);
		}
	});

	it.each(["udp", "tcp"] as const)("is the same from both sides over %s", (transport) => {
		for (const [a, b] of PAIRS) {
			const ours = planPunch(a, b, { transport, leader: true });
			const theirs = planPunch(b, a, { transport, leader: false });
			expect(theirs.rule).toBe(ours.rule);
			if (ours.action === "relay" || theirs.action === "relay") continue;
			expect(theirs.our).toEqual(ours.their);
			expect(theirs.their).toEqual(ours.our);
		}
	});

	it("lets two peers behind one NAT try their local addresses, whatever its kind", () => {
		for (const kind of NAT_KINDS) {
			const plan = planPunch(kind, kind, { transport: "udp", sameNat: true });
			expect([plan.action, plan.rule]).toEqual(["punch", "same-nat"]);
		}
	});

	it("tells every socket of a grid another port, one side with a shift for foreign mappings", () => {
		const counter: NatKind = { type: 6, delta: 4, step: 1 };
		const plan = planPunch(counter, counter, { transport: "udp" }) as Extract<PunchPlan, { action: "punch" }>;
		expect([plan.our.targets, plan.their.targets]).toEqual(["staggered", "paired"]);
		expect([plan.our.sockets, plan.our.announce]).toEqual([16, 23]);
	});
});

describe("the kind of a NAT", () => {
	it("assumes an observable port where the report does not know", () => {
		const kind = natKind({ type: "unknown", delta: { type: "unknown", value: 0 } }, "udp");
		expect(kind).toEqual({ type: 5, delta: 6, step: 0 });
	});

	it("takes the step of counting rules only", () => {
		expect(natKind({ type: 6, delta: { type: 4, value: -3 } }, "udp").step).toBe(-3);
		expect(natKind({ type: 6, delta: { type: 2, value: 9 } }, "udp").step).toBe(0);
	});

	it.each([
		["none", 7, 2],
		["endpoint-independent", 7, 5],
		["endpoint-independent", 6, 5],
		["varies", 5, 6],
		["unknown", 4, 4],
	] as const)("believes what was seen of TCP: %s makes type %i type %i", (mapping, type, expected) => {
		const nat = { type, delta: { type: 2, value: 0 }, tcp: { mapping } } as const;
		expect(natKind(nat, "tcp").type).toBe(expected);
		expect(natKind(nat, "udp").type).toBe(type);
	});
});
