import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { IpAddress } from "@p2pd/address";
import { type Clock, systemClock } from "@p2pd/net";
import { RouteNativeMissingError, RouteSocketError } from "../errors.js";
import { type DescriptorPlan, openDescriptor } from "./descriptor.js";
import { isLibcLoaded, type LibcAccess, loadLibc } from "./libc.js";
import { readReversePathFilter } from "./reverse-path-filter.js";

/** What the environment supplies to sockets. Tests replace it. */
export interface SocketDeps {
	/** Returns libc, or says why it is missing. Must not throw. */
	readonly libc: () => LibcAccess;
	readonly platform: NodeJS.Platform;
	readonly clock: Pick<Clock, "now">;
	/** The `rp_filter` in force on a NIC: 0 off, 1 strict, 2 loose; null where it cannot be read. */
	readonly reversePathFilter: (nic: string) => number | null;
	/**
	 * Whether a NIC has the address, if that can be told without loading libc, which takes longer than the rest of a first
	 * bind. False if it is not known. @default not known
	 */
	readonly isNicAddress?: (ip: string) => boolean;
	/** Whether the runtime can make a UDP socket from a descriptor. Deno 2 cannot. @default it can */
	readonly udpDescriptors?: () => boolean;
}

/** This process's libc and platform. libc is loaded when a socket first needs it. */
export const systemDeps: SocketDeps = {
	libc: loadLibc,
	platform: process.platform,
	clock: systemClock,
	reversePathFilter: (nic) => readReversePathFilter(nic, (path) => readFileSync(path, "utf8")),
	isNicAddress: (ip) => !isLibcLoaded() && hasNicAddress(ip),
	udpDescriptors: () => {
		takesUdpDescriptors ??= tryUdpDescriptor(loadLibc());
		return takesUdpDescriptors;
	},
};

function hasNicAddress(ip: string): boolean {
	try {
		return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === ip));
	} catch {
		// Android refuses the list.
		return false;
	}
}

let takesUdpDescriptors: boolean | undefined;

/** Makes a UDP socket from a descriptor. Deno refuses at once with ERR_INVALID_FD_TYPE. */
function tryUdpDescriptor(access: LibcAccess): boolean {
	if (!access.available) return false;
	const { libc, numbers } = access;
	const fd = openDescriptor(libc, numbers, { af: 4, type: "dgram", device: null, bind: null });
	const socket = createSocket("udp4");
	socket.on("error", () => undefined);
	try {
		socket.bind({ fd, exclusive: true });
		return true;
	} catch {
		libc.close(fd);
		return false;
	} finally {
		socket.close();
	}
}

/**
 * Makes a descriptor as planned, because `option` needs one.
 * @throws RouteNativeMissingError naming that option where libc is missing; RouteSocketError as `openDescriptor`
 */
export function descriptorFor(deps: SocketDeps, option: string, plan: DescriptorPlan): number {
	const access = deps.libc();
	if (!access.available) throw new RouteNativeMissingError(option, access.reason, { cause: access.cause });
	return openDescriptor(access.libc, access.numbers, plan);
}

/** Closes a descriptor that was not handed over to Node. */
export function closeDescriptor(deps: SocketDeps, fd: number): void {
	const access = deps.libc();
	if (access.available) access.libc.close(fd);
}

/**
 * Refuses a zone that names no NIC. From Node 22 on a connection to such an address neither succeeds nor fails, ever.
 * Except on Windows Node knows NICs by name only, so a number is refused too, unless it is the index of the route's own
 * NIC, which has become its name by now.
 * @throws RouteSocketError with `errno` ENODEV
 */
export function refuseUnknownZone(ip: IpAddress, deps: SocketDeps): void {
	if (ip.zone === null || deps.platform === "win32") return;
	const access = deps.libc();
	const known = access.available
		? access.libc.nicIndex(ip.zone) !== 0
		: networkInterfaces()[ip.zone] !== undefined;
	if (!known) throw new RouteSocketError("if_nametoindex", "ENODEV", ip.zone);
}
