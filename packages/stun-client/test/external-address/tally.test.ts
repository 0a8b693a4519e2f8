import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgreementTally, type TallyDecision } from "../../src/external-address/tally.js";

/**
 * A story is a list of events: "A@40" is the answer A after 40 ms (also its round trip), "x@50" a definite failure,
 * "-@0" a server that turned out not to exist. Servers without an event stay silent. As in the real thing, servers are
 * asked as the tally wants them, and it decides again when it said it would.
 */
function tell(available: number, story: string, minAgree = 2): string {
	const tally = new AgreementTally({ minAgree, available }, 0);
	const events = story.split(" ").filter((part) => part !== "");
	let asked = 0;
	const step = (now: number, final = false): TallyDecision => {
		const decision = tally.decide(now, final);
		for (let wanted = tally.wanted(now); wanted > 0; wanted--) {
			tally.ask();
			asked++;
		}
		return decision;
	};
	const show = (decision: TallyDecision, at: number): string =>
		decision.kind === "done" ? `${decision.status} ${decision.ip ?? "-"} @${at}, ${asked} asked` : "wait";
	let decision = step(0);
	const waitUntil = (now: number): string | null => {
		while (decision.kind === "wait" && decision.until !== null && decision.until <= now) {
			const at = decision.until;
			decision = step(at);
			if (decision.kind === "done") return show(decision, at);
		}
		return null;
	};
	for (const [nth, event] of events.entries()) {
		const [what = "", at = "0"] = event.split("@");
		const now = Number(at);
		const before = waitUntil(now);
		if (before !== null) return before;
		if (what === "x") tally.fail();
		else if (what === "-") tally.exhausted();
		else tally.vote({ server: { ip: `s${nth}`, port: 1 }, ip: what, port: 1, rtt: now });
		decision = step(now);
		if (decision.kind === "done") return show(decision, now);
	}
	return waitUntil(3000) ?? show(step(3000, true), 3000);
}

