import { readReversePathFilter } from "@p2pd/route/kernel";
import { cleanMac } from "../address-text.js";
import type { NicKind, OsDeps, ReversePathFilter } from "../types.js";

/** The facts about one NIC in /sys/class/net. */
export interface SysfsNic {
	readonly index: number | null;
	readonly displayName: string;
	readonly kind: NicKind;
	readonly up: boolean;
	readonly running: boolean;
	readonly mtu: number | null;
	readonly mac: string | null;
	readonly master: string | null;
	readonly bridgePort: boolean;
	readonly reversePathFilter: ReversePathFilter | null;
}

const IFF_UP = 0x1;

/**
 * Reads one NIC's folder in /sys/class/net. Facts whose files this kernel lacks are left out.
 *
 * @throws with the OS's `code` if the folder itself cannot be read (ENOENT: the NIC has vanished)
 */
export function readSysfsNic(deps: OsDeps, name: string): SysfsNic {
	const folder = `/sys/class/net/${name}`;
	const entries = new Set(deps.readDir(folder));
	const text = (file: string): string =>
		entries.has(file) ? optional(() => deps.readFile(`${folder}/${file}`)) : "";
	const uevent = text("uevent");
	const flags = Number(text("flags").trim() || 0);
	const operstate = text("operstate").trim();
	const master = entries.has("master") ? optional(() => deps.readLink(`${folder}/master`)) : "";
	const up = (flags & IFF_UP) !== 0;
	return {
		index: number(/^IFINDEX=(\d+)$/m.exec(uevent)?.[1] ?? text("ifindex")),
		displayName: text("ifalias").trim() || name,
		kind: kindOf({
			devtype: /^DEVTYPE=(.+)$/m.exec(uevent)?.[1] ?? null,
			hardwareType: number(text("type")),
			flags,
			entries,
		}),
		up,
		// The kernel's own IFF_RUNNING: operational state "up", or "unknown" for drivers that do not tell (RFC 2863).
		running: up && (operstate === "up" || operstate === "unknown"),
		mtu: number(text("mtu")),
		mac: cleanMac(text("address")),
		master: master.split("/").at(-1) || null,
		bridgePort: entries.has("brport"),
		reversePathFilter: up ? filterOf(readReversePathFilter(name, (path) => deps.readFile(path))) : null,
	};
}

function filterOf(level: number | null): ReversePathFilter | null {
	return level === null ? null : ((["off", "strict", "loose"] as const)[level] ?? null);
}

function number(text: string): number | null {
	const value = text.trim();
	return /^\d+$/.test(value) ? Number(value) : null;
}

/** A single file may be refused, or vanish with its NIC. That fact is then missing; the others are still read. */
function optional(read: () => string): string {
	try {
		return read();
	} catch {
		return "";
	}
}

/** The kernel's facts about a NIC's kind. */
export interface KindFacts {
	/** DEVTYPE of its uevent. */
	readonly devtype: string | null;
	/** ARPHRD_* of if_arp.h. */
	readonly hardwareType: number | null;
	/** IFF_* of if.h. */
	readonly flags: number;
	/** The names in its sysfs folder. */
	readonly entries: ReadonlySet<string>;
}

const IFF_LOOPBACK = 0x8;

const BY_DEVTYPE: Readonly<Record<string, NicKind>> = {
	wlan: "wireless",
	bridge: "bridge",
	wwan: "cellular",
	dsa: "ethernet",
	ppp: "tunnel",
	wireguard: "tunnel",
	vxlan: "tunnel",
	geneve: "tunnel",
	gretap: "tunnel",
	ip6gretap: "tunnel",
	erspan: "tunnel",
	vlan: "virtual",
	bond: "virtual",
	team: "virtual",
	macvlan: "virtual",
	vrf: "virtual",
};

/** ARPHRD_* values that determine the kind. */
const BY_HARDWARE: Readonly<Record<number, NicKind>> = {
	32: "ethernet", // INFINIBAND: a cable all the same
	512: "tunnel", // PPP
	519: "cellular", // RAWIP: the data channel of a modem
	768: "tunnel", // TUNNEL (ipip)
	769: "tunnel", // TUNNEL6
	772: "loopback", // LOOPBACK
	776: "tunnel", // SIT
	778: "tunnel", // IPGRE
	801: "wireless", // IEEE80211
	802: "wireless", // IEEE80211_PRISM
	803: "wireless", // IEEE80211_RADIOTAP
	820: "cellular", // PHONET
	821: "cellular", // PHONET_PIPE
	823: "tunnel", // IP6GRE
	65534: "tunnel", // NONE: carries bare IP packets
};

const ARPHRD_ETHER = 1;

/** The kind of a Linux NIC by the kernel's facts. Its name plays no part. */
export function kindOf({ devtype, hardwareType, flags, entries }: KindFacts): NicKind {
	if (flags & IFF_LOOPBACK) return "loopback";
	if (entries.has("wireless") || entries.has("phy80211")) return "wireless";
	if (entries.has("bridge")) return "bridge";
	const named = devtype === null ? undefined : BY_DEVTYPE[devtype];
	if (named) return named;
	if (entries.has("tun_flags")) return "tunnel";
	if (hardwareType === null) return "unknown";
	const byHardware = BY_HARDWARE[hardwareType];
	if (byHardware) return byHardware;
	if (hardwareType !== ARPHRD_ETHER) return "unknown";
	// Ethernet framing with a device is a card; without a device it is software (veth, dummy, ifb).
	return entries.has("device") ? "ethernet" : "virtual";
}
