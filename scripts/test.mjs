/*
 * `npm test`: install what is missing and run every test. Arguments go to Vitest.
 * The laboratory's tests need root (or unprivileged user namespaces) and some Debian packages; where those are missing
 * the tests are skipped, and the last lines say which part, why, and what to install. P2PD_LAB=required makes that a failure.
 */
import { bin, ensureInstalled, run } from "./workspace.mjs";

await ensureInstalled();
const { code } = await run(bin("vitest"), [
	"run",
	"--config",
	"vitest.workspace.ts",
	...process.argv.slice(2),
]);

const lab = await run(process.execPath, ["--import", "tsx", "scripts/lab-report.mjs"], { capture: true });
console.log(`\n${lab.output.trim()}`);
process.exitCode = code || lab.code;
