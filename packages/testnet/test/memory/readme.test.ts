import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as testnet from "../../src/index.js";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const section = readme.slice(readme.indexOf("## In memory"), readme.indexOf("## In namespaces"));
const examples = [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? "");

/** Runs an example as it stands, apart from where it gets its imports and prints to. */
async function run(code: string): Promise<unknown[]> {
	const printed: unknown[] = [];
	const body = code.replace(/import \{(.*?)\} from "@p2pd\/testnet";/s, "const {$1} = testnet;");
	const AsyncFunction = (async () => undefined).constructor as new (
		...args: string[]
	) => (...args: unknown[]) => Promise<void>;
	await new AsyncFunction("testnet", "console", body)(testnet, {
		log: (value: unknown) => printed.push(value),
	});
	return printed;
}

it("has an example", () => expect(examples.length).toBeGreaterThan(0));

it.each(examples)("example %# prints what it says", async (code) => {
	const expected = [...code.matchAll(/console\.log\(.*\); \/\/ ([^:\n]*?(?::\d+)?)(?::.*)?$/gm)].map(
		([, text]) => text,
	);
	expect((await run(code)).map(String)).toEqual(expected);
});

it("names every runtime export of the package", () => {
	const missing = Object.keys(testnet).filter((name) => !readme.includes(name));
	expect(missing).toEqual([]);
});
