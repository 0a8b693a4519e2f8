import { describe, expect, it } from "vitest";
import { diagnose, resultOf } from "../../src/doctor/diagnose.js";
import type { Facts, Status } from "../../src/doctor/types.js";
import { address, facts, lookup, natFact, nicInfo, snapshotOf, stunFact } from "../support/facts.js";

const none = { addresses: [], nonPublic: false, singleServer: false, reason: "no server answered" };
const silent = { status: "failed", error: "no answer" } as const;
const refused = { status: "refused", error: "ECONNREFUSED" } as const;
const tunnel = nicInfo({ name: "wg0", kind: "tunnel" });
const bare = nicInfo({ addresses: [] });
const chosen = (more: Parameters<typeof nicInfo>[0]): Partial<Facts> => ({
	chosen: true,
	nic: nicInfo(more),
});
const dualStack = (more: Partial<Facts>): Partial<Facts> => ({ families: [4, 6], ...more });

type Row = readonly [
	what: string,
	given: Partial<Facts>,
	id: string,
	status: Status,
	text: RegExp,
	advice?: RegExp,
];

const TABLE: readonly Row[] = [
	["a link that runs", {}, "link", "ok", /eth0 \(ethernet\) is running, MTU 1500/],
	["no carrier", { nic: nicInfo({ running: false }) }, "link", "fault", /no carrier/, /cable/],
	[
		"switched off",
		{ nic: nicInfo({ up: false, running: false }) },
		"link",
		"fault",
		/is down/,
		/switch eth0 on/,
	],
	["state not told", { nic: nicInfo({ up: null, running: null }) }, "link", "unknown", /does not say/],
	["no NIC at all", { nic: null }, "link", "fault", /no NIC but the loopback/, /plug/],
	[
		"links without a default",
		{ nic: null, snapshot: snapshotOf([nicInfo()], { defaults: { 4: null, 6: null } }) },
		"link",
		"ok",
		/eth0 can carry/,
	],
	["a small MTU", { nic: nicInfo({ mtu: 576 }) }, "mtu", "warning", /576 bytes/, /raise/],

	["an address", {}, "address.4", "ok", /eth0 has 192\.168\.1\.20/],
	["no address", { nic: bare }, "address.4", "fault", /no IPv4 address/, /DHCP/],
	[
		"only what a host gives itself",
		{ nic: nicInfo({ addresses: [address("169.254.3.4", 16, { scope: "link" })] }) },
		"address.4",
		"fault",
		/no DHCP server/,
		/DHCP/,
	],
	[
		"a duplicate address",
		{ nic: nicInfo({ addresses: [address("192.168.1.20", 24, { tentative: true })] }) },
		"address.4",
		"warning",
		/not usable/,
		/second host/,
	],
	[
		"addresses not told",
		{ nic: nicInfo({ addresses: [], addressesKnown: { 4: false, 6: true } }) },
		"address.4",
		"unknown",
		/does not tell/,
	],
	["one family of two", dualStack({}), "address.6", "warning", /no IPv6 address/, /router advertisements/],

	["a default route", {}, "default-route.4", "ok", /leaves by eth0, from 192\.168\.1\.20/],
	[
		"an address and no route",
		{ snapshot: snapshotOf([nicInfo()], { defaults: { 4: null, 6: null } }) },
		"default-route.4",
		"fault",
		/no IPv4 default route/,
		/gateway/,
	],
	["nothing at all", { nic: null }, "default-route.4", "fault", /no way out/, /connect/],
	[
		"routes not told",
		{
			snapshot: snapshotOf([nicInfo()], {
				defaults: { 4: null, 6: null },
				routesKnown: { 4: false, 6: false },
			}),
		},
		"default-route.4",
		"unknown",
		/does not tell/,
	],
	["a family without addresses", dualStack({}), "default-route.6", "not-checked", /no IPv6 address/],
	["a named NIC that is default", chosen({}), "default-route.4", "ok", /by default/],
	[
		"a named NIC without a gateway",
		chosen({ isDefault: { 4: false, 6: false }, gateways: { 4: [], 6: [] } }),
		"default-route.4",
		"fault",
		/no IPv4 gateway/,
		/higher metric/,
	],
	[
		"a named NIC behind a strict filter",
		chosen({ isDefault: { 4: false, 6: false }, reversePathFilter: "strict" }),
		"default-route.4",
		"fault",
		/drops the answers/,
		/rp_filter/,
	],
	[
		"a named NIC with a second gateway",
		chosen({ isDefault: { 4: false, 6: false } }),
		"default-route.4",
		"ok",
		/sockets are bound/,
	],
	[
		"the loopback",
		chosen({ kind: "loopback", isDefault: { 4: false, 6: false } }),
		"default-route.4",
		"not-checked",
		/this machine/,
	],

	["no tunnel", {}, "tunnel", "ok", /no tunnel/],
	["a VPN as default", { nic: tunnel }, "tunnel", "warning", /leaves by the tunnel wg0/, /--nic/],
	[
		"policy routing",
		{
			snapshot: snapshotOf([nicInfo()], {
				defaults: { 4: { name: "eth0", source: null, from: "kernel", confirmed: false }, 6: null },
			}),
		},
		"tunnel",
		"warning",
		/policy routing/,
		/--nic/,
	],
	["no default at all", { nic: null }, "tunnel", "not-checked", /nothing leaves/],

	["names found", {}, "dns.system.4", "ok", /\(A\)/],
	["servers by address", { lookups: [] }, "dns.system.4", "not-checked", /by its address/, /--name/],
	[
		"the system fails, its servers answer",
		{ lookups: [lookup({ outcome: silent }), lookup({ way: "direct", server: "9.9.9.9" })] },
		"dns.system.4",
		"fault",
		/no usable answer/,
		/nsswitch/,
	],
	[
		"all fail",
		{ lookups: [lookup({ outcome: silent })] },
		"dns.system.4",
		"fault",
		/no usable answer/,
		/DNS servers/,
	],
	[
		"the servers fail, the system answers",
		{ lookups: [lookup(), lookup({ way: "direct", server: "9.9.9.9", outcome: silent })] },
		"dns.direct.4",
		"warning",
		/gave no usable answer/,
		/another way/,
	],
	[
		"the servers fail, and the system",
		{ lookups: [lookup({ outcome: silent }), lookup({ way: "direct", server: "9.9.9.9", outcome: silent })] },
		"dns.direct.4",
		"fault",
		/gave no usable answer/,
		/9\.9\.9\.9/,
	],
	["no DNS server", { resolvers: [], lookups: [lookup()] }, "dns.direct.4", "not-checked", /no DNS server/],
	[
		"some fail",
		{ lookups: [lookup(), lookup({ name: "b.example.com", outcome: silent })] },
		"dns.system.4",
		"warning",
		/1 of 2/,
	],
	[
		"names without the family",
		{ lookups: [lookup({ outcome: { status: "none" } })] },
		"dns.system.4",
		"unknown",
		/no name asked for/,
	],

	["UDP answered", {}, "stun.udp.4", "ok", /1 of 1/],
	[
		"UDP silent, TCP answered",
		{ stun: [stunFact({ outcome: silent }), stunFact({ transport: "tcp" })] },
		"stun.udp.4",
		"fault",
		/UDP is blocked/,
		/let UDP out/,
	],
	["all silent", { stun: [stunFact({ outcome: silent })] }, "stun.udp.4", "fault", /none of 1/, /firewall/],
	["refused", { stun: [stunFact({ outcome: refused })] }, "stun.udp.4", "fault", /nothing listens/, /ports/],
	[
		"most are dead",
		{ stun: [stunFact(), stunFact({ outcome: silent })] },
		"stun.udp.4",
		"warning",
		/1 of 2/,
		/replace/,
	],
	[
		"TCP refused",
		{ stun: [stunFact(), stunFact({ transport: "tcp", outcome: refused })] },
		"stun.tcp.4",
		"ok",
		/way is open/,
	],
	[
		"TCP silent",
		{ stun: [stunFact({ transport: "tcp", outcome: silent })] },
		"stun.tcp.4",
		"unknown",
		/nobody answered/,
	],
	["no server of the family", { stun: [] }, "stun.udp.4", "not-checked", /none of the STUN servers/],
	["no servers", { stun: [], servers: [] }, "stun.udp.4", "not-checked", /no STUN server to ask/],
	[
		"nothing to ask from",
		{ stun: [], nic: bare },
		"stun.udp.4",
		"not-checked",
		/no IPv4 address to ask from/,
	],
	["no NIC to ask by", { stun: [], nic: null }, "stun.udp.4", "not-checked", /no NIC/],

	["an external address", {}, "external.4", "ok", /81\.2\.69\.142\/32 is seen outside/],
	[
		"none, though servers were asked",
		{ external: { 4: none, 6: null } },
		"external.4",
		"fault",
		/no server answered/,
		/agree/,
	],
	[
		"none, nobody asked",
		{ external: { 4: none, 6: null }, stun: [] },
		"external.4",
		"not-checked",
		/no server answered/,
	],
	["no NIC", { external: { 4: null, 6: null } }, "external.4", "not-checked", /no NIC/],
	[
		"one witness",
		{ external: { 4: { ...none, addresses: ["81.2.69.142/32"], singleServer: true }, 6: null } },
		"external.4",
		"warning",
		/one server alone/,
		/second STUN server/,
	],
	[
		"a private one",
		{ external: { 4: { ...none, addresses: ["10.0.0.1/32"], nonPublic: true }, 6: null } },
		"external.4",
		"warning",
		/not a public address/,
		/inside the same network/,
	],

	["open", { nat: { 4: natFact({ type: 1 }), 6: null } }, "nat.4", "ok", /reach this machine directly/],
	["a firewall", { nat: { 4: natFact({ type: 2 }), 6: null } }, "nat.4", "ok", /a firewall/],
	["full cone", { nat: { 4: natFact({ type: 3 }), 6: null } }, "nat.4", "ok", /lets every peer in/],
	["restricted", { nat: { 4: natFact({ type: 4 }), 6: null } }, "nat.4", "ok", /to its address/],
	["port-restricted", {}, "nat.4", "ok", /hole punching/],
	[
		"symmetric, random",
		{ nat: { 4: natFact({ type: 6, delta: { type: 6, value: 0 } }), 6: null } },
		"nat.4",
		"warning",
		/cannot be predicted/,
		/relay/,
	],
	[
		"symmetric, counting",
		{ nat: { 4: natFact({ type: 6, delta: { type: 4, value: 2 } }), 6: null } },
		"nat.4",
		"warning",
		/can be predicted/,
		/prediction/,
	],
	["blocked", { nat: { 4: natFact({ type: 7 }), 6: null } }, "nat.4", "fault", /UDP is blocked/, /TCP pipes/],
	[
		"refused is not blocked",
		{ nat: { 4: natFact({ type: 7 }), 6: null }, stun: [stunFact({ outcome: refused })] },
		"nat.4",
		"not-checked",
		/no STUN server listens/,
	],
	[
		"not known",
		{ nat: { 4: natFact({ type: "unknown" }), 6: null } },
		"nat.4",
		"unknown",
		/mapping is endpoint-independent/,
		/RFC 5780/,
	],
	["not asked", { natAsked: false }, "nat.4", "not-checked", /--no-nat/],
	["nobody to ask", { nat: { 4: null, 6: null } }, "nat.4", "not-checked", /no IPv4 server/],

	["no sign", {}, "double-nat", "unknown", /no sign/, /--router-wan/],
	["the router agrees", { routerWan: "81.2.69.142" }, "double-nat", "ok", /one NAT/],
	["the router differs", { routerWan: "82.0.0.1" }, "double-nat", "warning", /second NAT/, /provider/],
	[
		"a router behind a router",
		{ routerWan: "10.0.0.2" },
		"double-nat",
		"warning",
		/second NAT/,
		/bridge mode/,
	],
	[
		"a carrier's",
		{ routerWan: "100.64.0.20" },
		"double-nat",
		"warning",
		/carrier-grade NAT: 100\.64\.0\.20/,
		/public address/,
	],
	[
		"a carrier's, seen here",
		{ nic: nicInfo({ addresses: [address("100.64.1.2", 10)] }) },
		"double-nat",
		"warning",
		/carrier-grade/,
	],
	[
		"what the NAT test says",
		{ nat: { 4: natFact({ doubleNat: { verdict: "likely", reasons: ["why"] } }), 6: null } },
		"double-nat",
		"warning",
		/probably/,
	],
	[
		"none",
		{ nat: { 4: natFact({ externalIps: ["192.168.1.20"] }), 6: null } },
		"double-nat",
		"ok",
		/no IPv4 NAT/,
	],
	[
		"no external address",
		{ nat: { 4: null, 6: null }, external: { 4: none, 6: null } },
		"double-nat",
		"not-checked",
		/no external/,
	],

	["not asked for", dualStack({}), "nat64", "not-checked", /not asked/],
	[
		"IPv6 alone, not asked for",
		dualStack({ nic: nicInfo({ addresses: [address("2a02::1", 64)] }) }),
		"nat64",
		"not-checked",
		/without IPv4/,
		/--nat64/,
	],
	[
		"RFC 7050's answer",
		dualStack({ nat64: { status: "found", ips: ["64:ff9b::c000:aa"] } }),
		"nat64",
		"ok",
		/64:ff9b::\/96/,
	],
	["RFC 7050's no", dualStack({ nat64: { status: "none" } }), "nat64", "ok", /no NAT64/],
	[
		"RFC 7050's no, and no IPv4",
		dualStack({ nat64: { status: "none" }, nic: nicInfo({ addresses: [address("2a02::1", 64)] }) }),
		"nat64",
		"warning",
		/out of reach/,
		/operator/,
	],
	["RFC 7050's silence", dualStack({ nat64: silent }), "nat64", "unknown", /no answer/],
	[
		"the well-known prefix in an answer",
		dualStack({ lookups: [lookup({ af: 6, outcome: { status: "found", ips: ["64:ff9b::c209:a0b"] } })] }),
		"nat64",
		"ok",
		/64:ff9b::\/96/,
	],
	[
		"an address that is the other one translated",
		dualStack({
			lookups: [
				lookup(),
				lookup({ af: 6, outcome: { status: "found", ips: ["2001:67c:2960:6464::c209:a0b"] } }),
			],
		}),
		"nat64",
		"ok",
		/2001:67c:2960:6464::\/96/,
	],
	[
		"an address of its own",
		dualStack({
			lookups: [lookup(), lookup({ af: 6, outcome: { status: "found", ips: ["2a01:4f8::11"] } })],
		}),
		"nat64",
		"not-checked",
		/not asked/,
	],

	["a clock that is kept", {}, "clock", "ok", /time server/],
	[
		"a clock of the past",
		{ clock: { now: 0, step: 0, synchronised: true } },
		"clock",
		"fault",
		/behind/,
		/NTP/,
	],
	[
		"a clock that jumped",
		{ clock: { now: Date.UTC(2027, 0, 1), step: -4000, synchronised: true } },
		"clock",
		"warning",
		/jumped/,
		/NTP/,
	],
	[
		"a clock that nobody keeps",
		{ clock: { now: Date.UTC(2027, 0, 1), step: 3, synchronised: false } },
		"clock",
		"unknown",
		/evenly/,
		/NTP/,
	],
	[
		"a clock that nobody speaks of",
		{ clock: { now: Date.UTC(2027, 0, 1), step: 3, synchronised: null } },
		"clock",
		"unknown",
		/evenly/,
	],
];

