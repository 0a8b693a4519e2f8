import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as pipe from "../src/index.js";

/* The README's examples, run as they stand: what they print is what their comments say. */

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);

/** Runs an example, with `console.log` collected. */
async function runExample(code: string): Promise<string[]> {
	const printed: string[] = [];
	const names = Object.keys(pipe);
	const body = code.replace(/^import .*$/gm, "");
	const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
		...args: string[]
	) => (...args: unknown[]) => Promise<void>;
	const run = new AsyncFunction("console", ...names, body);
	await run({ log: (text: string) => printed.push(text) }, ...Object.values(pipe));
	return printed;
}

describe("README", () => {
	test.each([
		[0, ["you are 127.0.0.1, and said hello"]],
		[1, ["job 7", "stopped"]],
		[2, ["first line", "second line"]],
	])("example %i prints what it says", async (index, expected) => {
		const code = examples[index] ?? "";
		expect(await runExample(code)).toEqual(expected);
		for (const text of expected) expect(code).toContain(text);
	});

	test("there are no others, and they import from the package alone", () => {
		expect(examples).toHaveLength(3);
		for (const code of examples) expect(code).toMatch(/^import \{.*\} from "@p2pd\/pipe";$/m);
	});
});
