import type { Family, IPRange, IPRangeJson } from "@p2pd/address";
import type { RouteNic } from "../types.js";

/** What a {@link Route} is made of. */
export interface RouteInit {
	readonly af: Family;
	/** The NIC; null where there is none to name, and the kernel chooses. @default null */
	readonly nic?: RouteNic | null;
	/** The NIC's side, at least one. In IPv6 this is the link-locals, where the external side is on the NIC. */
	readonly nicIps: readonly IPRange[];
	/** The external side; empty where it is not known. */
	readonly extIps: readonly IPRange[];
	/** The NIC's link-local addresses (IPv6). @default none */
	readonly linkLocals?: readonly IPRange[];
	/** The NIC address to bind, if not the one that follows from the lists. @default null */
	readonly source?: string | null;
	/** Whether one server alone saw the external address, with no second one to agree. @default false */
	readonly singleServer?: boolean;
	/** Why the external side is empty. @default null */
	readonly reason?: string | null;
	/** What the verdict rests on, as the observer gave it. Not part of the dictionary. */
	readonly evidence?: unknown;
}

/** A route in P2PD's dictionary. Optional keys are there only where they say something. */
export interface RouteJson {
	readonly af: Family;
	readonly nic_ips: readonly IPRangeJson[];
	readonly ext_ips: readonly IPRangeJson[];
	readonly link_local_ips: readonly IPRangeJson[];
	readonly source?: string;
	readonly single_server?: true;
	readonly reason?: string;
}
