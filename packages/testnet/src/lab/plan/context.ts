import type { LabService, LabTopology } from "../types.js";
import type { Serial } from "./addressing.js";
import type { LinkEnd } from "./types.js";

/** What the plans of the single namespaces share; each adds the links that it is the upper end of. */
export interface PlanContext {
	readonly topology: LabTopology;
	readonly serial: Serial;
	readonly dns: readonly LabService[];
	readonly links: (readonly [LinkEnd, LinkEnd])[];
}
