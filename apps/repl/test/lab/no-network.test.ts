import { fileURLToPath } from "node:url";
import { buildLab, describeLab, homeRouter, type Lab } from "@p2pd/testnet/lab";
import { afterAll, beforeAll, expect, it } from "vitest";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

type Row = readonly [args: string, code: number, says: RegExp];

/** In a namespace of its own with a loopback that is down and nothing else. */
const TABLE: readonly Row[] = [
	["list", 0, /^lo +loopback/m],
	["show", 1, /^error: this host has no IPv4 or IPv6 default route/m],
	["routes", 1, /^error: this host has no IPv4 or IPv6 default route/m],
	["nat", 1, /^error: this host has no IPv4 or IPv6 default route/m],
	["stun 194.9.10.11", 1, /^error: 194\.9\.10\.11 gave no answer/m],
	["resolve stun.example.com --timeout 3000", 1, /^error: .*stun\.example\.com/m],
	["pipe tcp 194.9.10.11:80", 1, /^error: .*ENETUNREACH/m],
	["doctor", 1, /^fault +link +this machine has no NIC but the loopback/m],
];

describeLab("every command without any network: one readable answer, in time", () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await buildLab(homeRouter());
	});
	afterAll(() => lab.close());

	for (const [args, code, says] of TABLE) {
		it(args, { timeout: 30_000 }, async () => {
			const command = [process.execPath, "--conditions=@p2pd/source", "--import", "tsx", cli];
			const given = ["--net", ...command, ...args.split(" ")];
			const ended = await lab.exec("client", "unshare", given, {
				env: { P2PD_STUN_SERVERS: "194.9.10.11,stun.example.com", NO_COLOR: "1" },
				timeout: 25_000,
			});
			expect(`${ended.stdout}${ended.stderr}`).toMatch(says);
			expect(ended.stderr).not.toMatch(/^ +at /m);
			expect(ended.code).toBe(code);
		});
	}
});
