import manifest from "../package.json" with { type: "json" };
import type { CommandLine, OptionLine } from "./completion.js";

/** Text of a roff line: backslashes, hyphens, and a dot or quote at its start mean something to roff. */
const roff = (text: string): string =>
	text
		.replaceAll("\\", "\\e")
		.replaceAll("-", "\\-")
		.replace(/^([.'])/, "\\&$1");

const option = ({ flags, value, description, choices }: OptionLine): string =>
	[
		".TP",
		`.B ${roff([...flags].reverse().join(", "))}${value === "" ? "" : ` \\fI${roff(value)}\\fR`}`,
		roff(choices.length > 0 ? `${description} (${choices.join(", ")})` : description),
	].join("\n");

/** Environment variables and files, in the order of the page. */
const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
	[
		"P2PD_STUN_SERVERS",
		"STUN servers to ask instead of the public default list: host:port, separated by commas.",
	],
	["P2PD_CONFIG", "The configuration file. An empty value means none."],
	["P2PD_HISTORY", "The file of the shell's history. An empty value keeps none."],
	["P2PD_DEBUG", "If set, an error shows its stack."],
	["NO_COLOR, FORCE_COLOR", "Turn colours off or on."],
];

/** The manual page of the command, in roff (man(7)). */
export function manualPage(lines: readonly CommandLine[]): string {
	const [global, ...commands] = lines;
	return [
		`.TH P2PD 1 "" "p2pd ${manifest.version}"`,
		".SH NAME",
		`p2pd \\- ${roff("see your real place on the network, and act from there")}`,
		".SH SYNOPSIS",
		".B p2pd",
		"[\\fIoptions\\fR] [\\fIcommand\\fR | \\fIscript\\fR] [\\fIargs\\fR]",
		".SH DESCRIPTION",
		roff(global?.description ?? ""),
		".SH COMMANDS",
		...commands.flatMap(({ usage, description, options }) => [
			".TP",
			`.B ${roff(usage)}`,
			roff(description),
			...(options.length === 0 ? [] : [".RS", ...options.map(option), ".RE"]),
		]),
		".SH OPTIONS",
		...(global?.options ?? []).map(option),
		".SH EXIT STATUS",
		"0 if the answer was found, 1 if it was not, 2 for a wrong argument or option, 130 after Ctrl\\-C.",
		".SH ENVIRONMENT",
		...ENVIRONMENT.flatMap(([name, meaning]) => [".TP", `.B ${roff(name)}`, roff(meaning)]),
		".SH FILES",
		".TP",
		".I ~/.config/p2pd/config.json",
		roff("Defaults of the options that all commands take, as JSON: nic, family, stun, timeout, nat, quiet."),
	].join("\n");
}
