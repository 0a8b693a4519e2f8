import { Socket } from "node:net";
import { IpAddress } from "@p2pd/address";
import type { ConnectOptions } from "../types.js";
import { checkLinger, checkPort, checkRemotePort, checkTtl } from "./check-options.js";
import { closeDescriptor, descriptorFor } from "./deps.js";
import { kernelSource } from "./kernel-source.js";
import { anyIp, placeFor } from "./place.js";
import { refuseUnreachable } from "./reachability.js";
import type { Place, Seat, SocketDeps } from "./types.js";
import { endpointText, until } from "./until.js";

/**
 * A TCP connection from a seat. See {@link SocketFactory.connect}.
 *
 * Binding with port 0 makes the kernel reserve a port for the address before it knows the destination, and
 * ports in TIME_WAIT soon run out. So there is no bind where the kernel would choose the same source anyway,
 * and where there is one, libc leaves the port to connect(). Only without libc is it an ordinary bind.
 */
export async function openConnection(seat: Seat, options: ConnectOptions, deps: SocketDeps): Promise<Socket> {
	options.signal?.throwIfAborted();
	const remotePort = checkRemotePort("port", options.port);
	const port = checkPort("localPort", options.localPort ?? seat.port);
	const ttl = checkTtl(options.ttl);
	const lingerSeconds = checkLinger(options.lingerSeconds);
	const to = IpAddress.parse(options.ip);
	const place = placeFor(seat, to);
	refuseUnreachable(place, deps);
	const host = (place.to ?? to).toString();
	const bind = (await needsBind(place, port, deps)) ? { ip: place.ip ?? anyIp(seat.af), port } : null;
	options.signal?.throwIfAborted();

	// From here to socket.connect() there is no await: Node reads at once from a descriptor that it is given,
	// and one that is not even connecting ends in ENOTCONN.
	const reason = whyDescriptor(place, options, bind !== null && port === 0 && deps.libc().available);
	const local = bind === null ? {} : { localAddress: bind.ip.toString(), localPort: port };
	const socket =
		reason === null
			? new Socket()
			: adopt(
					deps,
					descriptorFor(deps, reason, {
						af: seat.af,
						type: "stream",
						device: place.device,
						bind,
						freeBind: place.freeBind,
						portAtConnect: port === 0,
						reuseAddress: options.reuse === true || port !== 0,
						reusePort: options.reuse === true,
						ttl,
						lingerSeconds,
					}),
				);
	await until(socket, {
		event: "connect",
		start: () => socket.connect({ host, port: remotePort, ...(reason === null ? local : {}) }),
		abandon: () => socket.destroy(),
		call: "connect",
		subject: endpointText(host, remotePort),
		signal: options.signal,
	});
	return socket;
}

/** Whether the source has to be set at all: not where the kernel would choose the same one and any port will do. */
async function needsBind(place: Place, port: number, deps: SocketDeps): Promise<boolean> {
	if (port !== 0) return true;
	if (place.ip === null || place.ip.isUnspecified) return false;
	if (place.device !== null || place.to === null) return true;
	return (await kernelSource(place.to, deps)) !== place.ip.withZone(null).toString();
}

/** The option that only a descriptor made with libc can satisfy; null if Node's own socket will do. */
function whyDescriptor(place: Place, options: ConnectOptions, betterBind: boolean): string | null {
	if (place.device !== null) return "deviceBinding";
	if (place.freeBind) return "freeBind";
	if (options.reuse === true) return "reuse";
	if (options.ttl !== undefined) return "ttl";
	if (options.lingerSeconds !== undefined) return "lingerSeconds";
	return betterBind ? "bind" : null;
}

function adopt(deps: SocketDeps, fd: number): Socket {
	try {
		return new Socket({ fd });
	} catch (error) {
		closeDescriptor(deps, fd);
		throw error;
	}
}
