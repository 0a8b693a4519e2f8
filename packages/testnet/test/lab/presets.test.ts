import { describe, expect, it } from "vitest";
import type { HostPort } from "../../src/index.js";
import {
	buildLab,
	describeLab,
	HOME_IP4,
	homeRouter,
	LAB_PRESETS,
	type Lab,
	type LabTopology,
	multiHomed,
	planLab,
	SECOND_IP4,
	type SecondNic,
} from "../../src/lab/index.js";
import { PEER4, PEER6, scenario } from "./nat-lab.js";
import type { ReflectorAnswer } from "./scenarios/reflector.js";

async function inLab(topology: LabTopology, use: (lab: Lab) => Promise<void>): Promise<void> {
	const lab = await buildLab(topology);
	try {
		await use(lab);
	} finally {
		await lab.close();
	}
}

/** A preset with a reflector in place of its servers. */
const withPeer = (topology: LabTopology): LabTopology => ({
	...topology,
	outside: [{ name: "peer", ips: ["5.45.96.10", "2a03:4000::10"] }],
	names: {},
});

async function seenFrom(lab: Lab, af: 4 | 6, locals: readonly string[]): Promise<unknown> {
	const [peer] = af === 4 ? PEER4 : PEER6;
	if (peer === undefined) throw new TypeError("there are endpoints");
	const reflector = await lab.serve("peer", scenario("serve-reflector"), [peer], [{ ...peer, proto: "udp" }]);
	const seen = await lab.run("client", scenario("seen-from"), { peer, locals });
	await reflector.stop();
	return seen;
}

/** The address that the reflector sees of a socket bound to a NIC; null if nothing comes back. */
async function throughNic(lab: Lab, nic: string): Promise<string | null> {
	const [peer] = PEER4;
	const target = `UDP4:${peer?.ip}:${peer?.port},so-bindtodevice=${nic}`;
	const { stdout } = await lab.exec("client", "sh", ["-c", `echo '{"id":1}' | socat -T2 - ${target}`]);
	return stdout === "" ? null : (JSON.parse(stdout) as ReflectorAnswer).seen.ip;
}

async function inMultiHomed(second: SecondNic, use: (lab: Lab) => Promise<void>): Promise<void> {
	await inLab(withPeer(multiHomed(second)), async (lab) => {
		const [peer] = PEER4 as [HostPort];
		await lab.serve("peer", scenario("serve-reflector"), [peer], [{ ...peer, proto: "udp" }]);
		await use(lab);
	});
}

describe("presets", () => {
	it.each(Object.entries(LAB_PRESETS))("%s can be planned, the same each time", (_name, make) => {
		expect(planLab(make())).toEqual(planLab(make()));
	});
});

describeLab("presets of several NICs", () => {
	it.concurrent("each NIC has its own router outside", async () => {
		await inMultiHomed("default-route", async (lab) => {
			expect(lab.nics("client")).toEqual(["lan0", "lan1"]);
			expect(await throughNic(lab, "lan0")).toBe(HOME_IP4);
			expect(await throughNic(lab, "lan1")).toBe(SECOND_IP4);
		});
	});

	it.concurrent("without a gateway on the second, or with strict rp_filter, only the first works", async () => {
		for (const second of ["no-gateway", "strict-rp-filter"] as const) {
			await inMultiHomed(second, async (lab) => {
				expect(await throughNic(lab, "lan0")).toBe(HOME_IP4);
				expect(await throughNic(lab, "lan1")).toBeNull();
			});
		}
	});
});

describeLab("presets of blocks", () => {
	it.concurrent("publicBlock: what is routed is seen as itself, all else as 1.3.3.7", async () => {
		await inLab(withPeer(LAB_PRESETS.publicBlock()), async (lab) => {
			const locals = ["192.168.0.20", "193.168.0.1", "7.7.7.7", "8.8.0.1", "8.8.255.254"];
			expect(await seenFrom(lab, 4, locals)).toEqual({
				"192.168.0.20": "1.3.3.7",
				"193.168.0.1": "1.3.3.7",
				"7.7.7.7": "1.3.3.7",
				"8.8.0.1": "8.8.0.1",
				"8.8.255.254": "8.8.255.254",
				stranger: "EADDRNOTAVAIL",
			});
		});
	});

	it.concurrent("ipv6Block: the single address and all of the /64 are seen as themselves", async () => {
		await inLab(withPeer(LAB_PRESETS.ipv6Block()), async (lab) => {
			const locals = ["2020:deed:beef::", "2020:deed:deed::1", "2020:deed:deed:0:ffff::9"];
			expect(await seenFrom(lab, 6, locals)).toEqual({
				...Object.fromEntries(locals.map((local) => [local, local])),
				stranger: "EADDRNOTAVAIL",
			});
		});
	});
});

