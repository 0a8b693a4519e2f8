import { readFileSync } from "node:fs";
import * as library from "@p2pd/route";
import { describe, expect, it } from "vitest";

/** Runs every example of the README. A line `expression; // => value` must give that value. */
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/^## (.+)\n(?:(?!^## )[\s\S])*?```ts\n([\s\S]*?)```/gm)];

const AsyncFunction = (async () => undefined).constructor as new (
	...args: string[]
) => (...args: unknown[]) => Promise<void>;

describe("the README", () => {
	it("has an example for each part", () => {
		expect(examples.map(([, title]) => title)).toEqual(["Finding routes", "Pools", "Sockets"]);
	});

	it.each(examples.map(([, title, code]) => [title ?? "", code ?? ""] as const))(
		"is right about %s",
		async (_title, code) => {
			let checked = 0;
			const check = (actual: unknown, wanted: unknown): void => {
				expect(actual).toEqual(wanted);
				checked++;
			};
			const body = code
				.replace(/^import (\{.+\}) from "@p2pd\/route";$/gm, "const $1 = library;")
				.replace(/^(.+); \/\/ => (.+)$/gm, "check($1, $2);");
			await new AsyncFunction("library", "check", body)(library, check);
			expect(checked).toBe([...code.matchAll(/\/\/ =>/g)].length);
			expect(checked).toBeGreaterThan(0);
		},
	);
});
