import { expect, it } from "vitest";
import type { Dependence, GatewaySpec, NatSpec } from "../../src/index.js";
import { describeLab } from "../../src/lab/index.js";
import { natTopology, PEER4, scenario, withPeer } from "./nat-lab.js";
import type { NatObservation } from "./scenarios/observe-nat.js";

const nat = (filtering: Dependence): NatSpec => ({
	kind: "nat",
	mapping: "endpoint-independent",
	filtering,
	allocation: { kind: "equal" },
});
const symmetric: NatSpec = {
	kind: "nat",
	mapping: "address-and-port-dependent",
	filtering: "address-and-port-dependent",
};

const FILTERS: readonly Dependence[] = [
	"endpoint-independent",
	"address-dependent",
	"address-and-port-dependent",
];

const CASES: readonly (readonly [string, GatewaySpec, Omit<NatObservation, "externalIp">])[] = [
	...FILTERS.map(
		(filtering) =>
			[
				`a NAT with ${filtering} filtering`,
				nat(filtering),
				{ mapping: "endpoint-independent", filtering, keepsPort: true },
			] as const,
	),
	[
		"a symmetric NAT",
		symmetric,
		{ mapping: "address-and-port-dependent", filtering: "address-and-port-dependent", keepsPort: false },
	],
	...FILTERS.map(
		(filtering) =>
			[
				`1:1 with ${filtering} filtering`,
				{ kind: "one-to-one", filtering },
				{ mapping: "endpoint-independent", filtering, keepsPort: true },
			] as const,
	),
];

describeLab("kernel NATs, by packets", () => {
	it.concurrent.each(CASES)("%s", async (_name, spec, expected) => {
		const observed = await withPeer(natTopology(spec), (lab) =>
			lab.run("client", scenario("observe"), { ip: "0.0.0.0", endpoints: PEER4 }),
		);
		expect(observed).toEqual({ ...expected, externalIp: "81.2.69.142" });
	});
});