describe("what the doctor finds", () => {
	for (const [what, given, id, status, text, advice] of TABLE) {
		it(`${id}: ${what}`, () => {
			const found = diagnose(facts(given)).filter((finding) => finding.id === id);
			expect(found).toHaveLength(1);
			expect(found[0]).toMatchObject({ status, what: expect.stringMatching(text) });
			if (advice !== undefined) expect(found[0]?.advice).toMatch(advice);
		});
	}

	it("gives advice with every fault", () => {
		for (const [, given] of TABLE) {
			for (const { id, status, advice } of diagnose(facts(given))) {
				if (status === "fault") expect(advice, id).not.toBeNull();
			}
		}
	});

	it("gives each id once, in one order, whatever the facts", () => {
		const order = diagnose(facts({ families: [4, 6] })).map(({ id }) => id);
		expect(new Set(order).size).toBe(order.length);
		for (const [, given] of TABLE) {
			const ids = diagnose(facts({ ...given, families: [4, 6] })).map(({ id }) => id);
			expect(ids.filter((id) => order.includes(id))).toEqual(order.filter((id) => ids.includes(id)));
		}
	});
});

describe("the result", () => {
	const of = (status: Status): Parameters<typeof resultOf>[0][number] => ({
		id: "x",
		status,
		what: "",
		evidence: [],
		advice: null,
	});
	it.each<readonly [readonly Status[], string]>([
		[["ok", "unknown", "not-checked"], "ok"],
		[["ok", "warning"], "warning"],
		[["warning", "fault", "ok"], "fault"],
	])("of %j is %s", (statuses, expected) => expect(resultOf(statuses.map(of))).toBe(expected));
});
