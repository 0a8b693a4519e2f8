import type { NatType } from "../nat-types.js";
import type { NatFiltering, NatMapping } from "../types.js";

/** What P2PD's type follows from. */
export interface TypeInput {
	readonly mapping: NatMapping;
	readonly filtering: NatFiltering;
	/** Every server asked was silent for long enough; at least four, or all that there are. */
	readonly blocked: boolean;
	/** Client and servers are one machine: nothing stands between them that could filter. */
	readonly loopback: boolean;
}

/** P2PD's type for a pair of RFC 4787 behaviours (pure), or "unknown". */
export function natTypeOf({ mapping, filtering, blocked, loopback }: TypeInput): NatType | "unknown" {
	if (blocked) return 7;
	switch (mapping) {
		case "none":
			if (filtering === "endpoint-independent") return 1;
			if (filtering === "not-checked" && loopback) return 1;
			return filtering === "unknown" || filtering === "not-checked" ? "unknown" : 2;
		case "endpoint-independent":
			if (filtering === "endpoint-independent") return 3;
			if (filtering === "address-dependent") return 4;
			return filtering === "address-and-port-dependent" ? 5 : "unknown";
		case "address-dependent":
		case "address-and-port-dependent":
		case "varies":
			return 6;
		case "unknown":
			return "unknown";
	}
}
