import type { Command } from "commander";

/** An option as completion needs it. */
export interface OptionLine {
	/** `--nic`, and `-i` where there is one. */
	readonly flags: readonly string[];
	readonly description: string;
	/** Takes a value. */
	readonly takesValue: boolean;
	/** The values, where they are a list. */
	readonly choices: readonly string[];
}

/** A command as completion needs it. */
export interface CommandLine {
	/** Empty for the options of all commands. */
	readonly name: string;
	readonly description: string;
	readonly options: readonly OptionLine[];
	/** Takes a NIC's name. */
	readonly takesNic: boolean;
}

/** The whole command line as data, read out of the program's own description: global options first, then each command. */
export function describeCommandLine(program: Command): readonly CommandLine[] {
	return [describe(program, ""), ...program.commands.map((command) => describe(command, command.name()))];
}

function describe(command: Command, name: string): CommandLine {
	return {
		name,
		description: command.description(),
		options: command.options.map((option) => ({
			flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
			description: option.description,
			takesValue: option.required || option.optional,
			choices: option.argChoices ?? [],
		})),
		takesNic: command.registeredArguments.some((argument) => argument.name() === "nic"),
	};
}