describe("the tally", () => {
	it.each<[string, number, string, string]>([
		[
			"five that agree win as soon as the last has answered",
			12,
			"A@40 A@50 A@51 A@52 A@53",
			"agreed A @53, 5 asked",
		],
		[
			"two of five do not, however late the others are",
			5,
			"L@1 L@1 H@2900 H@2901 H@2902",
			"agreed H @2902, 5 asked",
		],
		[
			"two colluders of five, dissent before the end",
			5,
			"L@1 L@1 H@900 H@901 H@902",
			"agreed H @902, 5 asked",
		],
		[
			"three of five wait for dissent, then for two more",
			7,
			"A@40 A@50 A@50 A@100",
			"agreed A @120, 7 asked",
		],
		[
			"four of five wait for dissent, then for one more",
			7,
			"A@40 A@40 A@40 A@45 A@100",
			"agreed A @100, 6 asked",
		],
		["three of five wait for dissent: there are no others", 5, "A@40 A@50 A@50", "agreed A @60, 5 asked"],
		[
			"three colluders and two dead of twelve do not win alone",
			12,
			"L@10 L@10 L@10 H@22 H@22 H@23 H@40 H@40 H@41 H@41",
			"agreed H @41, 12 asked",
		],
		[
			"dissent: all are asked, and it takes seven of twelve",
			12,
			"L@9 L@9 L@9 L@9 H@10 H@20 H@20 H@20 H@20 H@20 H@20",
			"agreed H @20, 12 asked",
		],
		[
			"five against five, two dead",
			12,
			"L@9 L@9 L@9 H@9 H@9 L@20 L@20 H@20 H@20 H@20",
			"disputed - @3000, 12 asked",
		],
		[
			"six against four, two dead",
			12,
			"L@9 L@9 L@9 H@9 H@9 L@20 H@20 H@20 H@20 H@20",
			"agreed H @3000, 12 asked",
		],
		["two colluders and one honest of five, two dead", 5, "L@10 H@11 L@11", "disputed - @3000, 5 asked"],
		["one against one", 2, "A@40 B@45", "disputed - @45, 2 asked"],
		["one against one of three, the third decides", 3, "A@40 B@45 B@90", "agreed B @90, 3 asked"],
		["three different answers of three", 3, "A@1 B@2 C@3", "disputed - @3, 3 asked"],
		["no majority can come any more", 4, "A@1 B@2 C@3", "disputed - @3, 4 asked"],
		["one server", 1, "A@40", "single-server A @40, 1 asked"],
		["one of five answers, the rest refuse", 5, "A@40 x@50 x@50 x@50 x@50", "single-server A @50, 5 asked"],
		["one of five answers, the rest are silent", 5, "A@40", "single-server A @3000, 5 asked"],
		["a server that refuses is replaced", 6, "x@1 A@40 A@50 A@50 A@50 A@50", "agreed A @50, 6 asked"],
		[
			"silence for half a second: all are asked",
			9,
			"A@900 A@900 A@900 A@900 A@900",
			"agreed A @900, 9 asked",
		],
		["two of five agree, the others are silent to the end", 5, "A@40 A@50", "agreed A @3000, 5 asked"],
		["no server answers", 3, "x@1 x@2 x@3", "unreachable - @3, 3 asked"],
		["no server exists", 2, "-@1 -@2", "unreachable - @2, 2 asked"],
		["no server is given", 0, "", "unreachable - @3000, 0 asked"],
	])("%s", (_name, available, story, outcome) => {
		expect(tell(available, story)).toBe(outcome);
	});

	it.each<[string, number, number, string, string]>([
		["three must agree: two are not enough", 5, 3, "A@40 A@50 x@60 x@60 x@60", "disputed - @60, 5 asked"],
		["one is enough only if it is a majority", 3, 1, "A@40 A@50", "agreed A @60, 3 asked"],
		["four must agree: three of five are not enough", 5, 4, "A@40 A@40 A@50 A@100", "agreed A @120, 5 asked"],
	])("%s", (_name, available, minAgree, story, outcome) => {
		expect(tell(available, story, minAgree)).toBe(outcome);
	});

	const answer = fc.constantFrom("A", "B", "C", "x", "silent");

	it("against dissent, exactly a strict majority of those that could be counted wins, in whatever order they answer", () => {
		fc.assert(
			fc.property(fc.array(answer, { minLength: 2, maxLength: 14 }), (answers) => {
				const tally = new AgreementTally({ minAgree: 2, available: answers.length }, 0);
				const counts = new Map<string, number>();
				for (const _ of answers) tally.ask();
				for (const each of answers) {
					if (each === "silent") tally.timeOut();
					else if (each === "x") tally.fail();
					else {
						counts.set(each, (counts.get(each) ?? 0) + 1);
						tally.vote({ server: { ip: "s", port: 1 }, ip: each, port: 1, rtt: 100 });
					}
				}
				fc.pre(counts.size > 1);
				const voted = [...counts.values()].reduce((sum, count) => sum + count, 0);
				const least = answers.filter((each) => each !== "x").length >= 4 ? 3 : 2;
				const winner = [...counts].find(([, count]) => count > voted / 2 && count >= least);
				expect(tally.decide(3000, true)).toMatchObject(
					winner === undefined ? { status: "disputed", ip: null } : { status: "agreed", ip: winner[0] },
				);
			}),
			{ numRuns: 2000 },
		);
	});

	it("never decides for two liars of five, whenever whoever answers", () => {
		const times = fc.array(fc.integer({ min: 0, max: 2999 }), { minLength: 5, maxLength: 5 });
		fc.assert(
			fc.property(times, (at) => {
				const story = at
					.map((time, n) => ({ time, what: n < 2 ? "L" : "H" }))
					.sort((a, b) => a.time - b.time)
					.map(({ what, time }) => `${what}@${time}`);
				expect(tell(5, story.join(" "))).toMatch(/^agreed H /);
			}),
			{ numRuns: 2000 },
		);
	});
});
