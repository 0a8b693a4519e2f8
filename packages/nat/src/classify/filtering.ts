import type { NatDependence, NatFiltering, NatMapping } from "../types.js";
import type { FilteringStatement, TestResult } from "./types.js";

/** What the filtering tests together mean. */
export interface FilteringJudgement {
	readonly behaviour: NatFiltering;
	readonly decided: boolean;
	/** Some changed replies came and others did not. */
	readonly dissent: boolean;
	/** How many servers' tests it rests on. */
	readonly testers: number;
	readonly reason: string;
}

/**
 * A silence counts only if the same reply reaches a socket that has contacted its source. `unchecked` is a silence
 * whose control was not made yet, `uncontrolled` one whose control failed.
 */
type Controlled = TestResult | "unchecked" | "uncontrolled";

function controlled(test: TestResult, control: TestResult, proven: boolean): Controlled {
	if (test !== "silent" || control === "reply" || proven) return test;
	if (control === "untested") return "unchecked";
	return control === "pending" ? "pending" : "uncontrolled";
}

/** One server's tests, its silences checked. */
export interface CheckedTests {
	readonly both: Controlled;
	readonly port: Controlled;
}

/**
 * Checks a server's silences against its positive controls.
 *
 * Where the mapping varies with the destination, a control cannot pass: its reply comes to another mapping than the
 * one that was made for its source. There a silence counts if the server is known to honour CHANGE-REQUEST in another
 * way (the changed reply that did come, or its error for an unknown attribute, which lists what it does not
 * understand) and its other address is known to answer.
 */
export function checkTests(statement: FilteringStatement, mapping: NatMapping): CheckedTests {
	const { both, port, bothControl, portControl, understands, alternateAlive } = statement;
	if (!isVarying(mapping)) {
		return { both: controlled(both, bothControl, false), port: controlled(port, portControl, false) };
	}
	const signs = [port, portControl, understands];
	const proven = signs.includes("reply") && alternateAlive;
	const waiting = signs.includes("reply")
		? null
		: (["pending", "untested"] as const).find((each) => signs.includes(each));
	return {
		both: controlled(both, waiting ?? bothControl, proven),
		port: controlled(port, waiting ?? portControl, proven),
	};
}

const isVarying = (mapping: NatMapping): boolean =>
	mapping === "varies" || mapping === "address-dependent" || mapping === "address-and-port-dependent";

/** What one server's tests say. */
export function filteringVote({ both, port }: CheckedTests): NatDependence | null {
	if (both === "reply") return "endpoint-independent";
	if (both !== "silent") return null;
	if (port === "reply") return "address-dependent";
	return port === "silent" ? "address-and-port-dependent" : null;
}

/** What a verdict on filtering depends on besides the tests. */
export interface FilteringContext {
	readonly mapping: NatMapping;
	/** A server has answered. */
	readonly isAnyAlive: boolean;
	/** Servers that have neither answered nor timed out, and that may be able to test filtering: they may object. */
	readonly unheard: number;
	/** More servers that may be able to test filtering can be asked. */
	readonly canAskMore: boolean;
}

/**
 * Judges the filtering from the tests of trusted servers (pure; RFC 5780 section 4.4, with several servers).
 *
 * A reply from an address that the socket never contacted proves itself: no server can forge it. Silence proves
 * nothing alone. It needs its control, a second server if one can be found, no reply that contradicts it, and more
 * servers that tested than servers that may still object.
 */
export function judgeFiltering(
	statements: readonly FilteringStatement[],
	{ mapping, isAnyAlive, unheard, canAskMore }: FilteringContext,
): FilteringJudgement {
	const tests = statements.map((each) => checkTests(each, mapping));
	const how = (test: "both" | "port", ...results: Controlled[]): number =>
		tests.filter((each) => results.includes(each[test])).length;
	const dissent =
		(how("both", "reply") > 0 && how("both", "silent") > 0) ||
		(how("port", "reply") > 0 && how("port", "silent") > 0);
	const verdict = (behaviour: NatFiltering, testers: number, reason: string): FilteringJudgement => ({
		behaviour,
		decided: true,
		dissent,
		testers,
		reason,
	});
	const open = (test: "both" | "port"): boolean => how(test, "pending", "untested", "unchecked") > 0;
	const undecided = (reason: string): FilteringJudgement => ({
		behaviour: "unknown",
		decided: false,
		dissent,
		testers: 0,
		reason,
	});

	const replied = how("both", "reply");
	if (replied > 0) {
		const reason = `${servers(replied)} replied from an address never contacted, and the reply came in`;
		return verdict("endpoint-independent", replied, reason);
	}
	// Silence waits for every server that is testing: one reply is enough to contradict it.
	const enough = (test: "both" | "port"): boolean => {
		const silent = how(test, "silent");
		const isLast = unheard === 0 && !canAskMore && !open(test);
		return how(test, "reply", "pending") === 0 && silent > unheard && silent >= (isLast ? 1 : 2);
	};
	const portReplied = how("port", "reply");
	if (enough("both") && portReplied > 0) {
		const testers = how("both", "silent");
		const reason = `replies from another IP stay out (${servers(testers)}), from another port they come in (${servers(portReplied)})`;
		return verdict("address-dependent", testers, reason);
	}
	if (enough("both") && enough("port")) {
		const testers = Math.min(how("both", "silent"), how("port", "silent"));
		const reason = `replies from another IP or port stay out (${servers(testers)}, each with its control)`;
		return verdict("address-and-port-dependent", testers, reason);
	}
	if (open("both") || open("port")) return undecided("changed replies are awaited");
	if (unheard > 0 || canAskMore) return undecided("servers that can test it are looked for");
	if (!isAnyAlive) return verdict("unknown", 0, "no server has answered");
	if (tests.length === 0) {
		return verdict("not-checked", 0, "no server has two addresses to test filtering with");
	}
	if (dissent) return verdict("unknown", 0, "some changed replies came and others did not");
	return how("both", "uncontrolled") + how("port", "uncontrolled") > 0
		? verdict(
				"unknown",
				0,
				"changed replies stayed out, and their positive controls did too: nothing is proved",
			)
		: verdict("unknown", 0, "no server could test it to the end");
}

const servers = (count: number): string => `${count} server${count === 1 ? "" : "s"}`;
