import { describe, expect, it } from "vitest";
import { kindName, type NatKind, planPunch } from "../src/index.js";

/** Ten pairs whose plans are kept as data in a fixture, to be read and compared. */
const PAIRS: readonly (readonly ["udp" | "tcp", NatKind, NatKind])[] = [
	["udp", { type: 1, delta: 1, step: 0 }, { type: 5, delta: 2, step: 0 }],
	["udp", { type: 5, delta: 2, step: 0 }, { type: 5, delta: 6, step: 0 }],
	["udp", { type: 4, delta: 2, step: 0 }, { type: 6, delta: 6, step: 0 }],
	["udp", { type: 5, delta: 2, step: 0 }, { type: 6, delta: 6, step: 0 }],
	["udp", { type: 5, delta: 2, step: 0 }, { type: 6, delta: 4, step: 3 }],
	["udp", { type: 6, delta: 2, step: 0 }, { type: 6, delta: 3, step: 0 }],
	["udp", { type: 6, delta: 4, step: 1 }, { type: 6, delta: 5, step: 3 }],
	["udp", { type: 6, delta: 6, step: 0 }, { type: 6, delta: 6, step: 0 }],
	["tcp", { type: 3, delta: 2, step: 0 }, { type: 6, delta: 6, step: 0 }],
	["tcp", { type: 5, delta: 2, step: 0 }, { type: 6, delta: 6, step: 0 }],
];

describe("the plans of ten pairs", () => {
	it("are as printed", async () => {
		const plans = PAIRS.map(([transport, our, their]) => ({
			pair: `${kindName(our)}, ${kindName(their)} over ${transport}`,
			...planPunch(our, their, { transport }),
		}));
		await expect(`${JSON.stringify(plans, null, 2)}\n`).toMatchFileSnapshot("fixtures/plans.json");
	});
});
