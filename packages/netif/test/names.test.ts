import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** A class that names itself inside its body is called `_Name` in the built code: esbuild renames it. */
it.each(["netif", "route"])("no exported class of %s names itself inside its body", (name) => {
	const src = new URL(`../../${name}/src/`, import.meta.url);
	const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) =>
		file.endsWith(".ts"),
	);
	let classes = 0;
	for (const file of files) {
		const code = readFileSync(new URL(file, src), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
		for (const [, its = "", body = ""] of code.matchAll(/^export class (\w+)[^{]*\{([\s\S]*?)^\}/gm)) {
			classes++;
			expect(body, `${its} in ${file}`).not.toMatch(new RegExp(`(new |instanceof )${its}\\b|\\b${its}\\.`));
		}
	}
	expect(classes).toBeGreaterThan(10);
});
