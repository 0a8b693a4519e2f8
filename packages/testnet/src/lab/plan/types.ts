import type { LabListen, LabService, LabTopology } from "../types.js";
import type { Serial } from "./addressing.js";

/** A server to start in a namespace. */
export interface DaemonPlan {
	readonly host: string;
	readonly command: string;
	readonly args: readonly string[];
	readonly listens: readonly LabListen[];
}

/** One end of a veth pair. */
export interface LinkEnd {
	readonly namespace: string;
	readonly name: string;
}

/** One namespace, as the text that its tools are given. */
export interface NamespacePlan {
	readonly name: string;
	/** Paths below /proc/sys/net with their values, set before any link exists. */
	readonly sysctls: ReadonlyMap<string, string>;
	/** The same, set once the links and rules exist. */
	readonly lateSysctls: ReadonlyMap<string, string>;
	/** Lines for `ip -batch`. */
	readonly ip: readonly string[];
	/** A ruleset for `nft -f`, or "". */
	readonly nft: string;
	/** The text of its /etc/resolv.conf. */
	readonly resolvConf: string;
}

/** Everything that building a laboratory does, as data. */
export interface LabPlan {
	readonly namespaces: readonly NamespacePlan[];
	readonly links: readonly (readonly [LinkEnd, LinkEnd])[];
	readonly daemons: readonly DaemonPlan[];
	readonly services: readonly LabService[];
}

/** What the plans of the single namespaces share; each adds the links that it is the upper end of. */
export interface PlanContext {
	readonly topology: LabTopology;
	readonly serial: Serial;
	readonly dns: readonly LabService[];
	readonly links: (readonly [LinkEnd, LinkEnd])[];
}
