/**
 * What the lookup process runs: getaddrinfo, for each line `[id, host, family]` that it reads, with a line
 * `[id, error code or null, addresses]` for each. As a text rather than a file, so that it survives any bundler.
 * The end of its input is the end of its parent; it then kills itself, since a plain exit would wait for the
 * lookups that are still going.
 */
export const HELPER_SCRIPT = `"use strict";
const { lookup } = require("node:dns");
let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
	const lines = (rest + chunk).split("\\n");
	rest = lines.pop();
	for (const line of lines) {
		const [id, host, family] = JSON.parse(line);
		lookup(host, { family, all: true, verbatim: true }, (error, found) => {
			const addresses = error ? [] : found.map((one) => one.address);
			process.stdout.write(JSON.stringify([id, error ? String(error.code) : null, addresses]) + "\\n");
		});
	}
});
process.stdin.on("end", () => process.kill(process.pid, "SIGKILL"));
`;
