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

/** Prints the NICs' names, one a line. */
const NICS = "p2pd list --names 2>/dev/null";

/** A text in single quotes for a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const flagsOf = (options: readonly OptionLine[]): string => options.flatMap(({ flags }) => flags).join(" ");

/** Writes a completion script, by the shell's name. Pure. */
export const scripts: Readonly<Record<string, (lines: readonly CommandLine[]) => string>> = {
	bash: (lines) => {
		const [global, ...commands] = lines;
		const globals = global?.options ?? [];
		const cases = commands.map(({ name, options, takesNic }) => {
			const nics = takesNic ? ` $(${NICS})` : "";
			return `    ${name}) words="${flagsOf([...options, ...globals])}${nics}" ;;`;
		});
		const values = [
			...new Map(
				lines
					.flatMap(({ options }) => options)
					.flatMap((option) => option.flags.map((flag) => [flag, option])),
			),
		]
			.filter(([flag, { choices }]) => choices.length > 0 || flag === "--nic" || flag === "-i")
			.map(([flag, { choices }]) => `    ${flag}) words="${choices.join(" ") || `$(${NICS})`}" ;;`);
		return `# bash completion of p2pd; load it with: source <(p2pd completion bash)
_p2pd() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in ${commands.map(({ name }) => name).join("|")}) command="$word"; break ;; esac
  done
  case "$before" in
${values.join("\n")}
  esac
  if [ -z "$words" ]; then case "$command" in
${cases.join("\n")}
    *) words="${commands.map(({ name }) => name).join(" ")} ${flagsOf(globals)}" ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _p2pd p2pd`;
	},

	zsh: (lines) => {
		const [global, ...commands] = lines;
		const spec = ({ flags, description, takesValue, choices }: OptionLine): string[] =>
			flags.map((flag) => {
				const values =
					choices.length > 0
						? `(${choices.join(" ")})`
						: flag === "--nic" || flag === "-i"
							? `($(${NICS}))`
							: " ";
				const text = description.replaceAll(/[[\]:]/g, " ");
				return quoted(`${flag}[${text}]${takesValue ? `:value:${values}` : ""}`);
			});
		const globals = (global?.options ?? []).flatMap(spec);
		const cases = commands.map(({ name, options, takesNic }) => {
			const nic = takesNic ? ` "1:nic:($(${NICS}))"` : ' "*:argument:_default"';
			return `    ${name}) _arguments ${[...options.flatMap(spec), ...globals].join(" ")}${nic} ;;`;
		});
		const names = commands.map(({ name, description }) => quoted(`${name}:${description}`)).join(" ");
		return `#compdef p2pd
# zsh completion of p2pd; load it with: source <(p2pd completion zsh)
_p2pd() {
  local -a commands=(${names})
  if (( CURRENT == 2 )); then _describe command commands; _arguments ${globals.join(" ")}; return; fi
  local command="$words[2]"
  shift words; (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
    *) _default ;;
  esac
}
compdef _p2pd p2pd`;
	},

	fish: (lines) => {
		const [global, ...commands] = lines;
		const option = (condition: string, { flags, description, takesValue, choices }: OptionLine): string => {
			const names = flags.map((flag) =>
				flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
			);
			const values = choices.length > 0 ? choices.join(" ") : flags.includes("--nic") ? `(${NICS})` : "";
			const wanted = takesValue ? ` -x${values === "" ? "" : ` -a ${quoted(values)}`}` : "";
			return `complete -c p2pd${condition} ${names.join(" ")} -d ${quoted(description)}${wanted}`;
		};
		return [
			"# fish completion of p2pd; load it with: p2pd completion fish | source",
			...(global?.options ?? []).map((one) => option("", one)),
			...commands.flatMap(({ name, description, options, takesNic }) => {
				const within = ` -n '__fish_seen_subcommand_from ${name}'`;
				return [
					`complete -c p2pd -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
					...options.map((one) => option(within, one)),
					...(takesNic ? [`complete -c p2pd${within} -f -a ${quoted(`(${NICS})`)}`] : []),
				];
			}),
		].join("\n");
	},
};
