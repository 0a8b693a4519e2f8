/*
 * What the scripts share: where the workspace is, how to run a command in it, and how to bring what is missing.
 * Node and npm are all that a machine must have; pnpm comes through npx at the version that package.json pins.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "node_modules", ".p2pd-installed");

const quietEnvironment = {
	TURBO_TELEMETRY_DISABLED: "1",
	DO_NOT_TRACK: "1",
	npm_config_update_notifier: "false",
	npm_config_loglevel: "error",
};

/**
 * Runs a command in the workspace and resolves to its exit code and, with `capture`, its output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ capture?: boolean, env?: Record<string, string>, cwd?: string }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, { capture = false, env = {}, cwd = root } = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {
			cwd,
			stdio: capture ? ["ignore", "pipe", "pipe"] : "inherit",
			env: { ...process.env, ...quietEnvironment, ...env },
		});
		let output = "";
		child.stdout?.on("data", (chunk) => {
			output += chunk;
		});
		child.stderr?.on("data", (chunk) => {
			output += chunk;
		});
		child.on("error", reject);
		child.on("close", (code) => resolve({ code: code ?? 1, output }));
	});
}

/** The program of a package in node_modules/.bin. */
export const bin = (name) => join(root, "node_modules", ".bin", name);

/** Runs pnpm; from npm's cache alone once the workspace is installed, so that later runs need no network. */
export function pnpm(args, options = {}) {
	const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	const offline = existsSync(stamp) ? ["--offline"] : [];
	return run("npx", [...offline, "--yes", packageManager, ...args], options);
}

/** A digest of everything that decides what is installed. */
function wanted() {
	const manifests = ["packages", "apps"].flatMap((top) =>
		readdirSync(join(root, top)).map((name) => join(root, top, name, "package.json")),
	);
	const hash = createHash("sha256");
	for (const file of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml"]
		.map((name) => join(root, name))
		.concat(manifests)) {
		if (existsSync(file)) hash.update(readFileSync(file));
	}
	return hash.digest("hex");
}

/** Installs the workspace's packages where they are missing or changed. Quick, and without network, where not. */
export async function ensureInstalled() {
	const digest = wanted();
	if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
	console.error("p2pd: installing the workspace's packages (once; 10 to 40 s with a network)");
	const { code, output } = await pnpm(["install", "--frozen-lockfile", "--prefer-offline"], {
		capture: true,
	});
	if (code !== 0) {
		console.error(output);
		console.error("p2pd: pnpm could not install the workspace; the lines above say why");
		process.exit(code);
	}
	writeFileSync(stamp, digest);
}

/** Builds every package (turbo takes from its cache what has not changed). Says so where it takes more than a second. */
export async function build() {
	const notice = setTimeout(
		() => console.error("p2pd: building the packages (half a minute the first time)"),
		1000,
	);
	const { code, output } = await pnpm(["exec", "turbo", "run", "build", "--output-logs=errors-only"], {
		capture: true,
	});
	clearTimeout(notice);
	if (code !== 0) {
		console.error(output);
		console.error("p2pd: the build failed");
		process.exit(code);
	}
}