describeLab("a router behind a router", () => {
	it("is reached through the one in front, in both families", async () => {
		const nested: LabTopology = {
			...withPeer(homeRouter()),
			gateways: [
				{
					name: "front",
					outside: ["185.12.63.1", "2a02:8012::1"],
					inside: ["185.12.64.1/24", "2a02:8012:1::1/64"],
				},
				{
					name: "back",
					behind: "front",
					outside: ["185.12.64.2", "2a02:8012:1::2"],
					inside: ["185.12.65.1/24", "2a02:8012:2::1/64"],
				},
			],
			hosts: [
				{
					name: "client",
					nics: [{ name: "eth0", addresses: ["185.12.65.20/24", "2a02:8012:2::20/64"], gateway: "back" }],
				},
				{ name: "near", nics: [{ name: "eth0", addresses: ["185.12.64.20/24"], gateway: "front" }] },
			],
		};
		await inLab(nested, async (lab) => {
			for (const ip of ["185.12.65.20", "2a02:8012:2::20", "185.12.64.20"]) {
				expect(await lab.exec("peer", "ping", ["-c1", "-W2", ip])).toMatchObject({ code: 0 });
			}
			expect(await lab.exec("near", "ping", ["-c1", "-W2", "185.12.65.20"])).toMatchObject({ code: 0 });
		});
	});
});

describeLab("a preset without UDP", () => {
	it("resolves names and connects over TCP", async () => {
		await inLab(LAB_PRESETS.udpBlocked(), async (lab) => {
			const script = "getent ahostsv4 example.com && echo hi | socat -T2 - TCP4:example.com:80";
			const { code, stdout } = await lab.exec("client", "sh", ["-c", script]);
			expect({ code, stdout }).toEqual({
				code: 0,
				stdout: expect.stringMatching(/^93\.184\.215\.14[\s\S]*hi\n$/),
			});
		});
	});
});

describe("what the kernel cannot do is refused", () => {
	const home = homeRouter();
	const [router] = home.gateways;
	const nat = router?.ipv4;
	if (router === undefined || nat?.kind !== "nat") throw new TypeError("the preset has a NAT");
	const gateway = (change: Partial<typeof router>): LabTopology => ({
		...home,
		gateways: [{ ...router, ...change }],
	});

	it.each<[RegExp, LabTopology]>([
		[/address-dependent mapping/, gateway({ ipv4: { ...nat, mapping: "address-dependent" } })],
		[/"independent" ports/, gateway({ ipv4: { ...nat, allocation: { kind: "independent", step: 1 } } })],
		[/"random" ports/, gateway({ ipv4: { kind: "nat", mapping: nat.mapping, filtering: nat.filtering } })],
		[
			/remote endpoint and "equal" ports/,
			gateway({ ipv4: { ...nat, mapping: "address-and-port-dependent" } }),
		],
		[
			/remote endpoint and address-dependent filtering/,
			gateway({
				ipv4: {
					...nat,
					mapping: "address-and-port-dependent",
					filtering: "address-dependent",
					allocation: { kind: "random" },
				},
			}),
		],
		[
			/remote endpoint and hairpinning/,
			gateway({
				ipv4: {
					...nat,
					mapping: "address-and-port-dependent",
					allocation: { kind: "random" },
					hairpinning: true,
				},
			}),
		],
		[/binding rate/, gateway({ ipv4: { ...nat, bindingRate: { perSecond: 1, burst: 1 } } })],
		[/refresh by outbound/, gateway({ ipv4: { ...nat, lifetime: { ms: 1000, refresh: "outbound" } } })],
		[/whole seconds, not 1500 ms/, gateway({ ipv4: { ...nat, lifetime: { ms: 1500, refresh: "both" } } })],
		[/do not follow one another/, gateway({ outside: ["81.2.69.1", "81.2.69.3"] })],
		[/no external address/, gateway({ outside: [] })],
		[
			/one external address for each/,
			gateway({
				outside: ["81.2.69.1", "81.2.69.2"],
				ipv4: { kind: "one-to-one", filtering: nat.filtering },
			}),
		],
		[
			/two IPv6 prefixes of one length/,
			gateway({ ipv4: { kind: "npt", inside: "10.0.0.0/8", outside: "11.0.0.0/8" } }),
		],
		[/no latency here/, gateway({ link: { latency: 10 } })],
		[/behind itself/, gateway({ behind: "router" })],
		[/no gateway "nowhere"/, gateway({ behind: "nowhere" })],
		[
			/one mapping lifetime for both families/,
			gateway({ ipv6: { kind: "firewall", filtering: nat.filtering, lifetimeMs: 5000 } }),
		],
		[/"internet" is used twice/, { ...home, hosts: [{ name: "internet", nics: [] }] }],
		[/"a b" is not a valid host name/, { ...home, hosts: [{ name: "a b", nics: [] }] }],
		[/is not an address with a prefix/, { ...home, names: { "example.com": ["nowhere"] } }],
		[
			/is not a valid port/,
			{ ...home, outside: [{ name: "far", ips: ["5.5.5.5"], services: [{ kind: "echo", port: 0 }] }] },
		],
		[
			/needs two IPv4/,
			{
				...home,
				outside: [{ name: "far", ips: ["5.5.5.5"], services: [{ kind: "classic-stun", port: 1 }] }],
			},
		],
		[
			/two services want udp 5\.5\.5\.5 7/,
			{
				...home,
				outside: [
					{
						name: "far",
						ips: ["5.5.5.5"],
						services: [
							{ kind: "echo", port: 7 },
							{ kind: "dns", port: 7 },
						],
					},
				],
			},
		],
	])("%s", (message, topology) => {
		expect(() => planLab(topology)).toThrow(
			expect.objectContaining({ code: "ERR_LAB_TOPOLOGY", message: expect.stringMatching(message) }),
		);
	});

	it("a link that is described as perfect is one", () => {
		expect(planLab(gateway({ link: { latency: 0, loss: 0, reorderBy: 10 } }))).toEqual(planLab(home));
	});
});
