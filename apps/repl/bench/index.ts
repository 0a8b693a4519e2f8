import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compareAll } from "@p2pd/testnet/bench";

/*
 * Start-up against bare node, of the built command: build it first (npm run build at the top).
 * A ratio is node's time / the command's time: 1.5x of node is a ratio of 0.67.
 */
const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
if (!existsSync(cli)) throw new Error("apps/repl/dist is not there: build first");

const node =
	(...args: string[]) =>
	(): void => {
		execFileSync(process.execPath, args, { stdio: "ignore" });
	};
const bare = node("-e", "0");

await compareAll([
	{
		name: "p2pd --version against node -e 0",
		baseline: bare,
		candidate: node(cli, "--version"),
		floor: 1 / 1.5,
		rounds: 25,
	},
	{ name: "p2pd --help against node -e 0", baseline: bare, candidate: node(cli, "--help") },
	{ name: "p2pd list --names against node -e 0", baseline: bare, candidate: node(cli, "list", "--names") },
]);
