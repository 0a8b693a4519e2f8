import { describe, expect, it } from "vitest";
import { run } from "../support/run-command.js";

/** What is wrong, and what the first line on stderr says. */
const USAGE: readonly (readonly [args: readonly string[], says: RegExp])[] = [
	[["show", "--family", "5"], /Allowed choices are 4, 6/],
	[["show", "--timeout", "soon"], /number of milliseconds/],
	[["show", "--timeout", "-1"], /number of milliseconds/],
	[["show", "--nothing"], /unknown option/],
	[["show", "a", "b"], /too many arguments/],
	[["stun"], /missing required argument/],
	[["stun", "a b"], /^error: /],
	[["stun", "127.0.0.1:99999"], /^error: /],
	[["stun", "127.0.0.1", "--transport", "sctp"], /Allowed choices/],
	[["show", "--stun", "stun.example:99999"], /--stun stun.example:99999/],
	[["resolve", "::1::"], /^error: /],
	[["pipe", "icmp", "127.0.0.1:1"], /Allowed choices are tcp, udp/],
	[["pipe", "tcp"], /a target, or --listen/],
	[["pipe", "tcp", "127.0.0.1:1", "--listen", "0"], /not both/],
	[["pipe", "tcp", "127.0.0.1"], /no port/],
	[["pipe", "tcp", "127.0.0.1:1", "--insecure"], /--insecure goes with --tls/],
	[["pipe", "udp", "127.0.0.1:1", "--tls"], /--tls is for a TCP pipe/],
	[["pipe", "tcp", "--listen", "70000"], /0 to 65535/],
	[["serve", "dns"], /Allowed choices are stun/],
	[["serve", "stun", "--address", "here"], /not an IP address/],
	[["serve", "stun", "--port", "-1"], /0 to 65535/],
	[["doctor", "--dns", "here"], /not an IP address/],
	[["doctor", "--router-wan", "there"], /not an IP address/],
	[["map", "sctp", "1"], /Allowed choices are tcp, udp/],
	[["map", "tcp", "0"], /not a port/],
	[["map", "tcp", "1", "--lifetime", "x"], /number of seconds/],
	[["completion", "tcsh"], /Allowed choices are bash, zsh, fish/],
	[["-e", "1", "-p", "1"], /-e or -p, not both/],
];

describe("bad arguments: exit code 2, nothing on stdout, one line that says what is wrong", () => {
	it.each(USAGE)("%j", async (args, says) => {
		const { code, stdout, stderr } = await run(args);
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
		expect(stderr).toMatch(says);
		expect(stderr).not.toMatch(/^ +at /m);
	});
});

describe("a NIC that does not exist: exit code 1, and which ones do", () => {
	it.each([
		[["list", "--nic", "wlan7"]],
		[["show", "wlan7"]],
		[["routes", "wlan7"]],
		[["nat", "wlan7"]],
		[["stun", "127.0.0.1:1", "--nic", "wlan7"]],
		[["resolve", "127.0.0.1:1", "--nic", "wlan7"]],
		[["pipe", "tcp", "127.0.0.1:1", "--nic", "wlan7"]],
		[["pipe", "tcp", "--listen", "0", "--nic", "wlan7"]],
		[["doctor", "--nic", "wlan7"]],
	])("%j", async (args) => {
		const { code, stdout, stderr } = await run(args);
		expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
		expect(stderr).toMatch(/^error: .*"wlan7"/);
	});
});

describe("help", () => {
	const commands = "list show routes nat stun resolve pipe serve watch doctor completion demo".split(" ");

	it.each(commands)("%s --help has examples and the common options", async (command) => {
		const { code, stdout } = await run([command, "--help"]);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^Examples:\n +\$ .*p2pd/m);
		expect(stdout).toContain("--stun <host:port>");
	});

	it("names every command", async () => {
		const { stdout } = await run(["--help"]);
		for (const command of commands) expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, "m"));
	});

	it("an unknown command or file is told as such", async () => {
		const { code, stderr } = await run(["shwo"]);
		expect(code).toBe(2);
		expect(stderr).toMatch(/no command and no file called "shwo"\ndid you mean: p2pd show/);
	});
});
