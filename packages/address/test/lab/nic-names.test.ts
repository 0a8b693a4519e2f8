import { buildLab, describeLab, type Lab, type LabTopology, PORT_RESTRICTED } from "@p2pd/testnet/lab";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NicNamesCase, NicNamesResult } from "./scenarios/nic-names.js";

/*
 * Which way names leave a real host with two NICs: queries are counted where they cross the gateways.
 *
 *   client  lan0 (192.168.1.20, default) -- gateway one --+-- dns   9.9.9.9      dnsmasq, what /etc/resolv.conf names
 *           lan1 (192.168.2.20)          -- gateway two --+-- other 194.9.10.11  dnsmasq with another answer
 *                                                         +-- dead  195.8.20.21  never answers
 */
const behind = (name: string, net: number, outside: string) => ({
	name,
	outside: [outside],
	inside: [`192.168.${net}.1/24`],
	ipv4: PORT_RESTRICTED,
});
const topology: LabTopology = {
	outside: [
		{ name: "dns", ips: ["9.9.9.9"], services: [{ kind: "dns", port: 53 }] },
		{ name: "other", ips: ["194.9.10.11"] },
		{ name: "dead", ips: ["195.8.20.21"] },
	],
	gateways: [behind("one", 1, "82.1.1.1"), behind("two", 2, "83.1.1.1")],
	hosts: [
		{
			name: "client",
			nics: [
				{ name: "lan0", addresses: ["192.168.1.20/24"], gateway: "one" },
				{ name: "lan1", addresses: ["192.168.2.20/24"], gateway: "two" },
			],
		},
	],
	names: { "example.com": ["93.184.215.14"] },
};
const module = new URL("./scenarios/nic-names.ts", import.meta.url);
const COUNT =
	"table inet count { chain f { type filter hook forward priority -50; udp dport 53 counter; }; }";

describeLab("names on a host with two NICs", () => {
	let lab: Lab;

	const resolve = (...cases: readonly NicNamesCase[]): Promise<readonly NicNamesResult[]> =>
		lab.run<readonly NicNamesResult[]>("client", module, cases, { timeout: 20_000 });

	/** How many DNS queries have crossed each gateway since the last call. */
	const queries = async (): Promise<readonly number[]> => {
		const counts: number[] = [];
		for (const gateway of ["one", "two"]) {
			const { stdout } = await lab.exec(gateway, "nft", ["list table inet count"]);
			counts.push(Number(/counter packets (\d+)/.exec(stdout)?.[1] ?? Number.NaN));
			await lab.exec(gateway, "nft", ["delete table inet count"]);
			await lab.exec(gateway, "nft", [COUNT]);
		}
		return counts;
	};

	beforeAll(async () => {
		lab = await buildLab(topology);
		for (const gateway of ["one", "two"]) await lab.exec(gateway, "nft", [COUNT]);
		await lab.exec("dead", "nft", [
			"table inet silence { chain in { type filter hook input priority 0; drop; }; }",
		]);
		// What is bound to lan1's address leaves by lan1, as a device-bound socket does.
		await lab.exec("client", "ip", ["rule", "add", "from", "192.168.2.20", "table", "100"]);
		await lab.exec("client", "ip", [
			"route",
			"add",
			"default",
			"via",
			"192.168.2.1",
			"dev",
			"lan1",
			"table",
			"100",
		]);
		const dnsmasq = lab.spawn("other", "dnsmasq", [
			...[
				"--no-daemon",
				"--conf-file=/dev/null",
				"--log-facility=-",
				"--no-resolv",
				"--no-hosts",
				"--no-poll",
			],
			...[
				"--bind-interfaces",
				"--listen-address=194.9.10.11",
				"--local=/#/",
				"--host-record=example.com,8.8.4.4",
			],
		]);
		await new Promise<void>((ready, reject) => {
			dnsmasq.stderr.on("data", () => {
				if (/started, version/.test(dnsmasq.output().stderr)) ready();
			});
			void dnsmasq.exited.then(({ stderr }) => reject(new Error(`dnsmasq ended: ${stderr}`)));
		});
	}, 60_000);

	afterAll(async () => {
		await lab?.close();
	});

	it("the default NIC's names go to the system's resolver, by that NIC", async () => {
		expect(await resolve({ host: "example.com", nic: "lan0", isDefault: true })).toMatchObject([
			{ ips: ["93.184.215.14"], way: "system" },
		]);
		const [one, two] = await queries();
		expect(one).toBeGreaterThan(0);
		expect(two).toBe(0);
	});

	it("another NIC's names leave by that NIC alone, to the system's servers or its own", async () => {
		expect(
			await resolve(
				{ host: "example.com", nic: "lan1", isDefault: false },
				{ host: "example.com", nic: "lan1", isDefault: false, servers: ["194.9.10.11"] },
				{ host: "localhost", nic: "lan1", isDefault: false },
			),
		).toMatchObject([
			{ ips: ["93.184.215.14"], way: "nic" },
			{ ips: ["8.8.4.4"], way: "nic" },
			{ ips: ["127.0.0.1", "::1"], way: "localhost" },
		]);
		// A and AAAA of two names.
		expect(await queries()).toEqual([0, 4]);
	});

	it("without a server, or with dead ones, they fail in time and nothing leaves by the default NIC", async () => {
		expect(
			await resolve(
				{ host: "example.com", nic: "lan1", isDefault: false, servers: [] },
				{ host: "example.com", nic: "lan1", isDefault: false, servers: ["195.8.20.21"], timeout: 700 },
			),
		).toEqual([
			{ ips: [], way: null, code: "ERR_ADDRESS_NO_DNS", onTime: true },
			{ ips: [], way: null, code: "ERR_ADDRESS_TIMEOUT", onTime: true },
		]);
		expect((await queries())[0]).toBe(0);
	});
});
