import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildLab, describeLab, HOME_IP4, homeRouter, type Lab, type LabProcess } from "@p2pd/testnet/lab";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { PortMapMethod } from "../../src/index.js";

const scenario = new URL("./scenarios/map-and-serve.ts", import.meta.url);
const CLIENT = "192.168.1.20";
const GATEWAY = "192.168.1.1";

/** Why a program of the tests is missing, or undefined. With P2PD_LAB=required its absence is an error. */
function missing(): string | undefined {
	for (const [program, args] of [
		["miniupnpd", ["--version"]],
		["upnpc", ["-h"]],
		["natpmpc", ["-h"]],
	] as const) {
		try {
			execFileSync(program, args, { stdio: "ignore" });
		} catch (error) {
			const { code } = error as { code?: string };
			if (code !== "ENOENT") continue;
			if (process.env["P2PD_LAB"] === "required") throw error;
			return `${program} is not installed`;
		}
	}
	return undefined;
}

/** The tables and chains that miniupnpd writes its rules into, and the way through the laboratory's own filter. */
const RULES = `table inet filter {
	chain miniupnpd { }
	chain prerouting_miniupnpd { }
	chain postrouting_miniupnpd { }
	chain before { type nat hook prerouting priority -110; policy accept; jump prerouting_miniupnpd; }
	chain after { type nat hook postrouting priority 90; policy accept; jump postrouting_miniupnpd; }
	chain through { type filter hook forward priority -10; policy accept; jump miniupnpd; }
}
`;

const config = (upnp: boolean, pcp: boolean): string => `ext_ifname=wan
listening_ip=lan
enable_upnp=${upnp ? "yes" : "no"}
enable_natpmp=${pcp ? "yes" : "no"}
secure_mode=yes
system_uptime=no
upnp_table_name=filter
upnp_nat_table_name=filter
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
uuid=00000000-0000-0000-0000-000000000001
allow 1024-65535 192.168.1.0/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
`;

const reason = missing();

