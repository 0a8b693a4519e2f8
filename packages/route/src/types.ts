import type { IPRange, IPRangeJson } from "@p2pd/address";
import type { Family, NicRef } from "@p2pd/net";

/**
 * How a socket is tied to its NIC. `"device"`: to the device itself, so that every packet leaves and arrives by it.
 * `"source-address"`: by its source address only, so that the kernel's routing table picks the device.
 */
export type DeviceBinding = "device" | "source-address";

/** What `route.bind()` takes. */
export interface BindOptions {
	/** The port of sockets that are not given another; 0 gives each socket a port of its own. @default 0 */
	readonly port?: number;
	/**
	 * The address to bind instead of the route's own: an IP (with `%zone` if link-local), `"*"` or an any-address for
	 * every address, or `"localhost"` for the loopback. @default the route's own
	 */
	readonly ips?: string;
	/** Refuse sockets that are not bound to the device. @default false */
	readonly strict?: boolean;
}

/** One address of a NIC, as the operating system lists it: `{ ip: "192.168.0.20", cidr: 24 }`. */
export interface SourceAddress {
	readonly ip: string;
	/** Prefix length. */
	readonly cidr: number;
}

/** What a {@link Route} is made of. */
export interface RouteInit {
	readonly af: Family;
	/** The NIC, or null where the kernel chooses. @default null */
	readonly nic?: NicRef | null;
	/** The NIC's side, at least one range. In IPv6 these are the link-locals if the external side is on the NIC. */
	readonly nicIps: readonly IPRange[];
	/** The external side; empty where it is not known. */
	readonly extIps: readonly IPRange[];
	/** The NIC's link-local addresses (IPv6). @default none */
	readonly linkLocals?: readonly IPRange[];
	/** The NIC address to bind, if it does not follow from the lists. @default null */
	readonly source?: string | null;
	/** Whether only one server saw the external address, with no second one to agree. @default false */
	readonly singleServer?: boolean;
	/** Why the external side is empty. @default null */
	readonly reason?: string | null;
	/** What the verdict rests on, as the observer gave it. Not part of the dictionary. */
	readonly evidence?: unknown;
}

/** A route in P2PD's dictionary. Optional keys are present only where they say something. */
export interface RouteJson {
	readonly af: Family;
	readonly nic_ips: readonly IPRangeJson[];
	readonly ext_ips: readonly IPRangeJson[];
	readonly link_local_ips: readonly IPRangeJson[];
	readonly source?: string;
	readonly single_server?: true;
	readonly reason?: string;
}
