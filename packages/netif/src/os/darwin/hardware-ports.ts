import type { NicKind } from "../types.js";

/** What macOS calls a NIC, and what it says it is. */
export interface HardwarePort {
	readonly displayName: string;
	readonly kind: NicKind | null;
}

/** The ports in `networksetup -listallhardwareports` by device: blocks of `Hardware Port:`, `Device:`, address. */
export function parseHardwarePorts(text: string): Map<string, HardwarePort> {
	const ports = new Map<string, HardwarePort>();
	for (const block of text.split(/\r?\n\s*\r?\n/)) {
		const displayName = /^Hardware Port: (.+)$/m.exec(block)?.[1]?.trim();
		const device = /^Device: (.+)$/m.exec(block)?.[1]?.trim();
		if (displayName && device) ports.set(device, { displayName, kind: kindOfPort(displayName) });
	}
	return ports;
}

/** The names of ports are Apple's own and in English in every language of the system. */
function kindOfPort(port: string): NicKind | null {
	if (/wi-fi|airport/i.test(port)) return "wireless";
	if (/bridge/i.test(port)) return "bridge";
	if (/iphone|ipad|wwan|modem/i.test(port)) return "cellular";
	return /ethernet|lan\b|thunderbolt/i.test(port) ? "ethernet" : null;
}
