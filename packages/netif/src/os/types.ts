import type { Family, SourceAnswer } from "@p2pd/net";

/** One value for each family. */
export type PerFamily<T> = Readonly<Record<Family, T>>;

/**
 * What a NIC is. `tunnel` is every NIC that carries packets inside other packets (VPNs included); `virtual` is a
 * software NIC of another sort (veth, VLAN, dummy, Hyper-V switch port).
 */
export type NicKind =
	| "ethernet"
	| "wireless"
	| "loopback"
	| "tunnel"
	| "bridge"
	| "virtual"
	| "cellular"
	| "unknown";

/** How far an address reaches: this host, this link, this site (deprecated in IPv6), or beyond. */
export type AddressScope = "host" | "link" | "site" | "global";

/** An address that the OS has put on a NIC. */
export interface NicAddress {
	readonly af: Family;
	/** Canonical text (RFC 5952); an IPv6 link-local address carries its zone (`fe80::1%eth0`). */
	readonly ip: string;
	/** Prefix length in bits, or `null` where the OS did not say. */
	readonly cidr: number | null;
	readonly scope: AddressScope;
	/** The label under which the OS lists this address (`eth0:1`), if it is not the NIC's name. */
	readonly label?: string;
	/** A privacy address (RFC 8981) that the OS will replace. */
	readonly temporary?: true;
	/** Past its preferred lifetime: not for new connections (RFC 4862 section 5.5.4). */
	readonly deprecated?: true;
	/** Not usable: duplicate address detection is still running, or it found a duplicate. */
	readonly tentative?: true;
}

/** A unicast route that leaves through a NIC. */
export interface NicRoute {
	readonly af: Family;
	/** The destination network, canonical text without prefix. */
	readonly destination: string;
	/** Prefix length in bits; 0 is the default route. */
	readonly cidr: number;
	/** The next hop, or `null` when the destination is on the link itself. */
	readonly gateway: string | null;
	/** Lower is preferred; `null` where the OS does not give one. */
	readonly metric: number | null;
}

/** A route together with the NIC that it leaves through. */
export interface RouteOnNic {
	readonly nic: string;
	readonly route: NicRoute;
}

/** A default route of a NIC: the way to everywhere. */
export interface NicGateway {
	/** The next hop, or `null` for a default route that is on the link itself (point-to-point). */
	readonly ip: string | null;
	/** Lower is preferred; `null` where the OS does not give one. */
	readonly metric: number | null;
}

/** Linux's reverse path filter of a NIC (RFC 3704): `strict` drops answers on a NIC that is not the best way back. */
export type ReversePathFilter = "off" | "strict" | "loose";

/** A fact that could not be read, and why. */
export interface MissingFact {
	/** The NIC, or `null` when the fact is missing for all of them. */
	readonly nic: string | null;
	/** Which fact, by its field name. */
	readonly fact: string;
	/** Why, with the OS's own error code where it gave one. */
	readonly reason: string;
}

/** A NIC as the operating system describes it. A field that is `null` is not known: see {@link NicSnapshot.missing}. */
export interface NicInfo {
	/** The OS's own number for it. */
	readonly index: number | null;
	/** The name that the OS uses in its calls: `eth0`, `en0`, on Windows the friendly name (`Wi-Fi`). */
	readonly name: string;
	/** A name for people: the alias, the hardware port or the adapter description; otherwise the same as `name`. */
	readonly displayName: string;
	/** Windows' GUID of the adapter, with braces. */
	readonly guid?: string;
	readonly kind: NicKind;
	/** Whether the OS said what kind it is, or it was guessed from the name. */
	readonly kindFrom: "os" | "name";
	/** Switched on by the administrator. */
	readonly up: boolean | null;
	/** Able to carry packets: up, and with a carrier. */
	readonly running: boolean | null;
	/** Largest packet, in bytes. */
	readonly mtu: number | null;
	/** Lower case with colons; `null` for a NIC without one. */
	readonly mac: string | null;
	/** The NIC that this one is a part of (the bridge of a bridge port, the bond of its members). */
	readonly master: string | null;
	/** Whether it is a port of a bridge. */
	readonly bridgePort: boolean;
	readonly addresses: readonly NicAddress[];
	/** Whether `addresses` is complete for a family: on Linux the IPv4 addresses of a link that is down are not known. */
	readonly addressesKnown: PerFamily<boolean>;
	/** Its default routes, the preferred one first. */
	readonly gateways: PerFamily<readonly NicGateway[]>;
	/** Every unicast route that leaves through it (main table), default routes included. */
	readonly routes: readonly NicRoute[];
	/** Whether the default route of a family leaves by this NIC. */
	readonly isDefault: PerFamily<boolean>;
	/** Linux only; `null` elsewhere. */
	readonly reversePathFilter: ReversePathFilter | null;
}

