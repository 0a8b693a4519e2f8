import type { Dependence, NatSpec, PortAllocation } from "../topology.js";

/** The three dependences of RFC 4787, weakest first. */
export const DEPENDENCES: readonly Dependence[] = [
	"endpoint-independent",
	"address-dependent",
	"address-and-port-dependent",
];

/** The five ways of picking ports, with a step of 3 where there is one. */
export const ALLOCATIONS: readonly PortAllocation[] = [
	{ kind: "equal" },
	{ kind: "preserving" },
	{ kind: "independent", step: 3 },
	{ kind: "dependent", step: 3 },
	{ kind: "random" },
];

/** All 45 cells of mapping x filtering x allocation, everything else at its default. */
export const NAT_CELLS: readonly NatSpec[] = DEPENDENCES.flatMap((mapping) =>
	DEPENDENCES.flatMap((filtering) =>
		ALLOCATIONS.map((allocation): NatSpec => ({ kind: "nat", mapping, filtering, allocation })),
	),
);
