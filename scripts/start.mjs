/*
 * `npm start`: install what is missing, build, run the demonstration on loopback, and with a terminal open the shell.
 */
import { join } from "node:path";
import { build, ensureInstalled, root, run } from "./workspace.mjs";

await ensureInstalled();
await build();
const shell = process.stdin.isTTY && process.stdout.isTTY ? ["--shell"] : [];
const { code } = await run(process.execPath, [
	join(root, "apps/repl/dist/cli.js"),
	"demo",
	...shell,
	...process.argv.slice(2),
]);
process.exitCode = code;