describeLab(`Debian's miniupnpd${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
	let lab: Lab;
	let folder: string;
	let daemon: LabProcess | undefined;
	let node: LabProcess | undefined;
	beforeAll(async () => {
		if (reason !== undefined) return;
		lab = await buildLab(homeRouter());
		folder = mkdtempSync(join(tmpdir(), "p2pd-miniupnpd-"));
		writeFileSync(join(folder, "rules"), RULES);
		await must("router", "nft", ["-f", join(folder, "rules")]);
		await must("router", "nft", ["insert", "rule", "ip", "lab", "forward", "ct", "status", "dnat", "accept"]);
	}, 30_000);
	afterEach(async () => {
		if (reason !== undefined) return;
		await node?.stop();
		await daemon?.stop();
		node = undefined;
		daemon = undefined;
		// The daemon was killed, so it leaves its pid file, and its rules with the router.
		for (const file of ["pid", "stop"]) rmSync(join(folder, file), { force: true });
		for (const chain of ["miniupnpd", "prerouting_miniupnpd", "postrouting_miniupnpd"])
			await must("router", "nft", ["flush", "chain", "inet", "filter", chain]);
	});
	afterAll(async () => {
		await lab?.close();
		if (folder !== undefined) rmSync(folder, { recursive: true });
	});
	const test = (name: string, body: () => Promise<void>): void =>
		it.skipIf(reason !== undefined)(name, { timeout: 90_000 }, body);

	async function must(host: string, command: string, args: readonly string[]): Promise<string> {
		const { code, stdout, stderr } = await lab.exec(host, command, args);
		if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}${stdout}`);
		return stdout;
	}

	/** Waits until the output of a process has so many lines that match. */
	async function until(process: LabProcess, pattern: RegExp, count = 1): Promise<string[]> {
		for (let looks = 0; looks < 400; looks++) {
			const { stdout, stderr } = process.output();
			const found = `${stdout}\n${stderr}`.split("\n").filter((line) => pattern.test(line));
			if (found.length >= count) return found;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		const { stdout, stderr } = process.output();
		throw new Error(`${pattern} did not come:\n${stdout}\n${stderr}`);
	}

	async function startDaemon(upnp: boolean, pcp: boolean): Promise<void> {
		writeFileSync(join(folder, "miniupnpd.conf"), config(upnp, pcp));
		daemon = lab.spawn("router", "miniupnpd", [
			"-d",
			"-f",
			join(folder, "miniupnpd.conf"),
			"-P",
			join(folder, "pid"),
		]);
		await until(daemon, upnp ? /HTTP listening on port/ : /Listening for NAT-PMP|PCP/);
	}

	async function startNode(methods: readonly PortMapMethod[]): Promise<Record<string, unknown>[]> {
		node = await lab.serve(
			"client",
			scenario,
			{ port: 4000, methods, ip: CLIENT, gateway: GATEWAY, stop: join(folder, "stop") },
			[{ proto: "tcp", ip: CLIENT, port: 4000 }],
		);
		return (await until(node, /"ok":/, 2)).map((line) => JSON.parse(line) as Record<string, unknown>);
	}

	/** What a plain client outside gets back through the mapped port. */
	async function seenFromOutside(proto: "tcp" | "udp"): Promise<string> {
		const args = proto === "tcp" ? ["-w", "2", HOME_IP4, "4000"] : ["-u", "-w", "1", HOME_IP4, "4000"];
		const { stdout } = await lab.exec("echo", "sh", ["-c", `printf hello | nc ${args.join(" ")}`]);
		return stdout;
	}

	for (const [methods, upnp, pcp] of [
		[["pcp"], false, true],
		[["nat-pmp"], false, true],
		[["upnp"], true, false],
		[["pcp", "nat-pmp", "upnp"], true, true],
	] as const) {
		test(`${methods.join(" and ")}: mapped, reached from outside, deleted`, async () => {
			await startDaemon(upnp, pcp);
			const lines = await startNode(methods);
			for (const line of lines) {
				expect(line).toMatchObject({ ok: true, external: { ip: HOME_IP4, port: 4000 }, reach: "public" });
				expect(methods).toContain(line["method"]);
			}
			expect(await seenFromOutside("tcp")).toBe("hello");
			expect(await seenFromOutside("udp")).toBe("hello");
			if (upnp) {
				const list = (await lab.exec("client", "upnpc", ["-l"])).stdout;
				expect(list).toMatch(/TCP\s+4000->192\.168\.1\.20:4000/);
				expect(list).toMatch(/UDP\s+4000->192\.168\.1\.20:4000/);
			}
			writeFileSync(join(folder, "stop"), "");
			if (node !== undefined) await until(node, /"closed":true/, 2);
			if (upnp)
				expect((await lab.exec("client", "upnpc", ["-l"])).stdout).not.toContain("->192.168.1.20:4000");
			expect(await seenFromOutside("tcp")).toBe("");
		});
	}

	test("the daemon restarts: the mapping is back", async () => {
		await startDaemon(false, true);
		await startNode(["pcp"]);
		// A restart shows by the epoch, which must be well above what it is after one.
		for (let epoch = 0, looks = 0; epoch < 8 && looks < 200; looks++) {
			const { stdout } = await lab.exec("client", "natpmpc", ["-g", GATEWAY]);
			epoch = Number(/epoch = (\d+)/.exec(stdout)?.[1] ?? 0);
			if (epoch < 8) await new Promise((resolve) => setTimeout(resolve, 100));
		}
		await daemon?.stop();
		rmSync(join(folder, "pid"), { force: true });
		await must("router", "nft", ["flush", "chain", "inet", "filter", "prerouting_miniupnpd"]);
		await startDaemon(false, true);
		if (node !== undefined) await until(node, /"renewed"/, 2);
		expect(await seenFromOutside("tcp")).toBe("hello");
	});

	test("a router without any of it: no answer, and every protocol says so", async () => {
		const lines = await startNode(["pcp", "nat-pmp", "upnp"]);
		for (const line of lines) {
			expect(line["ok"]).toBe(false);
			const attempts = line["attempts"] as { outcome: string }[];
			expect(attempts.every(({ outcome }) => outcome === "no-answer" || outcome === "failed")).toBe(true);
		}
	});
});
