import { canonicalIp, scopeOf } from "./ip-text.js";
import type { HostAddress, NicAddress, OsDeps } from "./types.js";

/** What `os.networkInterfaces()` gave, or why it gave nothing. */
export type HostAddresses =
	| { readonly ok: true; readonly byName: ReadonlyMap<string, readonly HostAddress[]> }
	| { readonly ok: false; readonly reason: string };

/** Asks `os.networkInterfaces()`, which throws where the OS refuses (Android, some sandboxes). */
export function readHostAddresses(deps: OsDeps): HostAddresses {
	try {
		const byName = new Map<string, readonly HostAddress[]>();
		for (const [name, list] of Object.entries(deps.networkInterfaces())) if (list) byName.set(name, list);
		return { ok: true, byName };
	} catch (error) {
		return { ok: false, reason: reasonOf(error) };
	}
}

/** One address of `os.networkInterfaces()` in our form; `zone` is put on a link-local one. */
export function fromHostAddress(host: HostAddress, zone: string, label?: string): NicAddress | null {
	const found = canonicalIp(host.address.replace(/%.*$/, ""));
	if (!found) return null;
	const prefix = /\/(\d+)$/.exec(host.cidr ?? "")?.[1];
	const scope = scopeOf(found.af, found.ip);
	return {
		af: found.af,
		ip: found.af === 6 && scope === "link" ? `${found.ip}%${zone}` : found.ip,
		cidr: prefix === undefined ? null : Number(prefix),
		scope,
		...(label === undefined ? {} : { label }),
	};
}

/** A short reason for a failed read: the OS's code if it gave one. */
export function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const code = (error as NodeJS.ErrnoException).code;
	return typeof code === "string" && !error.message.includes(code)
		? `${code}: ${error.message}`
		: error.message;
}
