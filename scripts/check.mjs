/*
 * Runs every check, tells each one's outcome and time, and ends with "N passed, N failed", where each test counts as
 * one and so does each other check. `node scripts/check.mjs NAME...` runs the named ones alone.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bin, ensureInstalled, pnpm, root, run } from "./workspace.mjs";

const result = (name, { code, output }) => [{ name, ok: code === 0, output }];

const checks = {
	/** Every test, as a new user runs them. */
	tests: async () => {
		const folder = mkdtempSync(join(tmpdir(), "p2pd-check-"));
		const file = join(folder, "tests.json");
		try {
			const { code } = await run("npm", [
				"test",
				"--",
				"--reporter=default",
				"--reporter=json",
				`--outputFile.json=${file}`,
			]);
			const report = JSON.parse(readFileSync(file, "utf8"));
			const outcomes = Array.from({ length: report.numPassedTests }, () => ({ ok: true }));
			for (let failed = 0; failed < report.numFailedTests; failed++) outcomes.push({ ok: false });
			return [...outcomes, { name: "npm test", ok: code === 0 && report.success }];
		} finally {
			rmSync(folder, { recursive: true });
		}
	},
	types: async () =>
		result(
			"types",
			await pnpm(["exec", "turbo", "run", "typecheck", "--output-logs=errors-only"], { capture: true }),
		),
	"lint and format": async () =>
		result(
			"lint and format",
			await run(bin("biome"), ["ci", "--error-on-warnings", "--colors=off"], { capture: true }),
		),
	boundaries: async () =>
		result("boundaries", await pnpm(["exec", "turbo", "boundaries"], { capture: true })),
	"unused exports": async () =>
		result("unused exports", await run(bin("knip"), ["--no-progress"], { capture: true })),
	build: async () =>
		result(
			"build",
			await pnpm(["exec", "turbo", "run", "build", "--output-logs=errors-only"], { capture: true }),
		),
	"npm start": async () => {
		const { code, output } = await run("npm", ["start"], { capture: true });
		const wanted = ["external address", "NAT", "echo"].filter((text) => !output.includes(text));
		return result("npm start", {
			code: code || wanted.length,
			output: `${output}\nmissing: ${wanted.join(", ") || "nothing"}`,
		});
	},
	/** Needs what the workspace installs, as the next two do, so it is loaded when it runs. */
	api: async () => (await import("./checks/api.mjs")).api({ write: flags.has("--write") }),
	bundles: async () => (await import("./checks/bundles.mjs")).bundles(),
	packed: async () => (await import("./checks/packed.mjs")).packed(),
	documentation: async () => (await import("./checks/documentation.mjs")).documentation(),
};

await ensureInstalled();
process.chdir(root);
const given = process.argv.slice(2);
const flags = new Set(given.filter((argument) => argument.startsWith("--")));
const wanted = given.filter((argument) => !argument.startsWith("--"));
const names = wanted.length > 0 ? wanted : Object.keys(checks);
let passed = 0;
let failed = 0;
for (const name of names) {
	const check = checks[name];
	if (check === undefined)
		throw new Error(`no check is called "${name}"; there are: ${Object.keys(checks).join(", ")}`);
	const start = performance.now();
	console.log(`\n== ${name}`);
	for (const outcome of await check()) {
		if (outcome.ok) passed++;
		else failed++;
		if (outcome.name === undefined) continue;
		if (!outcome.ok && outcome.output) console.log(outcome.output.trimEnd());
		console.log(`${outcome.ok ? "ok  " : "FAIL"} ${outcome.name}`);
	}
	console.log(`   ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
