import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as lab from "../../src/lab/index.js";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const section = readme.slice(readme.indexOf("## In namespaces"));

/** Runs an example as it stands, apart from where it gets its imports and prints to. */
async function run(code: string): Promise<unknown[]> {
	const printed: unknown[] = [];
	const body = code.replace(/import \{(.*?)\} from "@p2pd\/testnet\/lab";/s, "const {$1} = testnetLab;");
	const AsyncFunction = (async () => undefined).constructor as new (
		...args: string[]
	) => (...args: unknown[]) => Promise<void>;
	await new AsyncFunction("testnetLab", "console", body)(lab, {
		log: (value: unknown) => printed.push(value),
	});
	return printed;
}

lab.describeLab("the README's example", () => {
	it("prints what it says", async () => {
		const [, code = ""] = /```ts\n(.*?)```/s.exec(section) ?? [];
		const [, expected] = /console\.log\(.*\); \/\/ (.*)$/m.exec(code) ?? [];
		expect(await run(code)).toEqual([expected]);
	});
});

describe("the README", () => {
	it("names every preset and every function of the laboratory", () => {
		const variants = ["multiHomedNoGateway", "multiHomedStrict"];
		const presets = Object.keys(lab.LAB_PRESETS).filter((name) => !variants.includes(name));
		const functions = ["buildLab", "planLab", "describeLab", "labAvailability", "LAB_PRESETS"];
		expect([...presets, ...functions].filter((name) => !section.includes(`${name}`))).toEqual([]);
	});
});
