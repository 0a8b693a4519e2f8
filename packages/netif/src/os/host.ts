import { execFile } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { endianness, networkInterfaces } from "node:os";
import { kernelSourceAddress } from "@p2pd/net";
import { NetifCommandError } from "../errors.js";
import { prefixOf, readIp, scopeOf, textOnNic } from "./address-text.js";
import { COMMAND_MAX_OUTPUT } from "./defaults.js";
import type { CommandOutput, CommandRunner, HostAddress, NicAddress, OsDeps } from "./types.js";

/**
 * Runs a program of the operating system with `execFile`: without a shell, and with a deadline.
 *
 * @throws NetifCommandError (ERR_NETIF_COMMAND) if it cannot be run, fails or takes too long; the signal's reason
 */
export const runCommand: CommandRunner = (command, args, { timeout, signal }) =>
	new Promise<CommandOutput>((resolve, reject) => {
		execFile(
			command,
			[...args],
			{
				timeout,
				killSignal: "SIGKILL",
				maxBuffer: COMMAND_MAX_OUTPUT,
				windowsHide: true,
				encoding: "utf8",
				// Programs translate their output by the locale; the parsers read the untranslated words.
				env: { ...process.env, LC_ALL: "C", LANG: "C" },
				...(signal ? { signal } : {}),
			},
			(error, stdout, stderr) => {
				if (!error) resolve({ stdout, stderr });
				else if (signal?.aborted) reject(signal.reason);
				else reject(new NetifCommandError(command, failureReason(error, timeout), { cause: error }));
			},
		);
	});

function failureReason(
	error: Error & { code?: string | number | null; killed?: boolean; signal?: NodeJS.Signals | null },
	timeout: number,
): string {
	if (typeof error.code === "string") return error.code;
	if (error.killed) return `no answer within ${timeout} ms`;
	return error.signal ? `signal ${error.signal}` : `exit ${error.code}`;
}

/** This machine, as enumerations read it. Nothing is read before one of its functions is called. */
export const hostDeps: OsDeps = {
	platform: process.platform,
	endianness: endianness(),
	systemRoot: process.env["SystemRoot"],
	readFile: (path) => readFileSync(path, "utf8"),
	readDir: (path) => readdirSync(path),
	readLink: (path) => readlinkSync(path),
	networkInterfaces,
	run: runCommand,
	sourceAddress: kernelSourceAddress,
};

/** The result of `os.networkInterfaces()`, or why there is none. */
export type HostAddresses =
	| { readonly ok: true; readonly byName: ReadonlyMap<string, readonly HostAddress[]> }
	| { readonly ok: false; readonly reason: string };

/** Calls `os.networkInterfaces()`, which throws where the OS refuses (Android, some sandboxes). */
export function readHostAddresses(deps: OsDeps): HostAddresses {
	try {
		const byName = new Map<string, readonly HostAddress[]>();
		for (const [name, list] of Object.entries(deps.networkInterfaces())) if (list) byName.set(name, list);
		return { ok: true, byName };
	} catch (error) {
		return { ok: false, reason: reasonOf(error) };
	}
}

/**
 * One address of `os.networkInterfaces()` in our form, with `zone` if it is link-local. Null for text that is not an
 * address, and for the any-address, which Deno lists on some NICs.
 */
export function fromHostAddress(host: HostAddress, zone: string, label?: string): NicAddress | null {
	const ip = readIp(host.address);
	if (ip === null || ip.isUnspecified) return null;
	const prefix = /\/(\d+)$/.exec(host.cidr ?? "")?.[1];
	return {
		af: ip.af,
		ip: textOnNic(ip, zone),
		cidr: prefix === undefined ? null : prefixOf(ip.af, Number(prefix)),
		scope: scopeOf(ip),
		...(label === undefined ? {} : { label }),
	};
}

/** A short reason for a failed read: the OS's code if it gave one. */
export function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const code = (error as NodeJS.ErrnoException).code;
	return typeof code === "string" && !error.message.includes(code)
		? `${code}: ${error.message}`
		: error.message;
}
