import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as exports from "../src/index.js";

/*
 * Runs every example of the README. A line `expression; // => value` must give that value, and a line
 * `expression; // throws CODE at POSITION` must throw so. The name example.com is answered here and not asked for.
 */
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/^## (.+)\n[\s\S]*?```ts\n([\s\S]*?)```/gm)];

class OfflineAddress extends exports.Address {
	constructor(host: string, port: number) {
		super(
			host,
			port,
			{},
			{
				systemLookup: async () => ["93.184.215.14", "2606:2800:21f:cb07::14"],
				sourceOf: async ({ af }) => exports.IpAddress.parse(af === 4 ? "192.168.1.2" : "2a00::2"),
			},
		);
	}
}

const line = /^(.+); \/\/ (=>|throws) (.+)$/gm;
const AsyncFunction = (async () => undefined).constructor as new (
	...args: string[]
) => (...args: unknown[]) => Promise<void>;

describe("the README", () => {
	it("has an example for each part", () => {
		expect(examples.map(([, title]) => title)).toEqual(["Addresses", "Ranges", "Targets", "Names"]);
	});

	it.each(examples.map(([, title, code]) => [title ?? "", code ?? ""] as const))(
		"is right about %s",
		async (_title, code) => {
			const body = code
				.replace(/^import (\{.+\}) from "@p2pd\/address";$/gm, "const $1 = library;")
				.replace(line, (_whole, expression: string, kind: string, wanted: string) =>
					kind === "=>"
						? `check(${expression}, ${wanted});`
						: `checkError(() => ${expression}, ${JSON.stringify(wanted)});`,
				);
			let checked = 0;
			const check = (actual: unknown, wanted: unknown): void => {
				expect(actual).toEqual(wanted);
				checked++;
			};
			const checkError = (act: () => unknown, wanted: string): void => {
				const [code, position] = wanted.split(" at ");
				expect(act).toThrow(
					expect.objectContaining({ code, ...(position ? { position: Number(position) } : {}) }),
				);
				checked++;
			};
			const library = { ...exports, Address: OfflineAddress };
			await new AsyncFunction("library", "check", "checkError", body)(library, check, checkError);
			expect(checked).toBe([...code.matchAll(/\/\/ (=>|throws)/g)].length);
			expect(checked).toBeGreaterThan(3);
		},
	);

	it("names every error code", () => {
		const source = readFileSync(new URL("../src/errors.ts", import.meta.url), "utf8");
		const codes = new Set(source.match(/ERR_ADDRESS_[A-Z_]+/g));
		expect(new Set(readme.match(/`(ERR_ADDRESS_[A-Z_]+)`/g)?.map((code) => code.slice(1, -1)))).toEqual(
			codes,
		);
	});
});
