import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildLab, describeLab, type Lab, type LabTopology } from "@p2pd/testnet/lab";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ResolveCase, ResolveResult } from "./scenarios/resolve.js";

/*
 * Real resolvers: the C library's through getaddrinfo, and dnsmasq asked by us.
 *
 *   client  (185.12.64.20, 2a01:4f9:2b::20) --+-- dns   9.9.9.9, 2620:fe::fe   dnsmasq, what /etc/resolv.conf names
 *   client6 (2a01:4f9:2b::21) ----------------+-- odd   194.9.10.11            dnsmasq with the odd answers
 *                                             +-- dead  195.8.20.21            takes queries and never answers
 */
const topology: LabTopology = {
	outside: [
		{ name: "dns", ips: ["9.9.9.9", "2620:fe::fe"], services: [{ kind: "dns", port: 53 }] },
		{ name: "odd", ips: ["194.9.10.11"] },
		{ name: "dead", ips: ["195.8.20.21"] },
	],
	gateways: [],
	hosts: [
		{
			name: "client",
			nics: [{ name: "eth0", addresses: ["185.12.64.20/24", "2a01:4f9:2b::20/64"], gateway: null }],
		},
		{ name: "client6", nics: [{ name: "eth0", addresses: ["2a01:4f9:2b::21/64"], gateway: null }] },
	],
	names: {
		"example.com": ["93.184.215.14", "2606:2800:21f:cb07::14"],
		"v4.example.com": ["93.184.215.14"],
		"v6.example.com": ["2606:2800:21f:cb07::14"],
		"half.example.com": ["93.184.215.14", "2606:2800:21f:cb07::14"],
		"ipv4only.arpa": ["192.0.0.170", "64:ff9b::192.0.0.170"],
	},
};

const ODD = "194.9.10.11";
const DEAD = "195.8.20.21";
const MANY = Array.from({ length: 60 }, (_, i) => `10.9.8.${i + 1}`);
const module = new URL("./scenarios/resolve.ts", import.meta.url);

/** Drops queries to port 53; with a length of the name in bytes, only AAAA queries for names of that length. */
function dropRule(nameBytes?: number): string {
	// UDP header, DNS header, name; then the type.
	const type = nameBytes === undefined ? "" : ` @th,${(8 + 12 + nameBytes) * 8},16 28`;
	return `table inet silence { chain in { type filter hook input priority 0; udp dport 53${type} drop; }; }`;
}

