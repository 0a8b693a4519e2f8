import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { HelperProcess } from "../../src/dns/helper-process.js";
import { systemLookup } from "../../src/dns/system.js";
import { AddressDnsError, AddressNotFoundError } from "../../src/index.js";

/* Only IPv4 names of the hosts file, addresses, and names that getaddrinfo refuses: nothing is sent anywhere. */

const never = (): AbortSignal => new AbortController().signal;

/** A process, and when it has ended. */
function started(): { helper: HelperProcess; ended: Promise<void> } {
	let onEnd: () => void = () => undefined;
	const ended = new Promise<void>((resolve) => {
		onEnd = resolve;
	});
	return { helper: new HelperProcess("localhost", onEnd), ended };
}

describe("a HelperProcess", { timeout: 60_000 }, () => {
	it("looks up many names at once, and is idle then", async () => {
		const { helper, ended } = started();
		const found = await Promise.all(Array.from({ length: 40 }, () => helper.lookup("localhost", 4, never())));
		expect(found).toEqual(Array.from({ length: 40 }, () => ["127.0.0.1"]));
		expect([helper.idle, helper.usable]).toEqual([true, true]);
		helper.kill();
		await ended;
		expect(helper.usable).toBe(false);
	});

	it("cannot be made to run a name as a command or as another question", async () => {
		const { helper, ended } = started();
		// With an empty label getaddrinfo asks nobody for them.
		const nasty = [
			'127.0.0.1"],["x..y',
			'127.0.0.1\n[9,"127.0.0.1",4]..x',
			"$(id)..x",
			"-e process.exit()..x",
		];
		const results = await Promise.allSettled(nasty.map((name) => helper.lookup(name, 4, never())));
		expect(results.map(({ status }) => status)).toEqual(nasty.map(() => "rejected"));
		await expect(helper.lookup("127.0.0.1", 4, never())).resolves.toEqual(["127.0.0.1"]);
		helper.kill();
		await ended;
	});

	it("takes no more names after one was given up, and ends when the others have their answers", async () => {
		const { helper, ended } = started();
		const controller = new AbortController();
		const reason = new Error("enough");
		const given = helper.lookup("localhost", 4, controller.signal);
		const kept = helper.lookup("localhost", 4, never());
		controller.abort(reason);
		expect(helper.usable).toBe(false);
		await expect(given).rejects.toBe(reason);
		await expect(kept).resolves.toEqual(["127.0.0.1"]);
		await ended;
	});

	it("rejects those who wait when it is ended", async () => {
		const { helper, ended } = started();
		const waiting = helper.lookup("localhost", 4, never());
		helper.kill();
		await expect(waiting).rejects.toThrow(AddressDnsError);
		await ended;
		await expect(helper.lookup("localhost", 4, AbortSignal.abort(new Error("before")))).rejects.toThrow(
			"before",
		);
	});

	it("is not started from within itself, nor by what cannot start one", async () => {
		vi.stubEnv("P2PD_ADDRESS_LOOKUP_PROCESS", "1");
		expect(() => started()).toThrow(AddressDnsError);
		vi.unstubAllEnvs();
		const { execPath } = process;
		process.execPath = "/nonexistent/node";
		const { helper, ended } = started();
		process.execPath = execPath;
		await expect(helper.lookup("localhost", 4, never())).rejects.toMatchObject({
			code: "ERR_ADDRESS_DNS",
			detail: "the lookup process did not start",
		});
		await ended;
	});
});

/** A program that has no descriptor left when it looks a name up, and some again for the next. */
const exhausted = `
import { closeSync, openSync } from "node:fs";
import { systemLookup } from ${JSON.stringify(new URL("../../src/dns/system.ts", import.meta.url).href)};
const look = (name) => systemLookup(name, 4, new AbortController().signal).then(String, ({ code, detail }) => code + ": " + detail);
process.on("uncaughtException", (error) => process.stdout.write("crashed: " + error.message));
const held = [];
try {
	for (;;) held.push(openSync("/dev/null"));
} catch {}
const without = await look("localhost");
for (const fd of held.splice(0)) closeSync(fd);
process.stdout.write(JSON.stringify([without, await look("localhost")]));
`;

describe.skipIf(process.platform === "win32")("a program out of descriptors", () => {
	it("gets a typed error for a name, goes on, and looks names up again later", {
		timeout: 60_000,
	}, async () => {
		const node = [
			process.execPath,
			"--conditions=@p2pd/source",
			"--import",
			"tsx",
			"--input-type=module",
			"-e",
		];
		const { stdout } = await promisify(execFile)("sh", [
			"-c",
			'ulimit -n 64; exec "$@"',
			"sh",
			...node,
			exhausted,
		]);
		expect(JSON.parse(stdout)).toEqual([
			"ERR_ADDRESS_DNS: the lookup process did not start: out of descriptors",
			"127.0.0.1",
		]);
	});
});

describe("systemLookup", { timeout: 60_000 }, () => {
	it("gives what the hosts file has, and a typed error for a name that cannot be", async () => {
		await expect(systemLookup("localhost", 0, never())).resolves.toContain("127.0.0.1");
		// An empty label is refused by getaddrinfo before it asks anybody.
		await expect(systemLookup("a..b", 4, never())).rejects.toThrow(AddressNotFoundError);
	});

	it("goes on with a new process after an abort", async () => {
		const controller = new AbortController();
		const given = systemLookup("localhost", 4, controller.signal);
		controller.abort(new Error("enough"));
		await expect(given).rejects.toThrow("enough");
		await expect(systemLookup("localhost", 4, never())).resolves.toEqual(["127.0.0.1"]);
	});
});
