import { NativeMissingError } from "../errors.js";
import { type DescriptorPlan, openDescriptor } from "../libc/descriptor.js";
import { loadLibc } from "../libc/load-libc.js";
import type { SocketDeps } from "./types.js";

/** This process's libc and platform. libc is loaded when a socket first needs it. */
export const systemDeps: SocketDeps = { libc: loadLibc, platform: process.platform };

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
