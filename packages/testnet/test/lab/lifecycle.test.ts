import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { removeLeftovers } from "../../src/lab/host/holder.js";
import {
	buildLab,
	describeLab,
	homeRouter,
	LAB_PRESETS,
	type Lab,
	labAvailability,
} from "../../src/lab/index.js";
import { scenario } from "./nat-lab.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const NODE = [process.execPath, "--conditions=@p2pd/source", "--import", "tsx"];

interface Told {
	readonly uid: number;
	readonly pid: number;
	readonly sleeper: number;
	readonly mapping: string;
}

/** Starts the program that builds a laboratory, and waits for what it tells. */
async function buildElsewhere(
	before: readonly string[],
	...args: string[]
): Promise<{ child: ChildProcess; told: Told }> {
	const [command = "", ...rest] = [...before, ...NODE, fileURLToPath(scenario("build-and-tell")), ...args];
	const child = spawn(command, rest, {
		cwd: ROOT,
		stdio: ["ignore", "pipe", "pipe"],
		env: { ...process.env, HOME: tmpdir() },
	});
	const errors: string[] = [];
	child.stderr?.on("data", (chunk) => errors.push(String(chunk)));
	if (child.stdout === null) throw new TypeError("stdout is a pipe");
	const lines = createInterface({ input: child.stdout });
	const line = await Promise.race([
		once(lines, "line").then(([text]) => String(text)),
		once(child, "exit").then(() => null),
	]);
	if (line === null) throw new Error(errors.join(""));
	return { child, told: JSON.parse(line) };
}

/** Whether a process runs; one that is dead and waits for its parent to notice does not. */
function isThere(pid: number): boolean {
	const status = `/proc/${pid}/status`;
	return existsSync(status) && !/^State:\s+Z/m.test(readFileSync(status, "utf8"));
}

/** Waits for a process to be gone; the kernel takes its time to end a PID namespace. */
async function untilGone(pid: number): Promise<void> {
	for (let turns = 0; isThere(pid); turns++) {
		if (turns > 2000) throw new Error(`${pid} is still there`);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}

const namesHere = (): string[] => Object.keys(networkInterfaces()).sort();
const directories = (owner: number): string[] =>
	readdirSync(tmpdir()).filter((name) => name.startsWith(`p2pd-lab-${owner}-`));

async function linkKinds(lab: Lab, host: string): Promise<string[]> {
	const { stdout } = await lab.exec(host, "ip", ["-details", "-json", "link"]);
	const links = JSON.parse(stdout) as {
		ifname: string;
		link_netnsid?: number;
		linkinfo?: { info_kind: string };
	}[];
	return links.map(({ ifname, link_netnsid, linkinfo }) =>
		ifname === "lo"
			? "loopback"
			: linkinfo?.info_kind === "veth"
				? `veth to namespace ${link_netnsid !== undefined}`
				: `${linkinfo?.info_kind}`,
	);
}

describeLab("a laboratory is closed", () => {
	it.each(["multiHomed", "ipv6Firewall"] as const)(
		"%s: no route and no link leads out of it",
		async (preset) => {
			const outsideBefore = namesHere();
			const lab = await buildLab(LAB_PRESETS[preset]());
			try {
				expect(namesHere()).toEqual(outsideBefore);
				for (const family of ["-4", "-6"]) {
					const { stdout } = await lab.exec("internet", "ip", [family, "route", "show", "default"]);
					expect(stdout).toBe("");
				}
				const { topology } = lab;
				const hosts = [
					"internet",
					...[...topology.outside, ...topology.gateways, ...topology.hosts].map(({ name }) => name),
				];
				for (const host of hosts) {
					const kinds = new Set(await linkKinds(lab, host));
					expect([...kinds].sort()).toEqual(["loopback", "veth to namespace true"]);
				}
				const { code } = await lab.exec("client", "ping", ["-c1", "-W1", "1.1.1.1"]);
				expect(code).not.toBe(0);
				const { stdout } = await lab.exec("client", "dig", [
					"+tries=1",
					"+time=2",
					"not-in-the-lab.example.net",
				]);
				expect(stdout).toMatch(/status: (?:NXDOMAIN|REFUSED)/);
			} finally {
				await lab.close();
			}
		},
	);

	it("gives each host its own view of NICs and names", async () => {
		const lab = await buildLab(homeRouter());
		try {
			const { stdout } = await lab.exec("client", "sh", [
				"-c",
				"ls /sys/class/net; cat /etc/resolv.conf; getent hosts example.com",
			]);
			const [eth0, lo, ...rest] = stdout.split("\n");
			expect([eth0, lo]).toEqual([...lab.nics("client"), "lo"]);
			expect(rest.join("\n")).toContain(`nameserver ${lab.service("dns").ip}\n`);
			expect(rest.join("\n")).toMatch(/2606:2800:21f:cb07::14\s+example.com|93.184.215.14\s+example.com/);
		} finally {
			await lab.close();
		}
	});
});

describeLab("a laboratory ends", () => {
	it("with close, which takes all of its processes, and may be called twice", async () => {
		const lab = await buildLab(homeRouter());
		const sleeper = lab.spawn("client", "sh", ["-c", "sleep 1000 & sleep 1000"]);
		await lab.close();
		await lab.close();
		expect(await sleeper.exited).toMatchObject({ code: null, signal: "SIGKILL" });
		expect(isThere(sleeper.pid)).toBe(false);
		expect(directories(process.pid)).toEqual([]);
	});

	it.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)(
		"with the process that built it (%s), and the next start clears what is left",
		async (signal) => {
			const { child, told } = await buildElsewhere([]);
			expect(isThere(told.sleeper)).toBe(true);
			const exited = once(child, "exit");
			child.kill(signal);
			await exited;
			await untilGone(told.sleeper);
			expect(directories(told.pid)).toHaveLength(1);
			const lab = await buildLab(homeRouter());
			await lab.close();
			expect(directories(told.pid)).toEqual([]);
		},
	);

	it("when a server of it cannot start, with what that server said", async () => {
		const home = homeRouter();
		const names = { [`${"a".repeat(70)}.example.com`]: ["93.184.215.14"] };
		await expect(buildLab({ ...home, names })).rejects.toMatchObject({
			code: "ERR_LAB_SETUP",
			message: expect.stringMatching(/dnsmasq on dns ended.*Bad name in host-record/s),
		});
		expect(directories(process.pid)).toEqual([]);
	});

	it("when the kernel refuses something, with what the tool said", async () => {
		const home = homeRouter();
		const [client] = home.hosts;
		if (client === undefined) throw new TypeError("the preset has a client");
		const nics = client.nics.map((nic) => ({ ...nic, metric: 1e12 }));
		await expect(buildLab({ ...home, hosts: [{ ...client, nics }] })).rejects.toMatchObject({
			code: "ERR_LAB_SETUP",
			output: expect.stringMatching(/metric.*1000000000000|1000000000000.*metric/),
		});
		expect(directories(process.pid)).toEqual([]);
	});
});

