import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { enumerateInterfaces, listInterfaceNames, type OsDeps, runCommand } from "../../src/os.js";
import { linuxServer } from "../fixtures/linux-server.js";
import { windowsWithoutPowerShell } from "../fixtures/windows.js";
import { entry, type Fixture, fixtureOs, procNetDev, sysfsNic } from "../support/fixture-os.js";

/** Every module that a file imports from this package, with itself; and every other name that they import. */
function importsOf(entryFile: URL): { files: string[]; others: string[] } {
	const files = new Set<string>();
	const others = new Set<string>();
	const visit = (file: URL): void => {
		if (files.has(file.href)) return;
		files.add(file.href);
		const text = readFileSync(file, "utf8");
		for (const [, name = ""] of text.matchAll(/^(?:import|export)\s(?:[^;]*?\sfrom\s)?"([^"]+)"/gm)) {
			if (name.startsWith(".")) visit(new URL(name.replace(/\.js$/, ".ts"), file));
			else others.add(name);
		}
	};
	visit(entryFile);
	return { files: [...files], others: [...others] };
}

it("/os loads no STUN and no sockets", () => {
	const { files, others } = importsOf(new URL("../../src/os.ts", import.meta.url));
	expect(files.length).toBeGreaterThan(12);
	expect(others.filter((name) => !name.startsWith("node:")).sort()).toEqual([
		"@p2pd/address",
		"@p2pd/net",
		"@p2pd/route/kernel",
	]);
	const whole = importsOf(new URL("../../src/index.ts", import.meta.url));
	expect(whole.others).toContain("@p2pd/route");
});

describe("commands", () => {
	const node = process.execPath;

	it("give what they print, and take words as words: there is no shell", async () => {
		const words = ["; echo no", "$(id)", "a b", '"', "`"];
		const script =
			"process.stdout.write(JSON.stringify(process.argv.slice(1)));process.stderr.write('aside')";
		const { stdout, stderr } = await runCommand(node, ["-e", script, "--", ...words], { timeout: 20_000 });
		expect(JSON.parse(stdout)).toEqual(words);
		expect(stderr).toBe("aside");
	});

	it("say how they failed", async () => {
		await expect(runCommand("p2pd-no-such-program", [], { timeout: 20_000 })).rejects.toMatchObject({
			code: "ERR_NETIF_COMMAND",
			command: "p2pd-no-such-program",
			reason: "ENOENT",
		});
		await expect(runCommand(node, ["-e", "process.exit(3)"], { timeout: 20_000 })).rejects.toMatchObject({
			reason: "exit 3",
		});
	});

	it("are ended at their deadline, and by the signal", async () => {
		const forever = ["-e", "setInterval(() => undefined, 1000)"];
		await expect(runCommand(node, forever, { timeout: 100 })).rejects.toMatchObject({
			reason: "no answer within 100 ms",
		});
		const stop = new AbortController();
		const running = runCommand(node, forever, { timeout: 20_000, signal: stop.signal });
		stop.abort(new Error("enough"));
		await expect(running).rejects.toThrow("enough");
	});

	it("run with untranslated words", async () => {
		const script = "process.stdout.write(process.env.LC_ALL)";
		expect((await runCommand(node, ["-e", script], { timeout: 20_000 })).stdout).toBe("C");
	});
});

describe("names", () => {
	it("are those of this machine, at once", () => {
		const names = listInterfaceNames();
		const listed = Object.keys(networkInterfaces()).filter((name) => !name.includes(":"));
		expect(names).toEqual(expect.arrayContaining(listed));
	});

	it("on Linux are also those of links that are down, and no labels", () => {
		expect(listInterfaceNames(fixtureOs(linuxServer))).toEqual([
			"lo",
			"eno1",
			"eno2",
			"eno1.100",
			"docker0",
			"veth7c4a",
		]);
	});

	it("come from /sys, without what is no NIC, where /proc/net is refused", () => {
		const files = { ...linuxServer.files, "/proc/net/dev": null, "/sys/class/net/bonding_masters": "" };
		expect(listInterfaceNames(fixtureOs({ ...linuxServer, files })).sort()).toEqual(
			["lo", "eno1", "eno2", "eno1.100", "docker0", "veth7c4a"].sort(),
		);
	});

	it("elsewhere are those that Node lists", () => {
		expect(listInterfaceNames(fixtureOs(windowsWithoutPowerShell))).toEqual([
			"Wi-Fi",
			"Loopback Pseudo-Interface 1",
		]);
	});
});

