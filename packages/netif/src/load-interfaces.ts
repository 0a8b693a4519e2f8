import { FAMILIES, type Family, is, objectProblem } from "@p2pd/net";
import { NetifArgumentError, NetifNotFoundError, refuse } from "./errors.js";
import { Interface, optionFields } from "./interface.js";
import { Netifaces, newNetifaces } from "./netifaces.js";
import type { NicInfo } from "./os/types.js";
import type { CallOptions, InterfaceDeps, InterfaceOptions } from "./types.js";

/** What a NIC can be used for. */
export interface UsableInterface {
	readonly name: string;
	readonly nic: NicInfo;
	/** The families with a default or gateway route: to the Internet, or wherever the gateway leads. */
	readonly wan: readonly Family[];
	/** The families with an address that reaches beyond its link. */
	readonly lan: readonly Family[];
	/** A tunnel or VPN: packets that leave here come out somewhere else. */
	readonly tunnel: boolean;
}

/** Options of {@link listInterfaces}. */
export interface ListInterfacesOptions {
	/** The NICs to choose from. @default this machine's */
	readonly netifaces?: Netifaces;
	readonly signal?: AbortSignal;
}

/** Options of {@link loadInterfaces}. */
export interface LoadInterfacesOptions extends InterfaceOptions, CallOptions {
	/** Load these NICs instead of the usable ones. */
	readonly names?: readonly string[];
	/** Whether to load the NAT of each. @default true */
	readonly nat?: boolean;
}

/**
 * The NICs that are usable for WAN or LAN, the default ones first; see {@link UsableInterface}. Loopbacks, links that are
 * down, bridges and their ports are left out, unless a route by a gateway leads over them.
 *
 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT), or the signal's reason
 */
export async function listInterfaces(
	options: ListInterfacesOptions | Netifaces = {},
): Promise<UsableInterface[]> {
	if (Netifaces.isNetifaces(options)) return usableOf(options.nics);
	refuse(
		objectProblem(options, "", { netifaces: optionFields["netifaces"] ?? is.anything, signal: is.signal }),
	);
	const { netifaces, signal } = options;
	if (netifaces) return usableOf(netifaces.nics);
	return usableOf((await newNetifaces().look(signal ? { signal } : {})).nics);
}

const loadFields = {
	...optionFields,
	names: is.listOf(is.filledText),
	nat: is.boolean,
	signal: is.signal,
};

/**
 * Starts the usable NICs at once and loads the NAT of each. A NIC whose NAT could not be found out is returned with the
 * reason in its `nat`, and so is one without a default route; one that vanishes meanwhile is left out. P2PD's positional
 * forms work too: `loadInterfaces(["eth0"])` and `loadInterfaces(netifaces)`.
 *
 * @returns in the order of {@link listInterfaces}, or of `names`
 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT), NetifNotFoundError for an unknown name, StunConfigError for an invalid
 *   P2PD_STUN_SERVERS, or the signal's reason
 */
export async function loadInterfaces(
	options: LoadInterfacesOptions | readonly string[] | Netifaces = {},
	deps: Partial<InterfaceDeps> = {},
): Promise<Interface[]> {
	const { names, nat = true, signal, timeout, ...rest } = readLoadOptions(options);
	const call = { ...(signal ? { signal } : {}), ...(timeout === undefined ? {} : { timeout }) };
	const netifaces = rest.netifaces ?? deps.netifaces?.() ?? newNetifaces();
	const snapshot = rest.netifaces?.hasLooked
		? rest.netifaces.snapshot
		: await netifaces.look(signal ? { signal } : {});
	const wanted =
		names?.map((name) => netifaces.get(name).name) ?? usableOf(snapshot.nics).map(({ name }) => name);
	const made = wanted.map((name) => new Interface(name, { ...rest, netifaces }, deps));
	const loaded = await Promise.all(
		made.map(async (nic) => {
			try {
				await nic.start(call);
			} catch (error) {
				// It vanished after the list was made.
				if (error instanceof NetifNotFoundError) return null;
				throw error;
			}
			if (nat) await nic.loadNat(signal ? { signal } : {});
			return nic;
		}),
	);
	return loaded.filter((nic) => nic !== null);
}

function readLoadOptions(
	options: LoadInterfacesOptions | readonly string[] | Netifaces,
): LoadInterfacesOptions {
	if (Netifaces.isNetifaces(options)) return { netifaces: options };
	if (isNames(options)) {
		refuse(loadFields.names(options, "names"));
		return { names: options };
	}
	if (typeof options === "string") {
		throw new NetifArgumentError("names", `must be an array: loadInterfaces([${JSON.stringify(options)}])`);
	}
	refuse(objectProblem(options, "", loadFields, { renamed: { if_names: "names", interfaces: "names" } }));
	return options;
}

function isNames(options: object): options is readonly string[] {
	return Array.isArray(options);
}

/** The usable NICs, default NICs first (IPv4's before IPv6's), the others in the order of their index. */
function usableOf(nics: readonly NicInfo[]): UsableInterface[] {
	const usable = nics.map(usabilityOf).filter((each): each is UsableInterface => each !== null);
	const rank = ({ nic }: UsableInterface): number => (nic.isDefault[4] ? 0 : nic.isDefault[6] ? 1 : 2);
	return usable.sort((a, b) => rank(a) - rank(b));
}

/**
 * What a NIC is usable for, or `null`. A default or gateway route outranks the kind, so the veth of a container counts,
 * and so does a bridge with the host's own address; without such a route, bridges and their ports do not.
 */
function usabilityOf(nic: NicInfo): UsableInterface | null {
	if (nic.kind === "loopback" || nic.up === false || nic.running === false) return null;
	const reaches = (af: Family): boolean =>
		nic.addresses.some((address) => address.af === af && address.scope === "global" && !address.tentative);
	const hasGateway = (af: Family): boolean =>
		nic.isDefault[af] ||
		nic.gateways[af].length > 0 ||
		nic.routes.some((route) => route.af === af && route.gateway !== null);
	const has = (af: Family): boolean => nic.addresses.some((address) => address.af === af);
	const wan = FAMILIES.filter((af) => has(af) && hasGateway(af));
	const lan = FAMILIES.filter(reaches);
	const partOfBridge = nic.kind === "bridge" || nic.bridgePort;
	if (wan.length === 0 && (lan.length === 0 || partOfBridge)) return null;
	return { name: nic.name, nic, wan, lan, tunnel: nic.kind === "tunnel" };
}
