import type { Clock, Family } from "@p2pd/net";
import type { NicAddress, NicGateway, NicInfo, NicSnapshot } from "../os/types.js";

/** One difference between two snapshots. */
export type InterfaceChange =
	| { readonly type: "nic-added"; readonly nic: string; readonly info: NicInfo }
	| { readonly type: "nic-removed"; readonly nic: string; readonly info: NicInfo }
	| { readonly type: "address-added"; readonly nic: string; readonly address: NicAddress }
	| { readonly type: "address-removed"; readonly nic: string; readonly address: NicAddress }
	/** The same address with another state or label: a tentative one became ready, or it is deprecated now. */
	| {
			readonly type: "address-changed";
			readonly nic: string;
			readonly address: NicAddress;
			readonly before: NicAddress;
	  }
	/** The largest packet, in bytes. `null` is not known. */
	| {
			readonly type: "mtu";
			readonly nic: string;
			readonly mtu: number | null;
			readonly before: number | null;
	  }
	/** The link was switched on or off, or its carrier came or went. */
	| {
			readonly type: "link";
			readonly nic: string;
			readonly up: boolean | null;
			readonly running: boolean | null;
	  }
	| {
			readonly type: "gateway";
			readonly nic: string;
			readonly af: Family;
			readonly gateways: readonly NicGateway[];
	  }
	/** The default NIC of a family is another one now; `null` is none. `nic` is the new one, or else the old one. */
	| {
			readonly type: "default-route";
			readonly nic: string;
			readonly af: Family;
			readonly from: string | null;
			readonly to: string | null;
	  };

/** What a watch reports. */
export interface InterfacesEvent {
	/** Never empty, unless the cause is `wake`. */
	readonly changes: readonly InterfaceChange[];
	/** `wake`: the machine was probably asleep, because the wall clock jumped; what was known about the network may be outdated. */
	readonly cause: "change" | "wake";
	/** The NICs as they are now. */
	readonly snapshot: NicSnapshot;
}

/** What the user of a watch may tune. */
export interface WatchOptions {
	/** How often the NICs are checked, in ms. @default 1000 */
	readonly interval?: number;
	/**
	 * How often they are enumerated where that needs child processes (macOS, Windows), in ms. In between, Node's own list
	 * of addresses is compared. @default 15000
	 */
	readonly fullInterval?: number;
	/** How long they must stay unchanged before a change is reported, in ms. @default 250 */
	readonly debounce?: number;
	/** Ends the watch. */
	readonly signal?: AbortSignal;
}

/** What the environment supplies to a watch. */
export interface WatchDeps {
	/** Enumerates the NICs. */
	readonly enumerate: (options: { readonly signal?: AbortSignal }) => Promise<NicSnapshot>;
	/**
	 * A cheap text that changes if an enumeration would; `null` where an enumeration is as cheap.
	 * @default Node's list of addresses on macOS and Windows, `null` elsewhere
	 */
	readonly glance: (() => string) | null;
	readonly clock: Clock;
	/** The wall clock, in ms, which runs while the machine sleeps. @default `Date.now` */
	readonly wallNow: () => number;
}
