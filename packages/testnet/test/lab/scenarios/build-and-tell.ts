import { writeSync } from "node:fs";
import { buildLab, homeRouter } from "../../../src/lab/index.js";

/*
 * Run as a program of its own: builds a laboratory, tells its processes' numbers and what a client in it
 * sees as one line of JSON, and then, with the argument "close", closes it, or else stays until it is killed.
 */
const lab = await buildLab(homeRouter());
const { stdout } = await lab.exec("client", "turnutils_natdiscovery", ["-m", lab.service("stun").ip]);
const sleeper = lab.spawn("client", "sleep", ["1000"]);
const told = {
	uid: process.getuid?.() ?? null,
	pid: process.pid,
	sleeper: sleeper.pid,
	mapping: /NAT with .*!/.exec(stdout)?.[0] ?? stdout,
};
writeSync(1, `${JSON.stringify(told)}\n`);
if (process.argv.includes("close")) await lab.close();
else await sleeper.exited;
