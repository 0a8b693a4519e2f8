import type { NicAddress, NicGateway, NicInfo, NicSnapshot, OsFamily } from "../os/types.js";

/** One difference between two looks. */
export type InterfaceChange =
	| { readonly type: "nic-added"; readonly nic: string; readonly info: NicInfo }
	| { readonly type: "nic-removed"; readonly nic: string; readonly info: NicInfo }
	| { readonly type: "address-added"; readonly nic: string; readonly address: NicAddress }
	| { readonly type: "address-removed"; readonly nic: string; readonly address: NicAddress }
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
			readonly af: OsFamily;
			readonly gateways: readonly NicGateway[];
	  }
	/** The default way out of a family is another NIC now; `null` is none. `nic` is the new one, or the old one. */
	| {
			readonly type: "default-route";
			readonly nic: string;
			readonly af: OsFamily;
			readonly from: string | null;
			readonly to: string | null;
	  };

/** What happened between two tellings of a watch. */
export interface InterfacesEvent {
	/** Never empty, unless the cause is `wake`. */
	readonly changes: readonly InterfaceChange[];
	/** `wake`: the machine was probably asleep, for the wall clock jumped; what it knew of the network may be old. */
	readonly cause: "change" | "wake";
	/** How it is now. */
	readonly snapshot: NicSnapshot;
}

/** What the user of a watch may tune. */
export interface WatchOptions {
	/** How often the NICs are looked at, in ms. @default 1000 */
	readonly interval?: number;
	/**
	 * How often they are looked at in full where that takes child processes (macOS, Windows), in ms; between, Node's
	 * own list of addresses is compared. @default 15000
	 */
	readonly fullInterval?: number;
	/** How long they must keep still before a difference is told, in ms. @default 250 */
	readonly debounce?: number;
	/** Ends the watch. */
	readonly signal?: AbortSignal;
}

/** What the environment supplies to a watch. */
export interface WatchDeps {
	/** Looks in full. */
	readonly enumerate: (options: { readonly signal?: AbortSignal }) => Promise<NicSnapshot>;
	/**
	 * A cheap glance that changes when a full look would; `null` where a full look is as cheap.
	 * @default Node's list of addresses on macOS and Windows, `null` elsewhere
	 */
	readonly glance: (() => string) | null;
	readonly clock: {
		now(): number;
		setTimeout(fn: () => void, ms: number): unknown;
		clearTimeout(handle: unknown): void;
	};
	/** The wall clock, in ms: it goes on while the machine sleeps. @default `Date.now` */
	readonly wallNow: () => number;
}