/** The NIC of a family's default route, and how that is known. */
export interface DefaultNic {
	readonly name: string;
	/** The source address that the kernel chose, or `null` when only the route table could be asked. */
	readonly source: string | null;
	/** `kernel`: by its choice of source address; `table`: by the route table only. */
	readonly from: "kernel" | "table";
	/** Whether the kernel's choice and the route table name the same NIC. Policy routing (VPNs) makes them differ. */
	readonly confirmed: boolean;
}

/** All that one enumeration read from the operating system. Plain JSON data. */
export interface NicSnapshot {
	readonly platform: string;
	/** In the order of index, then name. */
	readonly nics: readonly NicInfo[];
	readonly defaults: PerFamily<DefaultNic | null>;
	/** Whether the routes of a family could be read: without them "no gateway" means "not known". */
	readonly routesKnown: PerFamily<boolean>;
	/** What could not be read, in no particular order. */
	readonly missing: readonly MissingFact[];
}

/** What a platform's reader returns: a snapshot without the default NICs, which are found the same way everywhere. */
export interface RawSnapshot {
	readonly nics: readonly RawNic[];
	readonly routesKnown: PerFamily<boolean>;
	readonly missing: readonly MissingFact[];
	/** The default NIC where the OS names it itself (macOS's `route get default`). */
	readonly namedDefaults?: Partial<PerFamily<string>>;
}

/** A NIC before its gateways are derived from its routes. */
export type RawNic = Omit<NicInfo, "gateways" | "isDefault">;

/** The output of a command. */
export interface CommandOutput {
	readonly stdout: string;
	readonly stderr: string;
}

/**
 * Runs a program without a shell and returns its output. Rejects if it cannot be started, ends with a status other than
 * 0, takes more than `timeout` ms, or when `signal` aborts.
 */
export type CommandRunner = (
	command: string,
	args: readonly string[],
	options: { readonly timeout: number; readonly signal?: AbortSignal },
) => Promise<CommandOutput>;

/** One address as `os.networkInterfaces()` returns it. */
export interface HostAddress {
	readonly address: string;
	readonly family: string | number;
	readonly mac: string;
	readonly internal: boolean;
	readonly cidr: string | null;
	readonly scopeid?: number | undefined;
}

/** What the environment supplies to an enumeration. */
export interface OsDeps {
	readonly platform: string;
	/** Byte order of the machine: the kernel prints IPv4 addresses as host integers. */
	readonly endianness: "LE" | "BE";
	/** Windows' own folder (%SystemRoot%), where PowerShell is. @default `C:\Windows` */
	readonly systemRoot?: string | undefined;
	/** The text of a small file of /proc or /sys. Throws with a `code` as `fs.readFileSync` does. */
	readFile(path: string): string;
	/** The names in a folder. Throws with a `code`. */
	readDir(path: string): string[];
	/** The target of a symbolic link. Throws with a `code`. */
	readLink(path: string): string;
	/** `os.networkInterfaces()`. May throw (Android). */
	networkInterfaces(): Readonly<Record<string, readonly HostAddress[] | undefined>>;
	readonly run: CommandRunner;
	/** Asks the kernel which source address it would use. Sends nothing. */
	sourceAddress(destination: string): Promise<SourceAnswer>;
}

/** What the user of an enumeration may tune. */
export interface EnumerateOptions {
	/** Deadline for the commands of macOS and Windows, in ms. @default 10000 (see `COMMAND_TIMEOUT`) */
	readonly timeout?: number;
	/** Ends the enumeration early. */
	readonly signal?: AbortSignal;
}
