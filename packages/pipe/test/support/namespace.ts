import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/*
 * Test code in a network namespace of its own, where links and addresses can be made. Node cannot enter a
 * namespace, so a child is started in it. It needs Linux, `unshare`, `ip`, and root or user namespaces.
 */

/** How long a child may take, in ms: several times what the slowest of them does on one busy core. */
const CHILD_TIMEOUT = 60_000;

/** Why there can be no namespace here; null if there can. `P2PD_LAB=required` makes the lack an error. */
export function namespaceLack(): string | null {
	const probe = spawnSync("unshare", [...ENTER, "ip", "link", "add", "pipe0", "type", "veth"], {
		encoding: "utf8",
	});
	if (probe.status === 0) return null;
	const lack = `no network namespaces with veth here: ${probe.error?.message ?? probe.stderr.trim()}`;
	if (process.env["P2PD_LAB"] === "required") throw new Error(lack);
	return lack;
}

const ENTER = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];

/** What one named step of a child came to; `error` is null where it passed. */
export interface ChildResult {
	readonly name: string;
	readonly error: string | null;
}

/**
 * Runs a module of `test/` in a new namespace. It writes one ChildResult a line as JSON.
 *
 * @throws if it fails as a whole
 */
export async function runInNamespace(module: URL): Promise<ChildResult[]> {
	const node = [process.execPath, "--conditions=@p2pd/source", "--import", "tsx", fileURLToPath(module)];
	const child = spawn("unshare", [...ENTER, ...node], {
		cwd: fileURLToPath(new URL("../..", import.meta.url)),
		stdio: ["ignore", "pipe", "pipe"],
		timeout: CHILD_TIMEOUT,
	});
	let complaints = "";
	child.stderr.on("data", (data: Buffer) => {
		complaints += data.toString();
	});
	const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
	const results: ChildResult[] = [];
	for await (const line of createInterface(child.stdout)) results.push(JSON.parse(line) as ChildResult);
	const code = await exited;
	if (code !== 0) throw new Error(`the child ended with ${code}: ${complaints}`);
	return results;
}
