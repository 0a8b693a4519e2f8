import type { Command } from "commander";

/** An option as completion needs it. */
export interface OptionLine {
	/** `--nic`, and `-i` where there is one. */
	readonly flags: readonly string[];
	readonly description: string;
	readonly takesValue: boolean;
	/** How help writes the value, as in `<ms>`; empty for a flag. */
	readonly value: string;
	/** The values, where they are a list. */
	readonly choices: readonly string[];
}

/** A command as completion needs it. */
export interface CommandLine {
	/** Empty for the options of all commands. */
	readonly name: string;
	/** The name and arguments, as help writes them. */
	readonly usage: string;
	readonly description: string;
	readonly options: readonly OptionLine[];
	/** Its first argument is the name of a NIC. */
	readonly takesNic: boolean;
	/** The values that its first argument may have, where they are a list. */
	readonly choices: readonly string[];
}

/** The whole command line as data, read out of the program's own description: global options first, then each command. */
export function describeCommandLine(program: Command): readonly CommandLine[] {
	return [describe(program, ""), ...program.commands.map((command) => describe(command, command.name()))];
}

function describe(command: Command, name: string): CommandLine {
	return {
		name,
		usage: [
			name,
			...command.registeredArguments.map((argument) =>
				argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
			),
		].join(" "),
		description: command.description(),
		options: command.options.map((option) => ({
			flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
			description: option.description,
			takesValue: option.required || option.optional,
			value: /[<[].*/.exec(option.flags)?.[0] ?? "",
			choices: option.argChoices ?? [],
		})),
		takesNic: command.registeredArguments[0]?.name() === "nic",
		choices: command.registeredArguments[0]?.argChoices ?? [],
	};
}

/** Prints the names of the NICs, one a line. */
const NICS = "p2pd list --names 2>/dev/null";

/** A text in single quotes for a POSIX shell or fish. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const flagsOf = (options: readonly OptionLine[]): string[] => options.flatMap(({ flags }) => flags);
const takesNicName = (flags: readonly string[]): boolean => flags.includes("--nic");

/**
 * Writes a completion script, by the name of the shell. The names of NICs come from the machine and can contain
 * anything, so no script lets the shell evaluate them.
 */
export const scripts: Readonly<Record<string, (lines: readonly CommandLine[]) => string>> = {
	bash: bashScript,
	zsh: zshScript,
	fish: fishScript,
};

function bashScript(lines: readonly CommandLine[]): string {
	const [global, ...commands] = lines;
	const globals = flagsOf(global?.options ?? []);
	const add = (words: readonly string[]): string => `_p2pd_add ${words.map(quoted).join(" ")}`;
	const cases = commands.map(({ name, options, takesNic, choices }) => {
		const nics = takesNic ? "; _p2pd_add_nics" : "";
		return `    ${name}) ${add([...choices, ...flagsOf(options), ...globals])}${nics} ;;`;
	});
	// A flag that several commands have offers what any of them takes.
	const byFlag = new Map<string, OptionLine>();
	for (const one of lines.flatMap(({ options }) => options)) {
		for (const flag of one.flags) {
			const choices = [...new Set([...(byFlag.get(flag)?.choices ?? []), ...one.choices])];
			byFlag.set(flag, { ...one, choices });
		}
	}
	const values = [...byFlag]
		.filter(([, { choices, flags }]) => choices.length > 0 || takesNicName(flags))
		.map(
			([flag, { choices }]) =>
				`    ${flag}) ${choices.length > 0 ? add(choices) : "_p2pd_add_nics"}; return ;;`,
		);
	return `# bash completion of p2pd; load it with: source <(p2pd completion bash)
# Offers the words that begin as the current one does. Nothing in a word is expanded.
_p2pd_add() {
  local word
  for word in "$@"; do
    if [[ "$word" == "$_p2pd_current"* ]]; then COMPREPLY+=("$(printf '%q' "$word")"); fi
  done
}
_p2pd_add_nics() {
  local nic
  while IFS= read -r nic; do _p2pd_add "$nic"; done < <(${NICS})
}
_p2pd() {
  local _p2pd_current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="" word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in ${commands.map(({ name }) => name).join("|")}) command="$word"; break ;; esac
  done
  case "$before" in
${values.join("\n")}
  esac
  case "$command" in
${cases.join("\n")}
    *) ${add([...commands.map(({ name }) => name), ...globals])} ;;
  esac
}
complete -o default -F _p2pd p2pd`;
}

function zshScript(lines: readonly CommandLine[]): string {
	const [global, ...commands] = lines;
	const spec = ({ flags, description, takesValue, choices }: OptionLine): string[] =>
		flags.map((flag) => {
			const values = choices.length > 0 ? `(${choices.join(" ")})` : takesNicName(flags) ? "_p2pd_nics" : " ";
			const text = description.replaceAll(/[[\]:]/g, " ");
			return quoted(`${flag}[${text}]${takesValue ? `:value:${values}` : ""}`);
		});
	const globals = (global?.options ?? []).flatMap(spec);
	const cases = commands.map(({ name, options, takesNic, choices }) => {
		const first = takesNic
			? " '1:nic:_p2pd_nics'"
			: choices.length > 0
				? ` ${quoted(`1:value:(${choices.join(" ")})`)} '*:argument:_default'`
				: " '*:argument:_default'";
		return `    ${name}) _arguments ${[...options.flatMap(spec), ...globals].join(" ")}${first} ;;`;
	});
	const names = commands
		.map(({ name, description }) => quoted(`${name}:${description.replaceAll(":", " ")}`))
		.join(" ");
	return `#compdef p2pd
# zsh completion of p2pd; load it with: source <(p2pd completion zsh)
_p2pd_nics() {
  local -a nics=("\${(@f)$(${NICS})}")
  compadd -a nics
}
_p2pd_commands() {
  local -a commands=(${names})
  _describe command commands
}
_p2pd() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C -A '-*' ${globals.join(" ")} '1:command:_p2pd_commands' '*::argument:->argument'
  [[ "$state" == argument ]] || return
  case "$line[1]" in
${cases.join("\n")}
    *) _default ;;
  esac
}
compdef _p2pd p2pd`;
}

function fishScript(lines: readonly CommandLine[]): string {
	const [global, ...commands] = lines;
	const option = (condition: string, { flags, description, takesValue, choices }: OptionLine): string => {
		const names = flags.map((flag) =>
			flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
		);
		const values = choices.length > 0 ? choices.join(" ") : takesNicName(flags) ? `(${NICS})` : "";
		const wanted = takesValue ? ` -x${values === "" ? "" : ` -a ${quoted(values)}`}` : "";
		return `complete -c p2pd${condition} ${names.join(" ")} -d ${quoted(description)}${wanted}`;
	};
	return [
		"# fish completion of p2pd; load it with: p2pd completion fish | source",
		...(global?.options ?? []).map((one) => option("", one)),
		...commands.flatMap(({ name, description, options, takesNic, choices }) => {
			const within = ` -n '__fish_seen_subcommand_from ${name}'`;
			const first = takesNic ? `(${NICS})` : choices.join(" ");
			return [
				`complete -c p2pd -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
				...options.map((one) => option(within, one)),
				...(first === "" ? [] : [`complete -c p2pd${within} -f -a ${quoted(first)}`]),
			];
		}),
	].join("\n");
}
