#!/usr/bin/env node
import manifest from "../package.json" with { type: "json" };

/*
 * The entry of the `p2pd` command. What people ask most often in scripts, the version, is answered before
 * anything else is loaded.
 */
const { stdin, stdout, stderr, env } = process;
// The oldest Node that this can run on; package.json says the same.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
	stderr.write(`p2pd needs Node.js 20.19 or later; this is ${process.versions.node}\n`);
	process.exit(1);
}
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
