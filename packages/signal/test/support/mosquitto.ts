import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ACL = fileURLToPath(new URL("../../mosquitto.acl", import.meta.url));
/** Where Debian has the server, which is not on everyone's PATH. */
const PATH = `${process.env["PATH"]}:/usr/sbin`;

/** Whether mosquitto is installed. */
export const hasMosquitto = ((): boolean => {
	try {
		execFileSync("mosquitto", ["-h"], { stdio: "ignore", env: { PATH } });
		return true;
	} catch (error) {
		// It prints its help and ends with 3.
		return (error as { status?: number | null }).status === 3;
	}
})();

/** A mosquitto that runs. */
export interface Mosquitto {
	readonly port: number;
	readonly pid: number;
	close(): Promise<void>;
}

/** Starts mosquitto on loopback with the ACL file of this package; users by name with their passwords, none for anyone. */
export async function startMosquitto(users: Readonly<Record<string, string>> | null): Promise<Mosquitto> {
	const folder = mkdtempSync(join(tmpdir(), "p2pd-mosquitto-"));
	const port = await freePort();
	const lines = ["user root", `listener ${port} 127.0.0.1`, "max_connections -1", "log_type none"];
	if (users === null) lines.push("allow_anonymous true");
	else {
		const passwords = join(folder, "passwords");
		writeFileSync(passwords, "");
		chmodSync(passwords, 0o600);
		for (const [user, password] of Object.entries(users)) {
			execFileSync("mosquitto_passwd", ["-b", passwords, user, password], { stdio: "ignore", env: { PATH } });
		}
		lines.push("allow_anonymous false", `password_file ${passwords}`, `acl_file ${ACL}`);
	}
	const config = join(folder, "mosquitto.conf");
	writeFileSync(config, `${lines.join("\n")}\n`);
	const child = spawn("mosquitto", ["-c", config], { stdio: "ignore", env: { PATH } });
	await listening(child, port);
	return {
		port,
		pid: child.pid ?? 0,
		async close() {
			const exited = once(child, "exit");
			if (child.exitCode === null) {
				child.kill();
				await exited;
			}
			rmSync(folder, { recursive: true });
		},
	};
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	server.close();
	await once(server, "close");
	return port;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
	for (;;) {
		if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
		const socket = connect(port, "127.0.0.1");
		const open = await new Promise<boolean>((resolve) => {
			socket.once("connect", () => resolve(true));
			socket.once("error", () => resolve(false));
		});
		socket.destroy();
		if (open) return;
	}
}
