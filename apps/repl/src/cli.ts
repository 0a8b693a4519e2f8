#!/usr/bin/env node
import manifest from "../package.json" with { type: "json" };

/*
 * The entry of the `p2pd` command. What people ask most often in scripts, the version, is answered before
 * anything else is loaded.
 */
const { stdin, stdout, stderr, env } = process;
const args = process.argv.slice(2);
stdout.on("error", (error: NodeJS.ErrnoException) => {
	// The reader has left, as `head` does: nobody is there to read an error, or the rest.
	if (error.code === "EPIPE") process.exit();
	throw error;
});
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
	stdout.write(`${manifest.version}\n`);
} else {
	const { main } = await import("./main.js");
	process.exitCode = await main(args, { stdin, stdout, stderr, env });
}
