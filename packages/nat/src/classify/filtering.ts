import type { NatDependence, NatFiltering, NatMapping } from "../types.js";
import type { FilteringStatement, TestResult } from "./types.js";

/** What the filtering tests together mean. */
export interface FilteringJudgement {
	readonly behaviour: NatFiltering;
	readonly decided: boolean;
	/** Some changed replies came and others did not. */
	readonly dissent: boolean;
	readonly reason: string;
}

/** A silence is worth something only if the same reply reaches a socket that has made room for it. */
type Controlled = TestResult | "uncontrolled";

function controlled(test: TestResult, control: TestResult, proven: boolean): Controlled {
	if (test !== "silent" || control === "reply" || proven) return test;
	return control === "pending" ? "pending" : "uncontrolled";
}

/** One server's tests, its silences checked. */
export interface CheckedTests {
	readonly both: Controlled;
	readonly port: Controlled;
}

/**
 * Check a server's silences against its positive controls.
 *
 * Where the mapping varies with the destination, a control cannot pass: its reply comes to another mapping than the
 * one that was made for its source. There a silence counts if the server is known to honour CHANGE-REQUEST in another
 * way (the changed reply that did come, or its error for an unknown attribute, which lists what it does not
 * understand) and its other address is known to answer.
 */
export function checkTests(statement: FilteringStatement, mapping: NatMapping): CheckedTests {
	const { both, port, bothControl, portControl, understands, alternateAlive } = statement;
	const honours = [port, portControl, understands].includes("reply");
	const byProxy = isVarying(mapping) && honours && alternateAlive;
	const waits = isVarying(mapping) && !honours && [port, portControl, understands].includes("pending");
	return {
		both: controlled(both, waits ? "pending" : bothControl, byProxy),
		port: controlled(port, waits ? "pending" : portControl, byProxy),
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

/**
 * Judge the filtering from the tests of servers that are trusted (pure; RFC 5780 section 4.4, with several servers).
 *
 * A reply from an address that the socket never contacted proves itself; no server can forge it. Silence proves
 * nothing alone: it needs its control, agreement, and nobody to contradict it.
 *
 * @param need - how many servers have to agree
 */
export function judgeFiltering(
	statements: readonly FilteringStatement[],
	mapping: NatMapping,
	need: number,
): FilteringJudgement {
	const tests = statements.map((each) => checkTests(each, mapping));
	const how = (test: "both" | "port", result: Controlled): number =>
		tests.filter((each) => each[test] === result).length;
	const dissent =
		(how("both", "reply") > 0 && how("both", "silent") > 0) ||
		(how("port", "reply") > 0 && how("port", "silent") > 0);
	const verdict = (behaviour: NatFiltering, reason: string): FilteringJudgement => ({
		behaviour,
		decided: true,
		dissent,
		reason,
	});
	if (tests.length === 0) return verdict("not-checked", "no server has two addresses to test filtering with");

	if (how("both", "reply") >= need) {
		return verdict(
			"endpoint-independent",
			`replies from addresses never contacted came from ${how("both", "reply")} servers`,
		);
	}
	const open = (test: "both" | "port"): boolean => how(test, "pending") + how(test, "untested") > 0;
	// Silence waits for everybody who is testing: one reply is enough to contradict it.
	const quiet = (test: "both" | "port"): boolean => how(test, "reply") === 0 && how(test, "pending") === 0;
	const noBoth = quiet("both") && how("both", "silent") >= need;
	if (noBoth && how("port", "reply") >= need) {
		return verdict(
			"address-dependent",
			`replies from another IP stay out, from another port they come in (${how("port", "reply")} servers)`,
		);
	}
	if (noBoth && quiet("port") && how("port", "silent") >= need) {
		return verdict(
			"address-and-port-dependent",
			`replies from another IP or port stay out (${how("port", "silent")} servers, each with its control)`,
		);
	}
	if (open("both") || open("port")) {
		return { behaviour: "unknown", decided: false, dissent, reason: "changed replies are awaited" };
	}
	if (dissent) return verdict("unknown", "some changed replies came and others did not");
	const uncontrolled = how("both", "uncontrolled") + how("port", "uncontrolled");
	return verdict(
		"unknown",
		uncontrolled > 0
			? "changed replies stayed out, and their positive controls did too: nothing is proved"
			: `fewer than ${need} servers could test it`,
	);
}
