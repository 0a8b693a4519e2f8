import {
	buildLab,
	describeLab,
	ipv6Block,
	type LabTopology,
	prefixTranslation,
	publicBlock,
	TRANSLATED_IP6,
} from "@p2pd/testnet/lab";
import { expect, it, vi } from "vitest";
import type { run } from "./scenarios/resolve.js";

const RESOLVE = new URL("./scenarios/resolve.ts", import.meta.url);

/** Resolves a preset's NIC against its STUN server. */
async function resolved(topology: LabTopology, af: 4 | 6, ...indexes: string[]) {
	const lab = await buildLab(topology);
	try {
		const { ip, port } = lab.service("stun", af);
		const input = { af, nic: lab.nics("client")[0], server: { ip, port }, indexes };
		return await lab.run<Awaited<ReturnType<typeof run>>>("client", RESOLVE, input);
	} finally {
		await lab.close();
	}
}

// Namespaces, servers and child processes take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeLab("P2PD's examples on real addresses", () => {
	it("come out as P2PD's documentation has them in IPv4, and leave by the address that the pool says", async () => {
		const { text, unverified, asked, length } = await resolved(
			publicBlock(),
			4,
			"0",
			"1",
			"4660",
			"-2",
			"-1",
		);
		expect(text).toBe(
			[
				"NIC IPs:",
				"    192.168.0.20/32 (1 IP)",
				"    193.168.0.0/16 (65535 IPs)",
				"    7.7.7.7/32 (1 IP)",
				"    8.8.0.0/16 (65535 IPs)",
				"EXT IPs:",
				"    1.3.3.7/32 (1 IP)",
				"    8.8.0.0/16 (65535 IPs)",
				"Routes:",
				"    [192.168.0.20/32, 193.168.0.0/16, 7.7.7.7/32] -> [1.3.3.7/32]",
				"    [8.8.0.0/16] -> [8.8.0.0/16]",
			].join("\n"),
		);
		expect(unverified).toEqual([]);
		expect(length).toBe("65536");
		expect(asked).toEqual([
			{ expected: "1.3.3.7", localIp: "192.168.0.20", seen: "1.3.3.7" },
			...["8.8.0.1", "8.8.18.52", "8.8.255.254"].map((ip) => ({ expected: ip, localIp: ip, seen: ip })),
			// The kernel has the last one as a network's broadcast address, and would send from another.
			{ expected: "8.8.255.255", error: "ERR_ROUTE_NO_ADDRESS" },
		]);
	});

	it("come out as P2PD's documentation has them in IPv6, and leave by the address that the pool says", async () => {
		const last = "2020:deed:deed:0:ffff:ffff:ffff:ffff";
		const { text, unverified, asked } = await resolved(ipv6Block(), 6, "0", "-1");
		expect(text).toBe(
			[
				"NIC IPs:",
				"    2020:deed:beef::/128 (global scope) (1 IP)",
				"    2020:deed:deed::/64 (global scope) (a lot of IPs)",
				"    fe80:deed:beef::/128 (link-local) (1 IP)",
				"EXT IPs:",
				"    2020:deed:beef::/128 (global scope) (1 IP)",
				"    2020:deed:deed::/64 (global scope) (a lot of IPs)",
				"Routes:",
				"    [fe80:deed:beef::/128] -> [2020:deed:beef::/128]",
				"    [fe80:deed:beef::/128] -> [2020:deed:deed::/64]",
			].join("\n"),
		);
		expect(unverified).toEqual([]);
		expect(asked).toEqual([
			{ expected: "2020:deed:beef::", localIp: "2020:deed:beef::", seen: "2020:deed:beef::" },
			{ expected: last, localIp: last, seen: last },
		]);
	});
});

describeLab("NPTv6", () => {
	it("groups as NAT does in IPv4, and binds the address that it was observed from", async () => {
		const { json, asked } = await resolved(prefixTranslation(), 6, "0");
		expect(json).toMatchObject([
			{
				nic_ips: [{ ip: "fd00:1::20", cidr: 128, af: 6 }],
				ext_ips: [{ ip: TRANSLATED_IP6, cidr: 128, af: 6 }],
			},
		]);
		expect(asked).toMatchObject([{ expected: TRANSLATED_IP6, localIp: "fd00:1::20" }]);
	});
});