describe("a Linux that refuses a part", () => {
	const look = (change: Partial<Fixture>, deps: Partial<OsDeps> = {}) =>
		enumerateInterfaces({}, { ...fixtureOs({ ...linuxServer, ...change }), ...deps });
	const without = (...paths: string[]) => ({
		files: { ...linuxServer.files, ...Object.fromEntries(paths.map((path) => [path, null])) },
	});

	it("os.networkInterfaces(): IPv6 is still known, IPv4 is said not to be", async () => {
		const { nics, missing } = await look({ interfaces: "EACCES" });
		const eno1 = nics.find(({ name }) => name === "eno1");
		expect(eno1).toMatchObject({ addressesKnown: { 4: false, 6: true }, running: true });
		expect(eno1?.addresses.every(({ af }) => af === 6)).toBe(true);
		expect(missing[0]).toEqual({ nic: null, fact: "addresses", reason: "os.networkInterfaces(): EACCES" });
	});

	it("the route tables: the kernel's word is all there is, and the routes are said to be unknown", async () => {
		const { defaults, routesKnown, missing } = await look(without("/proc/net/route", "/proc/net/ipv6_route"));
		expect(defaults[4]).toMatchObject({ name: "eno1", from: "kernel", confirmed: false });
		expect(routesKnown).toEqual({ 4: false, 6: false });
		expect(missing.filter(({ fact }) => fact === "routes")).toHaveLength(2);
	});

	it("if_inet6 is refused: Node's list is used", async () => {
		const { nics } = await look(without("/proc/net/if_inet6"));
		expect(nics.find(({ name }) => name === "eno1")?.addresses.map(({ ip }) => ip)).toEqual([
			"203.113.0.7",
			"203.113.0.8",
			"2620:0:0:7::7",
			"fe80::1e:67ff:fefa:5d42%eno1",
		]);
	});

	it("/sys: names are read for the kind, and it is said", async () => {
		const { nics, missing } = await look(
			without(...Object.keys(linuxServer.files ?? {}).filter((path) => path.startsWith("/sys"))),
			{
				readDir: (path) => {
					throw Object.assign(new Error(`EACCES: ${path}`), { code: "EACCES" });
				},
			},
		);
		expect(nics.map(({ name, kind, kindFrom, up }) => `${name} ${kind} ${kindFrom} ${up}`).sort()).toEqual([
			"docker0 bridge name true",
			"eno1 ethernet name true",
			"eno1.100 ethernet name true",
			"eno2 ethernet name null",
			"lo loopback os true",
			"veth7c4a virtual name null",
		]);
		expect(missing[0]?.fact).toBe("kind, up, mtu, master");
	});

	it("/sys of another network namespace is not believed: other NICs, another index, another MAC", async () => {
		const foreign: readonly Record<string, string>[] = [
			sysfsNic("other0", { index: 2, mac: "02:00:00:00:00:09" }),
			sysfsNic("eth0", { index: 9, mac: "02:00:00:00:00:01" }),
			sysfsNic("eth0", { index: 2, mac: "02:00:00:00:00:09" }),
		];
		for (const sys of foreign) {
			const { nics, missing } = await look({
				files: {
					"/proc/net/dev": procNetDev("eth0"),
					"/proc/net/if_inet6": "2a020000000000000000000000000001 02 40 00 80     eth0",
					"/proc/net/route": "",
					"/proc/net/ipv6_route": "",
					...sys,
				},
				links: {},
				interfaces: { eth0: [entry("10.0.0.1/24", "02:00:00:00:00:01")] },
			});
			expect(nics).toHaveLength(1);
			expect(nics[0]).toMatchObject({
				index: 2,
				mac: "02:00:00:00:00:01",
				kindFrom: "name",
				up: true,
				mtu: null,
			});
			expect(missing.map(({ reason }) => reason).join()).toMatch(/namespace/);
		}
	});

	it("a NIC that vanishes while it is read is not there", async () => {
		let reads = 0;
		const { nics } = await look(
			{},
			{
				...fixtureOs({ ...linuxServer, interfaces: {} }),
				readFile(path) {
					if (path === "/proc/net/dev") return procNetDev("eno1", ...(reads++ === 0 ? ["gone0"] : []));
					return fixtureOs(linuxServer).readFile(path);
				},
			},
		);
		expect(nics.map(({ name }) => name)).toEqual(["eno1"]);
	});
});

it("an aborted signal ends an enumeration, also in a command", async () => {
	const signal = AbortSignal.abort(new Error("no"));
	await expect(enumerateInterfaces({ signal })).rejects.toThrow("no");
	for (const platform of ["darwin", "win32", "freebsd"]) {
		const stop = new AbortController();
		const late = enumerateInterfaces(
			{ signal: stop.signal },
			{
				...fixtureOs({ ...linuxServer, platform, interfaces: "refused" }),
				run: (_, __, { signal: its }) =>
					new Promise((_, reject) => {
						if (its?.aborted) reject(its.reason);
						its?.addEventListener("abort", () => reject(its.reason));
					}),
			},
		);
		stop.abort(new Error("late"));
		await expect(late).rejects.toThrow("late");
	}
});

it("a platform without a reader has what Node knows", async () => {
	const { nics, missing } = await enumerateInterfaces(
		{},
		fixtureOs({ ...windowsWithoutPowerShell, platform: "sunos" }),
	);
	expect(nics.map(({ name }) => name)).toContain("Wi-Fi");
	expect(missing[0]?.reason).toBe("no reader for the platform sunos");
});
