import type { IpAddress } from "@p2pd/address";
import type { Family, NicRef } from "@p2pd/net";
import { RouteDeviceBindingError } from "../errors.js";
import { openDescriptor } from "../kernel/descriptor.js";
import type { SocketDeps } from "../kernel/system.js";
import type { DeviceBinding } from "../types.js";

/** How sockets are tied to their NIC. */
export interface DeviceDecision {
	readonly binding: DeviceBinding;
	/** Why sockets, or one kind of them, are bound by their source address only; null if all are bound to the device. */
	readonly reason: string | null;
}

/** Deno adopts the descriptors of TCP sockets only. */
export const NO_UDP_DESCRIPTORS =
	"UDP sockets are bound by their source address only, because this runtime makes none from a descriptor";

/**
 * Decides whether sockets of a NIC and address are bound to the device, by trying it on a socket that sends nothing.
 *
 * @param wanted undefined: bind to the device unless it is the default NIC, where the system can; `"device"`: insist on
 * it; `"source-address"`: never
 * @throws RouteDeviceBindingError (`ERR_ROUTE_DEVICE_BINDING`) where `wanted` is `"device"` and the system refuses it
 */
export function decideDevice(
	af: Family,
	nic: NicRef | null,
	ip: IpAddress,
	wanted: DeviceBinding | undefined,
	deps: SocketDeps,
): DeviceDecision {
	const less = (reason: string, cause?: unknown): DeviceDecision => {
		if (wanted === "device") throw new RouteDeviceBindingError(nic?.name ?? null, reason, { cause });
		return { binding: "source-address", reason };
	};
	if (wanted === "source-address") return less("only the source address was asked for");
	if (nic === null) return less("the kernel chooses the NIC");
	if (ip.isLoopback) return less("a loopback address cannot be used on a device");
	if (wanted === undefined && nic.isDefault(af)) return less("this is the default NIC");
	if (deps.platform === "win32") {
		return { binding: "source-address", reason: "on Windows the source address decides the NIC" };
	}
	const access = deps.libc();
	if (!access.available) return less(`no native part: ${access.reason}`, access.cause);
	try {
		const fd = openDescriptor(access.libc, access.numbers, { af, type: "dgram", device: nic, bind: null });
		access.libc.close(fd);
		return { binding: "device", reason: deps.udpDescriptors?.() === false ? NO_UDP_DESCRIPTORS : null };
	} catch (cause) {
		return less(
			`the system refuses to bind to the device (${cause instanceof Error ? cause.message : String(cause)})`,
			cause,
		);
	}
}
