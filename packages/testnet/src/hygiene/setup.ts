import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { leakedSince, openResources } from "./resources.js";

/*
 * Vitest setup for every package: a test that prints or makes Node warn, or a test file that leaves a socket, a timer, a server
 * or a child process behind, fails. Each test file runs in a process of its own, so what stands at its end
 * beyond what stood at its start is the file's.
 */

const methods = ["log", "info", "warn", "error", "debug", "trace", "table", "dir"] as const;
let printed: string[] = [];
const warned: string[] = [];
let before: ReadonlyMap<string, number> = new Map();

beforeAll(() => {
	before = openResources();
	process.on("warning", onWarning);
});

const onWarning = ({ name, message, stack }: Error): void => {
	if (name !== "ExperimentalWarning") warned.push(stack ?? `${name}: ${message}`);
};

beforeEach(() => {
	printed = [];
	for (const method of methods) {
		vi.spyOn(console, method).mockImplementation((...args: unknown[]) => {
			printed.push(`console.${method}: ${args.map(String).join(" ")}`);
		});
	}
});

afterEach(() => {
	vi.restoreAllMocks();
	expect(printed, "a test must not print").toEqual([]);
});

afterAll(async () => {
	process.off("warning", onWarning);
	expect(warned, "Node warned").toEqual([]);
	expect(await leakedSince(before), "left open by this test file").toEqual([]);
});
