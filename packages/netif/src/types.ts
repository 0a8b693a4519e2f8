import type { Family } from "@p2pd/address";
import type { Delta, NatDeps, NatOptions, NatReport, NatType } from "@p2pd/nat";
import type { NicRef, SocketFactory } from "@p2pd/net";
import type { Route, RouteJson } from "@p2pd/route";
import type {
	Clock,
	ExternalAddress,
	Lookup,
	ObserveOptions,
	RandomBytes,
	StunServerSpec,
} from "@p2pd/stun-client";
import type { Enumerate, Netifaces } from "./netifaces.js";
import type { CommandRunner, NicKind } from "./os/types.js";
import type { InterfacesEvent } from "./watch/types.js";

/** What the user of an interface may tune. */
export interface InterfaceOptions {
	/** The NICs to choose from, as `initP2pd()` gave them. @default the interface looks by itself */
	readonly netifaces?: Netifaces;
	/**
	 * The STUN servers that are asked: `host:port` texts or specs. Nothing else is ever contacted.
	 * @default those of the variable P2PD_STUN_SERVERS, else `DEFAULT_STUN_SERVERS`
	 */
	readonly stunServers?: readonly (string | StunServerSpec)[];
	/** Servers that must agree on an external address. @default 2 */
	readonly minAgree?: number;
	/** Servers that are asked at most for each source address. @default 6 */
	readonly maxServers?: number;
	/** All of `start()`, in ms. @default 5000 */
	readonly timeout?: number;
	/** All of `loadNat()`, in ms. @default 8000 */
	readonly natTimeout?: number;
	/** The families that are looked at. @default both */
	readonly families?: readonly Family[];
	/**
	 * Refuse to observe, or to test the NAT, by sockets that are not bound to the device: a NIC where the system
	 * cannot do that has unverified routes. @default false: a non-default NIC is bound to where the system can
	 */
	readonly strict?: boolean;
}

/** A source address on a NIC, for which sockets are wanted. */
export interface SourceSpec {
	readonly af: Family;
	readonly nic: NicRef;
	readonly ip: string;
	/** Only sockets that are bound to the device will do. */
	readonly strict: boolean;
}

/** What the environment supplies to an interface; all of it has a default. */
export interface InterfaceDeps {
	/** Sockets of one source address. @default `sourceRoute` of `@p2pd/route` */
	readonly sockets: (source: SourceSpec) => SocketFactory;
	/** Sockets of a route. @default `route.bind()` */
	readonly bind: (route: Route, options: { readonly strict: boolean }) => Promise<SocketFactory>;
	/** Asks STUN servers which address they see. @default `observeExternalAddress` of `@p2pd/stun-client` */
	readonly observe: (
		options: ObserveOptions & {
			readonly clock: Clock;
			readonly random: RandomBytes;
			readonly lookup?: Lookup;
		},
	) => Promise<ExternalAddress>;
	/** Finds out a NAT's behaviour. @default `discoverNat` of `@p2pd/nat` */
	readonly discoverNat: (options: NatOptions, deps: NatDeps) => Promise<NatReport>;
	/** Takes a look at the NICs, unless the option `netifaces` does. @default this machine's */
	readonly netifaces: () => Netifaces;
	readonly clock: Clock;
	readonly random: RandomBytes;
	/** Where P2PD_STUN_SERVERS is read. @default `process.env` */
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Resolves names of STUN servers. @default the resolver of `@p2pd/address`, through the same sockets */
	readonly lookup?: Lookup;
}

/** What the environment supplies to a look at the OS from this package. */
export interface InitDeps {
	/** @default `enumerateInterfaces` */
	readonly enumerate?: Enumerate;
	/** Runs the commands of macOS and Windows. @default `execFile`, without a shell */
	readonly run?: CommandRunner;
	readonly clock?: Pick<Clock, "now">;
}

/** How a call may be cut short. */
export interface CallOptions {
	readonly signal?: AbortSignal;
	/** All of the call, in ms. @default the interface's option */
	readonly timeout?: number;
}

/** Options of a refresh. */
export interface RefreshOptions extends CallOptions {
	/** What a watch told; without it the NICs are looked at again. */
	readonly event?: InterfacesEvent;
}

/** A NAT in P2PD's dictionary. */
export interface NatJson {
	/** P2PD's number, 1 to 7. */
	readonly type: NatType;
	readonly nat_info: string;
	readonly delta: Delta;
	readonly delta_info: string;
	/** The type, the delta or both were not found out: P2PD's assumption stands in for them. */
	readonly assumed?: true;
	/** Why it is assumed. */
	readonly reason?: string;
}

/** A route in P2PD's dictionary, with what this package adds to it. */
export interface InterfaceRouteJson extends RouteJson {
	/** The external addresses are not globally routable. */
	readonly non_public?: true;
}

/** One value for each family, under JSON's own kind of key. */
export interface ByFamilyJson<T> {
	readonly "4": T;
	readonly "6": T;
}

/** P2PD's dictionary of an interface: name, NAT and route pools, then what P2PD added later, then ours. */
export interface InterfaceJson {
	readonly name: string;
	/** The NAT of the first route of IPv4 if there is one, else of IPv6. */
	readonly nat: NatJson;
	readonly rp: ByFamilyJson<readonly InterfaceRouteJson[]>;
	readonly is_default: ByFamilyJson<boolean>;
	readonly mac: string | null;
	readonly netiface_index: number | null;
	readonly nic_no: number;
	readonly id: string | number;
	readonly nat_by_af: ByFamilyJson<NatJson | null>;
	readonly kind: NicKind;
	readonly display_name: string;
	/** Why a family has no verified route. */
	readonly reasons?: Partial<ByFamilyJson<string>>;
}
