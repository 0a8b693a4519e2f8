import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Fields, is, objectProblem } from "@p2pd/core/net";
import type { CommonOptions } from "./context.js";
import { codeOf, errorLine, UsageError } from "./errors.js";
import type { Io } from "./output/output.js";

/** Defaults of the options that all commands take. */
export type Config = Partial<Omit<CommonOptions, "json">>;

const FIELDS: Fields = {
	nic: is.filledText,
	family: is.family,
	stun: is.listOf(is.filledText, { max: 100 }),
	timeout: is.timeout,
	nat: is.boolean,
	quiet: is.boolean,
};

/** Where the configuration is: P2PD_CONFIG, or the XDG folder. An empty P2PD_CONFIG means none. */
export function configFile(env: Io["env"]): string | undefined {
	const given = env["P2PD_CONFIG"];
	if (given !== undefined) return given === "" ? undefined : given;
	const folder = env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config");
	return join(folder, "p2pd", "config.json");
}

/**
 * Reads the configuration file. Without one there are no defaults, unless P2PD_CONFIG names it.
 *
 * @throws UsageError (ERR_CLI_USAGE) if it cannot be read, is not JSON, or has an unknown or wrong field
 */
export function readConfig(env: Io["env"]): Config {
	const file = configFile(env);
	if (file === undefined) return {};
	let value: unknown;
	try {
		value = JSON.parse(readFileSync(file, "utf8"));
	} catch (error) {
		if (codeOf(error) === "ENOENT" && env["P2PD_CONFIG"] === undefined) return {};
		throw new UsageError(`the configuration file ${file} cannot be read: ${errorLine(error)}`, {
			cause: error,
		});
	}
	const problem = objectProblem(value, "", FIELDS);
	if (problem !== null) throw new UsageError(`${file}: ${problem.path} ${problem.message}`);
	return value as Config;
}