describeLab("laboratories side by side", () => {
	it("do not see each other, with the same names and addresses", async () => {
		const labs = await Promise.all([1, 2, 3].map(() => buildLab(homeRouter())));
		try {
			const outputs = await Promise.all(
				labs.map(async (lab, i) => {
					await lab.exec("client", "ip", ["addr", "add", `10.9.8.${i}/32`, "dev", "eth0"]);
					return lab.exec("client", "ip", ["-o", "-4", "addr", "show", "dev", "eth0", "to", "10.9.8.0/24"]);
				}),
			);
			const seen = outputs.map(({ stdout }) => stdout.match(/10\.9\.8\.\d/g));
			expect(seen).toEqual([["10.9.8.0"], ["10.9.8.1"], ["10.9.8.2"]]);
		} finally {
			await Promise.all(labs.map((lab) => lab.close()));
		}
	});

	it("can be an ordinary user's", async () => {
		const availability = labAvailability();
		const before =
			availability.ok && availability.privileges === "root"
				? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
				: [];
		const { child, told } = await buildElsewhere(before, "close");
		const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
		expect(told).toMatchObject({ mapping: "NAT with Endpoint Independent Mapping!" });
		expect(told.uid).not.toBe(0);
		expect(code).toBe(0);
		expect(directories(told.pid)).toEqual([]);
	});
});

describe("leftovers", () => {
	it("go if their owner is dead, and stay if it lives or they are not ours", async () => {
		const directory = mkdtempSync(join(tmpdir(), "p2pd-leftovers-"));
		try {
			const [dead, alive, foreign] = [
				"p2pd-lab-4194305-aaaaaa",
				`p2pd-lab-${process.pid}-bbbbbb`,
				"p2pd-laboratory",
			];
			for (const name of [dead, alive, foreign]) mkdirSync(join(directory, name as string));
			expect(await removeLeftovers(directory)).toEqual([dead]);
			expect(readdirSync(directory).sort()).toEqual([alive, foreign].sort());
		} finally {
			rmSync(directory, { recursive: true });
		}
	});
});
