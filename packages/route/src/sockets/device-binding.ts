import type { Family, IpAddress } from "@p2pd/address";
import { DeviceBindingError } from "../errors.js";
import { openDescriptor } from "../libc/descriptor.js";
import type { DeviceBinding, RouteNic } from "../types.js";
import type { SocketDeps } from "./types.js";

/** What was decided about the device, and why not more. */
export interface DeviceDecision {
	readonly binding: DeviceBinding;
	/** Why sockets are bound by their source address only; null if they are bound to the device. */
	readonly reason: string | null;
}

/**
 * Decides whether sockets of a NIC and address are bound to the device, by trying it on a socket that sends
 * nothing. Left to itself (`wish` undefined) that is every NIC but the default one, where the system can.
 * `"device"` insists; `"source-address"` never does it.
 * @throws DeviceBindingError (`ERR_ROUTE_DEVICE_BINDING`) where the device is insisted on and cannot be had.
 */
export function decideDevice(
	af: Family,
	nic: RouteNic | null,
	ip: IpAddress,
	wish: DeviceBinding | undefined,
	deps: SocketDeps,
): DeviceDecision {
	const less = (reason: string, cause?: unknown): DeviceDecision => {
		if (wish === "device") throw new DeviceBindingError(nic?.name ?? null, reason, { cause });
		return { binding: "source-address", reason };
	};
	if (wish === "source-address") return less("asked for the source address alone");
	if (nic === null) return less("the kernel chooses the NIC");
	if (ip.isLoopback) return less("the loopback address belongs to no other device");
	if (wish === undefined && nic.isDefault(af)) return less("the kernel's own choice is this NIC");
	if (deps.platform === "win32") {
		return { binding: "source-address", reason: "on Windows the source address decides the NIC" };
	}
	const access = deps.libc();
	if (!access.available) return less(`no native part: ${access.reason}`, access.cause);
	try {
		const fd = openDescriptor(access.libc, access.numbers, { af, type: "dgram", device: nic, bind: null });
		access.libc.close(fd);
		return { binding: "device", reason: null };
	} catch (cause) {
		return less(`the system refuses it (${cause instanceof Error ? cause.message : String(cause)})`, cause);
	}
}
