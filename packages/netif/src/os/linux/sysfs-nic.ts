import { cleanMac } from "../ip-text.js";
import type { NicKind, OsDeps, ReversePathFilter } from "../types.js";
import { kindOf } from "./kind.js";

/** What /sys/class/net knows of one NIC. */
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
 * Reads one NIC's folder in /sys/class/net. A file that this kernel does not have leaves its fact out.
 *
 * @param filterOfAll net.ipv4.conf.all.rp_filter
 * @throws with the OS's `code` when the folder itself cannot be read (ENOENT: the NIC has vanished meanwhile)
 */
export function readSysfsNic(deps: OsDeps, name: string, filterOfAll: number | null): SysfsNic {
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
		reversePathFilter: up ? stricter(readReversePathFilter(deps, name), filterOfAll) : null,
	};
}

/** net.ipv4.conf.NAME.rp_filter, where NAME is a NIC or "all"; `null` where it is not to be had. */
export function readReversePathFilter(deps: OsDeps, name: string): number | null {
	return number(optional(() => deps.readFile(`/proc/sys/net/ipv4/conf/${name}/rp_filter`)));
}

/** The kernel goes by the higher of the NIC's own setting and that of "all" (ip-sysctl.rst). */
function stricter(own: number | null, all: number | null): ReversePathFilter | null {
	return own === null ? null : ((["off", "strict", "loose"] as const)[Math.max(own, all ?? 0)] ?? null);
}

function number(text: string): number | null {
	const value = text.trim();
	return /^\d+$/.test(value) ? Number(value) : null;
}

/** Files may be refused one by one (and vanish with their NIC): an absent fact, no failure of the whole. */
function optional(read: () => string): string {
	try {
		return read();
	} catch {
		return "";
	}
}
