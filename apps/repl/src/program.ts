import { Command, Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import { describeCommands, type Load, milliseconds } from "./command-table.js";
import { describeCommandLine } from "./completion.js";
import { type Config, readConfig } from "./config.js";
import type { CommonOptions } from "./context.js";
import { errorLine, UsageError } from "./errors.js";
import type { Io } from "./output/output.js";
import { createOutput, createProgress } from "./output/output.js";

/** How commands learn of Ctrl-C, and how one gives it up. */
export interface Interrupt {
	readonly signal: AbortSignal;
	readonly release: () => void;
}

/**
 * Describes the whole command line: commands, arguments, options and help. Bodies are loaded on demand.
 *
 * @param io where the commands read and write
 * @param interrupt how commands learn of Ctrl-C
 * @param finish told the exit code of the command that ran
 */
export function createProgram(
	io: Io,
	{ signal, release }: Interrupt,
	finish: (exitCode: number) => void,
): Command {
	const act =
		(load: Load) =>
		async (...given: unknown[]): Promise<void> => {
			const command = given.at(-1) as Command;
			const options = commonOptions(command, readConfig(io.env));
			if (options.stun !== undefined) await checkServers(options.stun);
			const { run } = await load();
			const out = createOutput(io, {
				quiet: options.quiet,
				colour: command.optsWithGlobals()["color"] !== false,
			});
			const progress = createProgress(io, options.quiet);
			const end = performance.now() + options.timeout;
			const context = {
				io,
				out,
				progress,
				options,
				signal,
				releaseInterrupt: release,
				timeLeft: () => Math.max(1, Math.round(end - performance.now())),
				commandLine: () => describeCommandLine(program),
			};
			finish(await run(context, command.args, command.opts()));
		};

	const program = new Command("p2pd")
		.description(
			"See your real place on the network, and act from there. Without a command: the interactive shell.",
		)
		.version(manifest.version, "-V, --version")
		.exitOverride()
		.configureOutput({
			writeOut: (text) => void io.stdout.write(text),
			writeErr: (text) => void io.stderr.write(text),
		})
		.argument(
			"[script]",
			"a JavaScript or TypeScript file to run (top-level await, everything preloaded); - is stdin",
		)
		.argument("[args...]", "arguments of the script")
		.option("-e, --eval <code>", "run this code instead of a file")
		.option("-p, --print <code>", "run this expression and print its value")
		.addHelpText("after", examples(["p2pd", "p2pd show", "p2pd -p 'Interface.list()'", "p2pd demo"]))
		.helpCommand("help [command]", "help for a command")
		.action(act(() => import("./commands/shell.js")));
	addCommonOptions(program);

	describeCommands((usage, description, load, samples) =>
		program
			.command(usage)
			.description(description)
			.configureHelp({ showGlobalOptions: true })
			.addHelpText("after", examples(samples))
			.action(act(load)),
	);
	return program;
}

/** Refuses a STUN server that cannot be read, before anything is asked. */
async function checkServers(servers: readonly string[]): Promise<void> {
	const { parseStunServer } = await import("@p2pd/core");
	for (const server of servers) {
		try {
			parseStunServer(server);
		} catch (error) {
			throw new UsageError(`--stun ${server}: ${errorLine(error)}`, { cause: error });
		}
	}
}

const examples = (lines: readonly string[]): string =>
	`\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;

function addCommonOptions(command: Command): Command {
	return command
		.addOption(new Option("-i, --nic <name>", "the NIC to use (default: the default NIC)"))
		.addOption(new Option("-f, --family <4|6>", "IPv4 or IPv6 alone").choices(["4", "6"]))
		.addOption(
			new Option("-s, --stun <host:port>", "STUN server to ask; repeat it or separate by commas").argParser(
				(text: string, before: string[] | undefined) => [
					...(before ?? []),
					...text.split(",").map((one) => one.trim()),
				],
			),
		)
		.addOption(
			new Option("-t, --timeout <ms>", "give up after so many milliseconds")
				.argParser(milliseconds)
				.default(10_000),
		)
		.addOption(new Option("--json", "results as JSON, failures too"))
		.addOption(new Option("--no-nat", "do not ask what kind of NAT there is"))
		.addOption(new Option("-q, --quiet", "no messages, only results and errors"))
		.addOption(new Option("--no-color", "no colours (also: NO_COLOR)"));
}

/** The options of a command line, with the defaults of the configuration file for those that were not given. */
function commonOptions(command: Command, config: Config): CommonOptions {
	const given = command.optsWithGlobals<{
		nic?: string;
		family?: "4" | "6";
		stun?: string[];
		timeout: number;
		json?: boolean;
		nat: boolean;
		quiet?: boolean;
	}>();
	const isGiven = (name: string): boolean => command.getOptionValueSourceWithGlobals(name) === "cli";
	const nic = given.nic ?? config.nic;
	const family = given.family === undefined ? config.family : given.family === "4" ? 4 : 6;
	const stun = given.stun ?? config.stun;
	return {
		...(nic === undefined ? {} : { nic }),
		...(family === undefined ? {} : { family }),
		...(stun === undefined ? {} : { stun }),
		timeout: isGiven("timeout") ? given.timeout : (config.timeout ?? given.timeout),
		json: given.json ?? false,
		nat: isGiven("nat") ? given.nat : (config.nat ?? given.nat),
		quiet: given.quiet ?? config.quiet ?? false,
	};
}
