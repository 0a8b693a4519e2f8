import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, describe, it } from "vitest";

const { P2PD_LAB, PATH = "" } = process.env;

/** Where a program is, or undefined. Servers stand in sbin, which a user's PATH may lack. */
function findTool(name: string): string | undefined {
	return [...PATH.split(delimiter), "/usr/sbin", "/usr/local/sbin"]
		.map((dir) => join(dir, name))
		.find((path) => {
			try {
				accessSync(path, constants.X_OK);
				return true;
			} catch {
				return false;
			}
		});
}

/** A group of tests that needs programs: without them it is skipped with the reason, or fails where P2PD_LAB=required. */
export function describeWithTools(
	title: string,
	tools: readonly string[],
	packages: string,
	body: () => void,
): void {
	const missing = tools.filter((name) => findTool(name) === undefined);
	if (missing.length === 0) {
		describe(title, body);
		return;
	}
	const reason = `needs ${missing.join(", ")}: install ${packages}`;
	if (P2PD_LAB === "required") {
		it(`${title} (${reason})`, () => {
			throw new Error(`P2PD_LAB=required, but the test ${reason}`);
		});
	} else it.skip(`${title} (${reason})`);
}

/** A UDP port that is free on all of these addresses, and the next one too. */
export async function freePorts(ips: readonly string[]): Promise<number> {
	for (let tries = 0; tries < 50; tries++) {
		const port = 20000 + Math.floor(Math.random() * 20000) * 2;
		const sockets = ips.flatMap((ip) =>
			[port, port + 1].map((each) => {
				const socket = createSocket(ip.includes(":") ? "udp6" : "udp4");
				const bound = once(socket, "listening").then(
					() => true,
					() => false,
				);
				socket.bind({ port: each, address: ip, exclusive: true });
				return { socket, bound };
			}),
		);
		const free = await Promise.all(sockets.map(({ bound }) => bound));
		await Promise.all(
			sockets.map(({ socket }) => new Promise<void>((resolve) => socket.close(() => resolve()))),
		);
		if (free.every((each) => each)) return port;
	}
	throw new Error(`no free ports on ${ips.join(", ")}`);
}

/** Runs a program to its end and gives what it printed, whatever its exit code. */
export function run(tool: string, args: readonly string[], timeoutMs = 20_000): Promise<string> {
	return new Promise((resolve, reject) => {
		execFile(
			findTool(tool) ?? tool,
			args,
			{ timeout: timeoutMs, killSignal: "SIGKILL" },
			(error, stdout, stderr) => {
				if (error?.killed === true)
					reject(new Error(`${tool} did not end in ${timeoutMs} ms: ${stdout}${stderr}`));
				else resolve(`${stdout}\n${stderr}`);
			},
		);
	});
}

/** Programs that run in the background until the tests of the group are over. */
export function backgroundPrograms() {
	const running: ChildProcess[] = [];
	const dir = mkdtempSync(join(tmpdir(), "stun-client-interop-"));
	afterAll(async () => {
		for (const child of running) {
			const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
			child.kill("SIGKILL");
			await ended;
		}
		rmSync(dir, { recursive: true });
	});
	return {
		/** For their files. */
		dir,
		start: (tool: string, args: readonly string[]): void => {
			running.push(spawn(findTool(tool) ?? tool, args, { stdio: "ignore", cwd: dir }));
		},
	};
}