describeLab("names from real resolvers", () => {
	let lab: Lab;
	let directory: string;

	const resolve = async (
		cases: readonly ResolveCase[],
		host = "client",
		env: Record<string, string> = {},
	): Promise<readonly ResolveResult[]> =>
		lab.run<readonly ResolveResult[]>(host, module, cases, { env, timeout: 20_000 });
	const one = async (
		host: string,
		options: ResolveCase["options"] = {},
		where?: string,
	): Promise<ResolveResult> => {
		const [result] = await resolve([{ host, options }], where);
		if (!result) throw new Error("one case has one result");
		return result;
	};

	beforeAll(async () => {
		lab = await buildLab(topology);
		directory = await mkdtemp(join(tmpdir(), "p2pd-dns-"));
		const hosts = join(directory, "hosts");
		await writeFile(hosts, [...MANY.map((ip) => `${ip} many.example`), "10.0.0.1 half.example"].join("\n"));
		await lab.exec("dead", "nft", [dropRule()]);
		const dnsmasq = lab.spawn("odd", "dnsmasq", [
			...[
				"--no-daemon",
				"--conf-file=/dev/null",
				"--log-facility=-",
				"--no-resolv",
				"--no-hosts",
				"--no-poll",
			],
			...["--bind-interfaces", `--listen-address=${ODD}`, `--addn-hosts=${hosts}`, "--local=/none.example/"],
			...[`--server=/slow.example/${DEAD}`, `--server=/half.example/${DEAD}`],
		]);
		await new Promise<void>((ready, reject) => {
			dnsmasq.stderr.on("data", () => {
				if (/read .*hosts/.test(dnsmasq.output().stderr)) ready();
			});
			void dnsmasq.exited.then(({ stderr }) => reject(new Error(`dnsmasq ended: ${stderr}`)));
		});
	}, 60_000);

	afterAll(async () => {
		await lab?.close();
		if (directory) await rm(directory, { recursive: true });
	});

	it("asks the system resolver for both families, or for what there is", async () => {
		const [both, v4, v6, none, local] = await resolve(
			["example.com", "v4.example.com", "v6.example.com", "none.example.com", "localhost"].map((host) => ({
				host,
			})),
		);
		expect(both).toMatchObject({ way: "system", families: ["found", "found"], attempts: [] });
		expect(both?.ips).toEqual(["2606:2800:21f:cb07::14", "93.184.215.14"]);
		expect(v4).toMatchObject({ ips: ["93.184.215.14"], families: ["found", "failed"] });
		expect(v6).toMatchObject({ ips: ["2606:2800:21f:cb07::14"], families: ["failed", "found"] });
		expect(none?.error).toMatchObject({ code: "ERR_ADDRESS_NOT_FOUND" });
		// Not in this DNS: only the hosts file knows it.
		expect(local?.ips).toContain("127.0.0.1");
	});

	it("has IPv4 in spite of a firewall that drops AAAA", async () => {
		const encoded = "half.example.com".length + 2;
		await lab.exec("dns", "nft", [dropRule(encoded)]);
		const half = await one("half.example.com");
		await lab.exec("dns", "nft", ["delete table inet silence"]);
		expect(half).toMatchObject({ ips: ["93.184.215.14"], families: ["found", "late"] });
	});

	it("asks named servers over IPv4 and IPv6", async () => {
		for (const [server, text] of [
			["9.9.9.9", "9.9.9.9:53"],
			["[2620:fe::fe]:53", "[2620:fe::fe]:53"],
		] as const) {
			const { ips, way, attempts } = await one("example.com", { servers: [server] });
			expect([way, ips]).toEqual(["servers", ["2606:2800:21f:cb07::14", "93.184.215.14"]]);
			expect([...(attempts ?? [])].sort()).toEqual([`4 ${text} udp answer`, `6 ${text} udp answer`]);
		}
	});

	it("asks again over TCP for what dnsmasq cut", async () => {
		const { ips, attempts } = await one("many.example", { servers: [ODD] });
		expect(new Set(ips)).toEqual(new Set(MANY));
		expect(attempts).toContain(`4 ${ODD}:53 udp truncated`);
		expect(attempts).toContain(`4 ${ODD}:53 tcp answer`);
	});

	it("tells slow, failing, absent and half answers apart", async () => {
		const servers = [ODD];
		const [slow, refused, absent, half, second] = await resolve([
			{ host: "slow.example", options: { servers, timeout: 600 } },
			{ host: "refused.example", options: { servers } },
			{ host: "none.example", options: { servers } },
			{ host: "half.example", options: { servers } },
			{ host: "many.example", options: { servers: [DEAD, ODD] } },
		]);
		expect(slow?.error).toMatchObject({ code: "ERR_ADDRESS_TIMEOUT" });
		expect(refused?.error).toMatchObject({ code: "ERR_ADDRESS_DNS", detail: "REFUSED" });
		expect(absent?.error).toMatchObject({ code: "ERR_ADDRESS_NOT_FOUND" });
		expect(half).toMatchObject({ ips: ["10.0.0.1"], families: ["found", "late"] });
		expect(second?.ips).toHaveLength(MANY.length);
		expect(second?.attempts).toContain(`4 ${DEAD}:53 udp timeout`);
	});

	it("reaches IPv4 from a network with only IPv6", async () => {
		const literal = await one("93.184.215.14", { nat64: true }, "client6");
		expect(literal).toMatchObject({
			way: "literal",
			nat64: "synthesised",
			ips: ["64:ff9b::5db8:d70e", "93.184.215.14"],
		});
		const name = await one("v4.example.com", { nat64: true, servers: ["2620:fe::fe"] }, "client6");
		expect(name).toMatchObject({ nat64: "synthesised", ips: ["64:ff9b::5db8:d70e", "93.184.215.14"] });
		// Where IPv4 works it stays as it is.
		expect(await one("93.184.215.14", { nat64: true })).toMatchObject({
			nat64: "not-needed",
			ips: ["93.184.215.14"],
		});
	});

	it("really ends a lookup against a dead resolver, on abort and at the deadline", async () => {
		await lab.exec("dns", "nft", [dropRule()]);
		// getaddrinfo would hold on for 150 s; the laboratory ends the scenario after 20.
		const [aborted, timedOut] = await resolve(
			[
				{ host: "example.com", abort: true },
				{ host: "example.com", options: { timeout: 400 } },
			],
			"client",
			{ RES_OPTIONS: "timeout:30 attempts:5" },
		);
		expect(aborted?.error).toMatchObject({ code: null, message: "given up" });
		expect(timedOut?.error).toMatchObject({ code: "ERR_ADDRESS_TIMEOUT" });
	});
});
