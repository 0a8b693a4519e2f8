import type { NicKind } from "./types.js";

/** Checked in this order; the first match wins. */
const PATTERNS: readonly (readonly [RegExp, NicKind])[] = [
	[/^(lo\d*|loopback.*)$/, "loopback"],
	[/^(veth|vnet|vmnet|dummy|ifb|macvlan|macvtap|vlan|bond|team|v-|sit0$)/, "virtual"],
	[/^vethernet|hyper-v|virtualbox|vmware/, "virtual"],
	[/^(br-|br\d|bridge|docker|virbr|lxcbr|lxdbr|vmbr|cni|podman)/, "bridge"],
	[
		/^(tun|tap|utun|wg|ppp|ipsec|gif|stf|sit|gre|ipip|tailscale|zt|nordlynx|proton|isatap|teredo)|vpn|wireguard/,
		"tunnel",
	],
	[/^(wwan|rmnet|ccmni|pdp_ip|clat|v4-rmnet|usb_rmnet)|cellular|mobile broadband/, "cellular"],
	[/^(wl|wifi|wi-fi|swlan|ath\d|ra\d)|wireless|wi-?fi|wlan|802\.11/, "wireless"],
	[/^(eth|en[ospx]?\d|eno|ens|enp|enx|em\d|p\d+p\d|lan)|ethernet/, "ethernet"],
];

/** Guesses the kind of a NIC from its name, for a NIC whose kind the OS does not tell. */
export function kindByName(name: string): NicKind {
	const lower = name.toLowerCase();
	return PATTERNS.find(([pattern]) => pattern.test(lower))?.[1] ?? "unknown";
}
