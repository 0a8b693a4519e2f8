import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { stampList } from "../../scripts/stamp-list.js";
import { startStunServer } from "../../src/server.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const list = readFileSync(new URL("../../src/servers/list.ts", import.meta.url), "utf8");

describe("the maintainer's command", () => {
	it("checks the servers that it is given", async () => {
		await using server = await startStunServer({
			primary: { ip: "127.0.0.1", port: 0 },
			alternate: { ip: "127.0.0.2", port: 0 },
		});
		const { stdout } = await promisify(execFile)(
			process.execPath,
			["--conditions=@p2pd/source", "--import", "tsx", "scripts/verify-servers.ts"],
			{ cwd: root, env: { ...process.env, P2PD_STUN_SERVERS: `127.0.0.1:${server.primary.port}` } },
		);
		expect(stdout).toMatch(
			/^127\.0\.0\.1 \(127\.0\.0\.1:\d+, p2pd\): sees 127\.0\.0\.1:\d+; rfc5780, rfc3489$/m,
		);
	}, 30_000);

	it("notes what it found in the list, and takes back what no longer holds", () => {
		const stamped = stampList(list, [
			{ host: "stun.cloudflare.com", features: [], families: [4, 6], verifiedAt: "2030-01-02" },
			{
				host: "stun.nextcloud.com",
				features: ["rfc5780", "rfc3489"],
				families: [4],
				verifiedAt: "2030-01-02",
			},
			{ host: "stun.voipgate.com", features: [], families: [4, 6], verifiedAt: null },
		]);
		const entry = (host: string): string =>
			new RegExp(`\\{[^{}]*"${host}"[^{}]*\\}`).exec(stamped)?.[0].replace(/\s+/g, " ") ?? "";
		expect(entry("stun.cloudflare.com")).toContain('operator: "cloudflare", verifiedAt: "2030-01-02"');
		expect(entry("stun.nextcloud.com")).toContain(
			'families: [4], features: ["rfc5780", "rfc3489"], verifiedAt: "2030-01-02"',
		);
		expect(entry("stun.voipgate.com")).not.toContain("features");
		expect(() =>
			stampList(list, [{ host: "nobody", features: [], families: [4, 6], verifiedAt: null }]),
		).toThrow("no entry for nobody");
	});
});
