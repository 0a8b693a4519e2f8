import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgreementTally, type TallyDecision } from "../../src/index.js";

/**
 * A story is a list of events: "A@40" is the answer A after 40 ms (also its round trip), "x@50" a failure, "-@0" a
 * server that could not be asked. Silence is what is left.
 */
function tell(asked: number, story: string, minAgree = 2): string {
	const tally = new AgreementTally(minAgree, asked);
	const events = story.split(" ").filter((part) => part !== "");
	let decision: TallyDecision = tally.decide(0);
	let now = 0;
	for (const [nth, event] of events.entries()) {
		const [what = "", at = "0"] = event.split("@");
		now = Number(at);
		if (decision.kind === "wait" && decision.until !== undefined && decision.until <= now) {
			return text(tally.decide(decision.until), decision.until);
		}
		if (what === "x") tally.fail();
		else if (what === "-") tally.withdraw();
		else tally.vote({ server: { ip: `s${nth}`, port: 1 }, ip: what, port: 1, rtt: now }, now);
		decision = tally.decide(now);
		if (decision.kind === "done") return text(decision, now);
	}
	if (decision.kind === "wait" && decision.until !== undefined)
		return text(tally.decide(decision.until), decision.until);
	return `${text(tally.decide(9999, true), 9999)}`;
}

const text = (decision: TallyDecision, at: number): string =>
	decision.kind === "done" ? `${decision.status} ${decision.ip ?? "-"} @${at}` : "wait";

describe("the tally", () => {
	it.each<[string, number, string, string]>([
		["two that agree win after a fifth of the slower round trip", 6, "A@40 A@50", "agreed A @60"],
		["all have answered: no grace is needed", 2, "A@40 A@50", "agreed A @50"],
		["a third that agrees within the grace changes nothing", 6, "A@40 A@50 A@55", "agreed A @60"],
		["dissent after the grace is too late", 6, "A@40 A@50 B@61", "agreed A @60"],
		["dissent within the grace: then it takes 4 of 6", 6, "A@40 A@50 B@55 A@70 A@80", "agreed A @80"],
		["dissent before: the second of a kind does not win at once", 5, "A@40 B@45 A@50 A@90", "agreed A @90"],
		["dissent, and the rest fail", 5, "A@40 B@45 A@50 x@60 x@70", "disputed - @70"],
		["two colluders and one honest of five, two dead", 5, "L@10 H@11 L@11", "disputed - @9999"],
		["three colluders of five win: nobody can tell", 5, "L@10 H@11 L@12 L@20", "agreed L @20"],
		["one against one", 2, "A@40 B@45", "disputed - @45"],
		["one against one of three, the third decides", 3, "A@40 B@45 B@90", "agreed B @90"],
		["three different answers of three", 3, "A@1 B@2 C@3", "disputed - @3"],
		["no majority can come any more", 4, "A@1 B@2 C@3", "disputed - @3"],
		["one server", 1, "A@40", "single-server A @40"],
		["one of six answers", 6, "A@40 x@50 x@50 x@50 x@50 x@50", "single-server A @50"],
		["one of six answers, the rest are silent", 6, "A@40", "single-server A @9999"],
		["failures are no votes", 6, "x@1 x@2 A@40 A@50", "agreed A @60"],
		["nobody answers", 3, "x@1 x@2 x@3", "unreachable - @3"],
		["nobody can be asked", 2, "-@1 -@2", "unreachable - @2"],
		["those that could not be asked do not count as asked", 5, "-@0 -@0 A@10 B@11 A@12", "agreed A @12"],
		["no server at all", 0, "", "unreachable - @9999"],
	])("%s", (_name, asked, story, outcome) => {
		expect(tell(asked, story)).toBe(outcome);
	});

	it.each<[string, number, number, string, string]>([
		["three must agree: two are not enough", 6, 3, "A@40 A@50 x@60 x@60 x@60 x@60", "disputed - @60"],
		["three must agree, two were asked: all", 2, 3, "A@40 A@50", "agreed A @50"],
		["one is enough, after its grace", 6, 1, "A@40", "agreed A @48"],
		["three must agree: the grace is of the slowest of the three", 6, 3, "A@40 A@50 A@100", "agreed A @120"],
	])("%s", (_name, asked, minAgree, story, outcome) => {
		expect(tell(asked, story, minAgree)).toBe(outcome);
	});

	it("with dissent: agreed exactly when more than half of those asked say the same, however they are ordered", () => {
		const answer = fc.constantFrom("A", "B", "C", "x", "silent");
		fc.assert(
			fc.property(fc.array(answer, { minLength: 2, maxLength: 9 }), (answers) => {
				const tally = new AgreementTally(2, answers.length);
				const counts = new Map<string, number>();
				for (const each of answers) {
					if (each === "silent") continue;
					if (each === "x") tally.fail();
					else {
						counts.set(each, (counts.get(each) ?? 0) + 1);
						tally.vote({ server: { ip: "s", port: 1 }, ip: each, port: 1, rtt: 100 }, 0);
					}
				}
				fc.pre(counts.size > 1);
				const winner = [...counts].find(([, count]) => count > answers.length / 2 && count >= 2);
				expect(tally.decide(0, true)).toMatchObject(
					winner === undefined ? { status: "disputed", ip: null } : { status: "agreed", ip: winner[0] },
				);
			}),
			{ numRuns: 1000 },
		);
	});
});
