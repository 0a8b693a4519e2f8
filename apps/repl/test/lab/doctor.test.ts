import { fileURLToPath } from "node:url";
import { buildLab, describeLab, LAB_PRESETS } from "@p2pd/testnet/lab";
import { expect, it } from "vitest";
import { checked } from "../support/schema.js";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
const fromSource = ["--conditions=@p2pd/source", "--import", "tsx", cli];

type Row = readonly [
	preset: keyof typeof LAB_PRESETS,
	args: readonly string[],
	code: number,
	statuses: Readonly<Record<string, string>>,
];

const WORKS = { link: "ok", "address.4": "ok", "default-route.4": "ok", "dns.system.4": "ok" };
const TABLE: readonly Row[] = [
	[
		"homeRouter",
		[],
		0,
		{
			...WORKS,
			"dns.direct.4": "ok",
			"stun.udp.4": "ok",
			"external.4": "ok",
			"nat.4": "ok",
			"double-nat": "unknown",
		},
	],
	["symmetricRouter", [], 0, { ...WORKS, "external.4": "ok", "nat.4": "warning" }],
	[
		"udpBlocked",
		[],
		1,
		{ ...WORKS, "stun.udp.4": "fault", "stun.tcp.4": "ok", "external.4": "fault", "nat.4": "fault" },
	],
	["multiHomed", ["--nic", "lan1"], 0, { ...WORKS, "external.4": "ok", "nat.4": "ok" }],
	["multiHomedNoGateway", ["--nic", "lan1"], 1, { "address.4": "ok", "default-route.4": "fault" }],
	["multiHomedStrict", ["--nic", "lan1"], 1, { "default-route.4": "fault", "stun.udp.4": "fault" }],
	[
		"ipv6Only",
		[],
		0,
		{
			"address.4": "warning",
			"address.6": "ok",
			"dns.system.6": "ok",
			"stun.udp.6": "ok",
			nat64: "not-checked",
		},
	],
	["ipv6Only", ["--nat64"], 0, { nat64: "warning" }],
	["doubleNat", [], 0, { ...WORKS, "external.4": "ok", "double-nat": "unknown" }],
	["doubleNat", ["--router-wan", "100.64.0.20"], 0, { "double-nat": "warning" }],
];

describeLab("what the doctor says of real networks", () => {
	for (const [preset, args, code, statuses] of TABLE) {
		it(`${preset} ${args.join(" ")}`, { timeout: 60_000 }, async () => {
			const lab = await buildLab(LAB_PRESETS[preset]());
			try {
				const env = { P2PD_STUN_SERVERS: "stun.example.com,classic.example.com", NO_COLOR: "1" };
				const given = [...fromSource, "doctor", "--json", ...args];
				const ended = await lab.exec("client", process.execPath, given, { env, timeout: 50_000 });
				const findings = checked("doctor", ended.stdout)["findings"] as { id: string; status: string }[];
				const found = Object.fromEntries(findings.map(({ id, status }) => [id, status]));
				expect(found).toMatchObject(statuses);
				expect(ended.code).toBe(code);
			} finally {
				await lab.close();
			}
		});
	}
});
