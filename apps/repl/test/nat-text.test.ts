import { expect, it } from "vitest";
import { natText } from "../src/output/interface-text.js";

const PORT = { type: 5, nat_info: "restrict port" } as const;
const SYMMETRIC = { type: 6, nat_info: "symetric" } as const;
const RANDOM = { delta: { type: 6, value: 0 }, delta_info: "random delta" } as const;
const COUNTING = { delta: { type: 4, value: 2 }, delta_info: "independent delta" } as const;
const ASSUMED = { assumed: true, reason: "No answer." } as const;
const SEEN = { mapping: "endpoint-independent", filtering: "not-checked" } as const;
const NO_PORTS = { type: "unknown", value: 0 } as const;

it.each([
	["known", { ...PORT, ...COUNTING }, null, "restrict port (type 5), independent delta by 2 (delta 4)"],
	[
		"nothing known",
		{ ...PORT, ...RANDOM, ...ASSUMED },
		null,
		"not known; assumed: restrict port (type 5), random delta (delta 6). No answer.",
	],
	[
		"only the mapping known",
		{ ...PORT, ...RANDOM, ...ASSUMED },
		{ type: "unknown", delta: NO_PORTS, ...SEEN },
		"not known (mapping endpoint-independent); assumed: restrict port (type 5), random delta (delta 6). No answer.",
	],
	[
		"only the type known",
		{ ...SYMMETRIC, ...RANDOM, ...ASSUMED },
		{ type: 6, delta: NO_PORTS, ...SEEN },
		"symetric (type 6). Ports not known; assumed: random delta (delta 6). No answer.",
	],
	[
		"only the ports known",
		{ ...PORT, ...COUNTING, ...ASSUMED },
		{ type: "unknown", delta: { type: 4, value: 2 }, ...SEEN },
		"type not known (mapping endpoint-independent); assumed: restrict port (type 5). Ports: independent delta by 2 (delta 4). No answer.",
	],
	[
		"blocked",
		{ type: 7, nat_info: "unknown (all responses blocked)", ...RANDOM, ...ASSUMED },
		{ type: 7, delta: NO_PORTS, mapping: "unknown", filtering: "unknown" },
		"unknown (all responses blocked) (type 7)",
	],
] as const)("a NAT in a line: %s", (_what, nat, report, text) => expect(natText(nat, report)).toBe(text));
