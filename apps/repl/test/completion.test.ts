import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "./support/run-command.js";

/** Fails the run where a shell must be there (P2PD_LAB=required), and skips its tests elsewhere. */
function missing(shell: string): boolean {
	try {
		execFileSync(shell, ["-c", "true"]);
		return false;
	} catch (error) {
		if (process.env["P2PD_LAB"] === "required") throw error;
		return true;
	}
}

/** A NIC name that a shell must not evaluate. */
const HOSTILE = ["$(touch$", "{IFS}$MARK)"].join("");

/** A p2pd that lists three NICs. */
const FAKE = `[ "$*" = "list --names" ] && printf '%s\\n' eth0 wlan0 '${HOSTILE}'`;

/** What bash offers at the end of a line. */
function bashOffers(script: string, line: string, mark: string): string[] {
	const words = line.split(" ");
	const code = `p2pd() { ${FAKE}; }
${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_p2pd
[ \${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "\${COMPREPLY[@]}"`;
	return lines(
		execFileSync("bash", ["--norc", "-c", code], { encoding: "utf8", env: { ...process.env, MARK: mark } }),
	);
}

/** What fish offers. */
function fishOffers(script: string, line: string, mark: string): string[] {
	const code = `function p2pd; bash -c ${JSON.stringify(FAKE).replaceAll("$", "\\$")} p2pd $argv; end
${script}
complete -C ${JSON.stringify(line)}`;
	const out = execFileSync("fish", ["--no-config", "-c", code], {
		encoding: "utf8",
		env: { ...process.env, MARK: mark },
	});
	return lines(out).map((offer) => offer.split("\t")[0] ?? "");
}

/**
 * What zsh offers: a zsh at a pseudo-terminal, with a compadd that writes down what it is given. The file of offers
 * says when the completion has run.
 */
function zshOffers(script: string, line: string, mark: string, folder: string): string[] {
	const file = (name: string): string => join(folder, name);
	writeFileSync(file("p2pd"), `#!/bin/sh\n${FAKE}\n`, { mode: 0o755 });
	writeFileSync(file("script.zsh"), script);
	writeFileSync(file("offers"), "");
	writeFileSync(
		file("init.zsh"),
		`PROMPT=; RPROMPT=; path=(${folder} $path)
autoload -Uz compinit; compinit -u -D
source ${file("script.zsh")}
compadd () {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return $?; fi
  typeset -a __hits; builtin compadd -A __hits "$@"
  local hit; for hit in $__hits; do print -r -- "$hit" >> ${file("offers")}; done
  builtin compadd "$@"
}
complete-and-say () { zle complete-word; print -n DO; print NE }
zle -N complete-and-say; bindkey '^I' complete-and-say
print -n REA; print DY`,
	);
	writeFileSync(
		file("ask.zsh"),
		`zmodload zsh/zpty; local out
zpty ask zsh -f -i
zpty -w ask ${JSON.stringify(`source ${file("init.zsh")}`)}
zpty -r -m ask out '*READY*'
zpty -w -n ask "$1"$'\\t'
zpty -r -m ask out '*DONE*'
zpty -d ask`,
	);
	execFileSync("zsh", ["-f", file("ask.zsh"), line], {
		timeout: 20_000,
		env: { ...process.env, MARK: mark, TERM: "dumb" },
	});
	return lines(readFileSync(file("offers"), "utf8"));
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "p2pd-completion-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const VALUES = [
	["p2pd pipe ", "tcp"],
	["p2pd pipe u", "udp"],
	["p2pd serve ", "stun"],
	["p2pd completion ", "fish"],
] as const;

describe.skipIf(missing("fish"))("completion in fish", () => {
	it("offers commands, values, NICs and options, and never evaluates the name of a NIC", async () => {
		const { stdout } = await run(["completion", "fish"]);
		const mark = join(folder, "fish");
		const offers = (line: string): string[] => fishOffers(stdout, line, mark);
		expect(offers("p2pd sh")).toContain("show");
		for (const [line, value] of VALUES) expect(offers(line)).toContain(value);
		expect(offers("p2pd show ")).toEqual(expect.arrayContaining(["eth0", "wlan0"]));
		expect(offers("p2pd show --fam")).toContain("--family");
		expect(offers("p2pd --family ")).toEqual(["4", "6"]);
		expect(existsSync(mark)).toBe(false);
	});
});

describe.skipIf(missing("zsh"))("completion in zsh", () => {
	it("offers commands, values, NICs and options, after an option too, and never evaluates the name of a NIC", async () => {
		const { stdout } = await run(["completion", "zsh"]);
		const mark = join(folder, "zsh");
		const offers = (line: string): string[] => zshOffers(stdout, line, mark, folder);
		expect(offers("p2pd sh")).toContain("show");
		expect(offers("p2pd --json sh")).toContain("show");
		for (const [line, value] of VALUES) expect(offers(line)).toContain(value);
		expect(offers("p2pd show ")).toEqual(expect.arrayContaining(["eth0", "wlan0"]));
		expect(offers("p2pd show --json e")).toContain("eth0");
		expect(existsSync(mark)).toBe(false);
	}, 60_000);
});

describe("completion in bash", () => {
	it.each([
		["p2pd sh", ["show"]],
		["p2pd show e", ["eth0"]],
		["p2pd --nic w", ["wlan0"]],
		["p2pd show --family ", ["4", "6"]],
		["p2pd stun --transport t", ["tcp", "tls"]],
		["p2pd doctor --router", ["--router-wan"]],
		["p2pd list --nam", ["--names"]],
	])("%s", async (line, expected) => {
		const { stdout } = await run(["completion", "bash"]);
		expect(bashOffers(stdout, line, join(folder, "mark"))).toEqual(expected);
	});

	it("offers the values of pipe, serve and completion", async () => {
		const { stdout } = await run(["completion", "bash"]);
		for (const [line, value] of VALUES) {
			expect(bashOffers(stdout, line, join(folder, "mark"))).toContain(value);
		}
	});

	it("never evaluates the name of a NIC", async () => {
		const { stdout } = await run(["completion", "bash"]);
		const mark = join(folder, "bash");
		const offered = bashOffers(stdout, "p2pd show ", mark);
		expect(offered).toContain("eth0");
		expect(offered).toContain("\\$\\(touch\\$\\{IFS\\}\\$MARK\\)");
		expect(existsSync(mark)).toBe(false);
	});
});
