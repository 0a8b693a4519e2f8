import { describe, expect, it } from "vitest";
import { CommandError } from "../../src/errors.js";
import { STEPS, Walkthrough } from "../../src/shell/first-program.js";
import { createWriter, historyFile, nicNameBegun } from "../../src/shell/shell.js";

describe("the writer", () => {
	const told: unknown[] = [];
	const write = createWriter({
		colours: false,
		names: ["initP2pd", "Interface"],
		onError: (error) => void told.push(error),
		onInterrupt: () => void told.push("interrupt"),
	});

	it("shows values as Node does, six levels deep", () => {
		expect(write({ a: { b: { c: { d: "x" } } } })).toContain("'x'");
		expect(createWriter({ colours: true, names: [], onError: () => 0, onInterrupt: () => 0 })(1)).toContain(
			"\u001b[",
		);
	});

	it("shows an error as one line with its cause and code, and keeps the whole", () => {
		const cause = new Error("deep\nsecond line");
		const error = Object.assign(new TypeError("went wrong", { cause }), { code: "ERR_X" });
		expect(write(error)).toBe("TypeError: went wrong: deep (ERR_X)");
		expect(told.at(-1)).toBe(error);
		expect(write(new CommandError("just so"))).toBe("CommandError: just so");
	});

	it("knows the errors of another realm", async () => {
		const { runInNewContext } = await import("node:vm");
		expect(write(runInNewContext("new RangeError('far')"))).toBe("RangeError: far");
	});

	it("tells an interrupted line as such", () => {
		const error = Object.assign(new Error("x"), { code: "ERR_SCRIPT_EXECUTION_INTERRUPTED" });
		expect(write(error)).toBe("interrupted");
		expect(told.at(-1)).toBe("interrupt");
	});
});

describe("completion inside of Interface(", () => {
	it.each([
		['new Interface("', ""],
		["const nic = await new Interface('et", "et"],
		["new Interface(`w", "w"],
		['new Interface("eth0").', undefined],
		["Interface.list(", undefined],
		['new MyInterface("', undefined],
	])("%s", (line, begun) => expect(nicNameBegun(line)).toBe(begun));
});

describe("the history's file", () => {
	it.each([
		[{ P2PD_HISTORY: "/x/h" }, "/x/h"],
		[{ P2PD_HISTORY: "" }, undefined],
		[{ XDG_STATE_HOME: "/s", HOME: "/h" }, "/s/p2pd/history"],
		[{ HOME: "/h" }, "/h/.local/state/p2pd/history"],
	])("%j", (env, file) => expect(historyFile(env)).toBe(file));
});

describe("the walk-through", () => {
	it("goes step by step, jumps, and stops at its end", () => {
		const walk = new Walkthrough();
		expect(walk.take("next")).toBe(STEPS[0]);
		expect(walk.list().split("\n")[1]).toMatch(/^> +2 /);
		expect(walk.take("3")).toBe(STEPS[2]);
		expect(walk.take("next")).toBe(STEPS[3]);
		expect(walk.take(String(STEPS.length))).toBe(STEPS.at(-1));
		for (const none of ["next", "0", "99", "x"]) expect(walk.take(none)).toBeUndefined();
	});
});
