import {
	buildLab,
	describeLab,
	HOME_IP4,
	HOME_IP6,
	homeRouter,
	ipv6Block,
	ipv6Firewall,
	ipv6Only,
	type LabTopology,
	multiHomed,
	OPEN_IP4,
	OPEN_IP6,
	openInternet,
	publicBlock,
	SECOND_IP4,
	udpBlocked,
} from "@p2pd/testnet/lab";
import { expect, it } from "vitest";
import type { run } from "./scenarios/load.js";

const LOAD = new URL("./scenarios/load.ts", import.meta.url);

/** The client's NICs, loaded against all STUN servers that there are: two for IPv4, one for IPv6. */
async function loaded(topology: LabTopology, change: Partial<Parameters<typeof run>[0]> = {}) {
	const lab = await buildLab(topology);
	try {
		const servers = lab.services.filter(({ kind }) => kind === "stun" || kind === "classic-stun");
		const stunServers = servers.map(({ ip, port }) =>
			ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`,
		);
		return await lab.run<Awaited<ReturnType<typeof run>>>("client", LOAD, {
			stunServers,
			nat: false,
			...change,
		});
	} finally {
		await lab.close();
	}
}

describeLab("interfaces on real networks", () => {
	it("behind a home router: the NAT's address, its type and its ports", async () => {
		const { nics, sent } = await loaded(homeRouter(), { nat: true });
		expect(nics.map(({ json }) => json.name)).toEqual(["eth0"]);
		// Its IPv6 is the kernel's link-local address alone.
		expect(nics[0]?.routes).toEqual({
			4: [`[192.168.1.20/32] -> [${HOME_IP4}/32]`],
			6: [expect.stringMatching(/^\[fe80::.*\] -> \[\]$/)],
		});
		expect(nics[0]?.json.nat).toMatchObject({ type: 5, nat_info: "restrict port", delta: { type: 2 } });
		expect(sent).toBeGreaterThan(0);
	});

	it("multi-homed: each NIC has the address behind itself, the default one first", async () => {
		const { nics } = await loaded(multiHomed());
		expect(nics.map(({ json, routes }) => [json.name, json.is_default["4"], routes[4]])).toEqual([
			["lan0", true, [`[192.168.1.20/32] -> [${HOME_IP4}/32]`]],
			["lan1", false, [`[192.168.2.20/32] -> [${SECOND_IP4}/32]`]],
		]);
	});

	it("multi-homed without a second gateway: a reason at once", async () => {
		const { nics, sent } = await loaded(multiHomed("no-gateway"), { names: ["lan1"], nat: true });
		expect(nics[0]?.routes[4]).toEqual(["[192.168.2.20/32] -> []"]);
		expect(nics[0]?.reasons[4]).toBe("lan1 has no IPv4 gateway and no STUN server on its link");
		expect(nics[0]?.json.nat).toMatchObject({ type: 5, assumed: true });
		expect(sent).toBe(0);
	});

	it("multi-homed with a strict filter: the reason names it", async () => {
		const { nics } = await loaded(multiHomed("strict-rp-filter"), { names: ["lan1"] });
		expect(nics[0]?.routes[4]).toEqual(["[192.168.2.20/32] -> []"]);
		expect(nics[0]?.reasons[4]).toMatch(/strict|rp_filter/);
	});

	it("on the Internet itself: both families as themselves, no NAT", async () => {
		const { nics } = await loaded(openInternet(), { nat: true });
		expect(nics[0]?.routes[4]).toEqual([`[${OPEN_IP4}/32] -> [${OPEN_IP4}/32]`]);
		expect(nics[0]?.routes[6][0]).toMatch(new RegExp(`^\\[fe80::.*\\] -> \\[${OPEN_IP6}/128\\]$`));
		expect(nics[0]?.json.nat).toMatchObject({ type: 1, nat_info: "open internet (no NAT)" });
	});

	it("IPv6 beside IPv4, and IPv6 alone", async () => {
		const both = await loaded(ipv6Firewall());
		expect(both.nics[0]?.supported).toEqual([4, 6]);
		expect(both.nics[0]?.routes[4]).toEqual([`[192.168.1.20/32] -> [${HOME_IP4}/32]`]);
		expect(both.nics[0]?.routes[6][0]).toContain(`-> [${HOME_IP6}/128]`);
		const six = await loaded(ipv6Only(), { nat: true });
		expect(six.nics[0]?.supported).toEqual([6]);
		expect(six.nics[0]?.json.is_default).toEqual({ "4": false, "6": true });
		// An address of its own behind a firewall is "possible firewall", never "symmetric" (D-47).
		expect(six.nics[0]?.json.nat).toMatchObject({ type: 2 });
	});

	it("P2PD's first example: a block, and addresses that are not their own outside", async () => {
		const { nics } = await loaded(publicBlock());
		expect(nics[0]?.routes[4]).toEqual([
			"[192.168.0.20/32, 193.168.0.0/16, 7.7.7.7/32] -> [1.3.3.7/32]",
			"[8.8.0.0/16] -> [8.8.0.0/16]",
		]);
	});

	it("P2PD's second example: one IPv6 address and a /64", async () => {
		const { nics } = await loaded(ipv6Block());
		const routes = nics[0]?.routes[6].map((text) => text.replace(/.*-> /, ""));
		expect(routes).toEqual(["[2020:deed:beef::/128]", "[2020:deed:deed::/64]"]);
	});

	it("UDP blocked: an unverified route, a reason, and a NAT that blocks", async () => {
		const { nics } = await loaded(udpBlocked(), { nat: true, timeout: 2000 });
		expect(nics[0]?.routes[4]).toEqual(["[192.168.1.20/32] -> []"]);
		expect(nics[0]?.reasons[4]).toBeTruthy();
		expect(nics[0]?.json.nat).toMatchObject({ type: 7, nat_info: "unknown (all responses blocked)" });
	});
});
