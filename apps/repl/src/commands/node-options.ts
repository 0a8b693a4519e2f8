import { readFileSync } from "node:fs";
import { type NodeOptions, parseSignalUrl } from "@p2pd/core";
import type { Context } from "../context.js";
import { errorLine, UsageError } from "../errors.js";

/** Own options of the commands that run a node. */
export interface NodeFlags {
	readonly signal?: readonly string[];
	readonly turn?: readonly string[];
	readonly port?: number;
	readonly identity?: string;
	/** False with `--no-lan`. */
	readonly lan?: boolean;
	/** False with `--no-port-mapping`. */
	readonly portMapping?: boolean;
}

/**
 * The options of the node of a command. Servers are given by option, by a file (`@FILE`, one a line), or by the variables
 * P2PD_SIGNAL and P2PD_TURN, separated by blanks: other users of a machine see its command lines.
 *
 * @throws UsageError for a file that cannot be read, or what is no URL
 */
export function nodeOptions({ io, options }: Context, flags: NodeFlags): NodeOptions {
	const signal = servers("--signal", flags.signal, io.env["P2PD_SIGNAL"]);
	for (const [index, url] of signal.entries()) {
		try {
			parseSignalUrl(url);
		} catch (error) {
			// The URL may hold a password: it is named by its place.
			throw new UsageError(`signal server ${index + 1}: ${errorLine(error)}`);
		}
	}
	const turn = servers("--turn", flags.turn, io.env["P2PD_TURN"]);
	return {
		signal,
		turn,
		...(flags.port === undefined ? {} : { port: flags.port }),
		...(flags.identity === undefined ? {} : { identity: flags.identity }),
		...(flags.lan === false ? { lanAddresses: false } : {}),
		...(flags.portMapping === false ? { portMapping: false } : {}),
		...(options.stun === undefined ? {} : { stunServers: options.stun }),
		...(options.nic === undefined ? {} : { nics: [options.nic] }),
		...(options.family === undefined ? {} : { families: [options.family] }),
		pipe: { halfOpen: true },
	};
}

function servers(
	option: string,
	given: readonly string[] | undefined,
	variable: string | undefined,
): string[] {
	const list = given ?? (variable === undefined ? [] : variable.split(/\s+/).filter((one) => one !== ""));
	return list.flatMap((one) => (one.startsWith("@") ? linesOf(option, one.slice(1)) : [one]));
}

function linesOf(option: string, file: string): string[] {
	try {
		return readFileSync(file, "utf8")
			.split("\n")
			.map((line) => line.trim())
			.filter((line) => line !== "" && !line.startsWith("#"));
	} catch (error) {
		throw new UsageError(`${option} @${file}: ${errorLine(error)}`, { cause: error });
	}
}
