#!/usr/bin/env node
import manifest from "../package.json" with { type: "json" };

/*
 * The entry of the `p2pd` command. What people ask most often in scripts, the version, is answered before
 * anything else is loaded.
 */
const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
	process.stdout.write(`${manifest.version}\n`);
} else {
	const { main } = await import("./main.js");
	const { stdin, stdout, stderr, env } = process;
	process.exitCode = await main(args, { stdin, stdout, stderr, env });
}
