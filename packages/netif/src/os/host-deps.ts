import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { endianness, networkInterfaces } from "node:os";
import { runCommand } from "./command.js";
import { kernelSourceAddress } from "./source-address.js";
import type { OsDeps } from "./types.js";

/** This machine, as enumerations see it. Nothing is read before one of its functions is called. */
export const hostDeps: OsDeps = {
	platform: process.platform,
	endianness: endianness(),
	readFile: (path) => readFileSync(path, "utf8"),
	readDir: (path) => readdirSync(path),
	readLink: (path) => readlinkSync(path),
	networkInterfaces,
	run: runCommand,
	sourceAddress: kernelSourceAddress,
};
