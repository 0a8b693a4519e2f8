import { readFileSync } from "node:fs";
import { NativeMissingError } from "../errors.js";
import { type DescriptorPlan, openDescriptor } from "../libc/descriptor.js";
import { loadLibc } from "../libc/load-libc.js";
import type { SocketDeps } from "./types.js";

/** This process's libc and platform. libc is loaded when a socket first needs it. */
export const systemDeps: SocketDeps = {
	libc: loadLibc,
	platform: process.platform,
	now: () => performance.now(),
	reversePathFilter: (nic) => {
		const [all, own] = ["all", nic].map(readFilter);
		return all == null || own == null ? null : Math.max(all, own);
	},
};

/** One of the kernel's two settings; the higher one counts (ip-sysctl). A NIC's name has no slash in it. */
function readFilter(scope: string): number | null {
	try {
		return Number(readFileSync(`/proc/sys/net/ipv4/conf/${scope}/rp_filter`, "utf8"));
	} catch {
		return null;
	}
}

/**
 * A descriptor made to plan, for `option`'s sake.
 * @throws NativeMissingError naming that option where libc is out of reach; SocketError as `openDescriptor`.
 */
export function descriptorFor(deps: SocketDeps, option: string, plan: DescriptorPlan): number {
	const access = deps.libc();
	if (!access.available) throw new NativeMissingError(option, access.reason, { cause: access.cause });
	return openDescriptor(access.libc, access.numbers, plan);
}

/** Closes a descriptor that was not handed over. */
export function closeDescriptor(deps: SocketDeps, fd: number): void {
	const access = deps.libc();
	if (access.available) access.libc.close(fd);
}
