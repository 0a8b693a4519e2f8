import { afterAll, beforeAll, expect, it } from "vitest";
import type { Dependence, GatewaySpec } from "../../src/index.js";
import { describeLab, type Lab } from "../../src/lab/index.js";
import {
	buildNeighbourhood,
	CONE,
	externalIp,
	type Household,
	PEER4,
	PEER6,
	SYMMETRIC,
	scenario,
} from "./nat-lab.js";

const FILTERS: readonly Dependence[] = [
	"endpoint-independent",
	"address-dependent",
	"address-and-port-dependent",
];

/** A household of IPv6, which is inside a /48. */
function ipv6(name: string, spec: GatewaySpec, prefix: string): Household {
	return {
		name,
		gateway: { outside: [], inside: [`${prefix}::1/48`], ipv6: spec },
		address: `${prefix}::20/48`,
	};
}

/** Each filter, on every kind of gateway that keeps the port. */
const households = FILTERS.flatMap((filtering, i): (Household & { ip: string; filtering: Dependence })[] => {
	const place = 5 * i;
	const npt = {
		kind: "npt",
		inside: "fd00:1::/48",
		outside: `2a02:8010:${7000 + i}::/48`,
		filtering,
	} as const;
	const gateway = { ipv4: { kind: "firewall", filtering } as const, inside: [`185.12.${64 + i}.1/24`] };
	return [
		{ name: `nat-${filtering}`, gateway: { ipv4: { ...CONE, filtering } }, ip: externalIp(place), filtering },
		{
			name: `one-to-one-${filtering}`,
			gateway: { ipv4: { kind: "one-to-one", filtering } },
			ip: externalIp(place + 1),
			filtering,
		},
		{
			name: `firewall-${filtering}`,
			gateway,
			address: `185.12.${64 + i}.20/24`,
			ip: `185.12.${64 + i}.20`,
			filtering,
		},
		{
			...ipv6(`firewall6-${filtering}`, { kind: "firewall", filtering }, `2a02:8010:${6000 + i}`),
			ip: `2a02:8010:${6000 + i}::20`,
			filtering,
		},
		{ ...ipv6(`npt-${filtering}`, npt, "fd00:1"), ip: `2a02:8010:${7000 + i}::20`, filtering },
	];
});

describeLab("what kernel gateways do, by packets", () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await buildNeighbourhood([
			...households,
			{ name: "symmetric", gateway: { ipv4: SYMMETRIC } },
			ipv6("npt-open", { kind: "npt", inside: "fd00:1::/48", outside: "2a02:8010:8000::/48" }, "fd00:1"),
			ipv6("routed", { kind: "router" }, "2a02:8010:9000"),
			{
				...ipv6("nat66", { ...CONE, filtering: "address-dependent" }, "fd00:1"),
				gateway: {
					outside: ["2a02:8011::1"],
					inside: ["fd00:1::1/48"],
					ipv6: { ...CONE, filtering: "address-dependent" },
				},
			},
		]);
	}, 60_000);
	afterAll(() => lab.close());

	const observe = (host: string, af: 4 | 6): Promise<unknown> =>
		lab.run(
			host,
			scenario("observe"),
			af === 4 ? { ip: "0.0.0.0", endpoints: PEER4 } : { ip: "::", endpoints: PEER6 },
		);

	it.concurrent.each(households)("$name", async ({ name, ip, filtering }) => {
		expect(await observe(name, ip.includes(":") ? 6 : 4)).toEqual({
			externalIp: ip,
			mapping: "endpoint-independent",
			filtering,
			keepsPort: true,
		});
	});

	it.concurrent("symmetric", async () => {
		expect(await observe("symmetric", 4)).toEqual({
			externalIp: externalIp(households.length),
			mapping: "address-and-port-dependent",
			filtering: "address-and-port-dependent",
			keepsPort: false,
		});
	});

	it.concurrent("IPv6 behind a NAT with ports", async () => {
		expect(await observe("nat66", 6)).toEqual({
			externalIp: "2a02:8011::1",
			mapping: "endpoint-independent",
			filtering: "address-dependent",
			keepsPort: true,
		});
	});

	it.concurrent.each([
		["npt-open", "2a02:8010:8000::20"],
		["routed", "2a02:8010:9000::20"],
	])("%s lets everybody in", async (name, ip) => {
		expect(await observe(name, 6)).toMatchObject({ externalIp: ip, filtering: "endpoint-independent" });
	});
});
