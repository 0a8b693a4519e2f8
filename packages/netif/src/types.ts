import type { Resolver } from "@p2pd/address";
import type { NatDeps, NatDictionary, NatOptions, NatReport } from "@p2pd/nat";
import type { Clock, Endpoint, Family, NicRef, RandomBytes, SocketFactory } from "@p2pd/net";
import type { Route, RouteJson } from "@p2pd/route";
import type {
	ExternalAddress,
	ObserveExternalAddressDeps,
	ObserveExternalAddressOptions,
	StunServerMemory,
	StunServerSpec,
} from "@p2pd/stun-client";
import type { Netifaces } from "./netifaces.js";
import type { NicKind } from "./os/types.js";
import type { InterfacesEvent } from "./watch/types.js";

/** A STUN server: `"host:port"`, a spec with a host name, or an address. */
export type StunServerOption = string | StunServerSpec | Endpoint;

/** What the user of an interface may tune. */
export interface InterfaceOptions {
	/** The NICs to choose from, as `initP2pd()` returned them. @default this machine's, enumerated by `start()` */
	readonly netifaces?: Netifaces;
	/**
	 * The STUN servers to ask: `"host:port"`, `{ host, port }` or `{ ip, port }`. Nothing else is ever contacted.
	 * @default those of the variable P2PD_STUN_SERVERS, else `DEFAULT_STUN_SERVERS`
	 */
	readonly stunServers?: readonly StunServerOption[];
	/** Servers that must agree on an external address. @default 2 */
	readonly minAgree?: number;
	/** The most servers to ask for each source address. @default 6 */
	readonly maxServers?: number;
	/** Overall timeout of `start()`, in ms. @default 5000 */
	readonly timeout?: number;
	/** Overall timeout of `loadNat()`, in ms. @default 8000 */
	readonly natTimeout?: number;
	/** The families to use. @default both */
	readonly families?: readonly Family[];
	/**
	 * Never observe an address or test a NAT by sockets that are not bound to the device. If the system cannot bind to it,
	 * the NIC has unverified routes. @default false: sockets of a non-default NIC are bound to it where the system can
	 */
	readonly strict?: boolean;
}

/** A source address on a NIC to make sockets for. */
export interface SourceSpec {
	readonly af: Family;
	readonly nic: NicRef;
	readonly ip: string;
	/** Whether the sockets must be bound to the device. */
	readonly strict: boolean;
}

/** What the environment supplies to an interface. Everything has a default. */
export interface InterfaceDeps {
	/** Sockets of one source address. @default `sourceRoute` of `@p2pd/route` */
	readonly sockets: (source: SourceSpec) => SocketFactory;
	/** Sockets of a route. @default `route.bind()` */
	readonly bind: (route: Route, options: { readonly strict: boolean }) => Promise<SocketFactory>;
	/** Asks STUN servers which address they see. @default `observeExternalAddress` of `@p2pd/stun-client` */
	readonly observe: (
		options: ObserveExternalAddressOptions,
		deps: ObserveExternalAddressDeps,
	) => Promise<ExternalAddress>;
	/** Finds out a NAT's behaviour. @default `discoverNat` of `@p2pd/nat` */
	readonly discoverNat: (options: NatOptions, deps: NatDeps) => Promise<NatReport>;
	/** The NICs to choose from, unless the option `netifaces` gives them. @default this machine's */
	readonly netifaces: () => Netifaces;
	readonly clock: Clock;
	readonly random: RandomBytes;
	/** The environment that P2PD_STUN_SERVERS is read from. @default `process.env` */
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Resolves the names of STUN servers, for the sockets that they are asked by. @default `resolveHost` of `@p2pd/address` */
	readonly resolve: Resolver;
	/** What is known about STUN servers, shared by `start()` and `loadNat()`. @default the memory of this process */
	readonly memory: StunServerMemory;
}

/** When a call gives up. */
export interface CallOptions {
	readonly signal?: AbortSignal;
	/** Overall timeout, in ms. @default the interface's option */
	readonly timeout?: number;
}

/** Options of a refresh. */
export interface RefreshOptions extends CallOptions {
	/** The event of a watch; without it the NICs are enumerated again. */
	readonly event?: InterfacesEvent;
}

/** A route in P2PD's dictionary, with a key of this package. */
export interface InterfaceRouteJson extends RouteJson {
	/** The external addresses are not globally routable. */
	readonly non_public?: true;
}

/** One value for each family, with text keys as JSON has them. */
export interface ByFamilyJson<T> {
	readonly "4": T;
	readonly "6": T;
}

/** P2PD's dictionary of an interface: name, NAT and route pools, then the keys that P2PD added later, then ours. */
export interface InterfaceJson {
	readonly name: string;
	/** The NAT of the first route of IPv4 if there is one, else of IPv6. */
	readonly nat: NatDictionary;
	readonly rp: ByFamilyJson<readonly InterfaceRouteJson[]>;
	readonly is_default: ByFamilyJson<boolean>;
	readonly mac: string | null;
	readonly netiface_index: number | null;
	readonly nic_no: number;
	readonly id: string | number;
	readonly nat_by_af: ByFamilyJson<NatDictionary | null>;
	readonly kind: NicKind;
	readonly display_name: string;
	/** Why a family has no verified route. */
	readonly reasons?: Partial<ByFamilyJson<string>>;
}
