import type { NicKind } from "../types.js";

/** What the kernel tells of a NIC's kind. */
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

/** ARPHRD_* values that say what a NIC is by themselves. */
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

/** The kind of a Linux NIC by what the kernel says of it; its name is not looked at. */
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
	// Ethernet framing with a device behind it is a card; without one it is software (veth, dummy, ifb).
	return entries.has("device") ? "ethernet" : "virtual";
}
