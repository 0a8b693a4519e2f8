import { createSocket, type Socket } from "node:dgram";
import { IpAddress } from "@p2pd/address";
import type { UdpOptions } from "../types.js";
import { checkPort, checkTtl } from "./check-options.js";
import { closeDescriptor, descriptorFor } from "./deps.js";
import { anyIp, placeFor } from "./place.js";
import { refuseUnreachable } from "./reachability.js";
import type { Seat, SocketDeps } from "./types.js";
import { endpointText, toSocketError, until } from "./until.js";

/** A UDP socket of a seat, bound. See {@link SocketFactory.udp}. */
export async function openUdp(seat: Seat, options: UdpOptions, deps: SocketDeps): Promise<Socket> {
	options.signal?.throwIfAborted();
	const port = checkPort("port", options.port ?? seat.port);
	const ttl = checkTtl(options.ttl);
	const to = options.to === undefined ? null : IpAddress.parse(options.to);
	const place = placeFor(seat, to);
	refuseUnreachable(place, deps);
	const { ip, device, freeBind } = place;
	const reuse = options.reuse === true;
	const v6only = options.v6only ?? true;
	const bind = { ip: ip ?? anyIp(seat.af), port };

	const socket = createSocket({
		type: seat.af === 4 ? "udp4" : "udp6",
		reuseAddr: reuse,
		ipv6Only: seat.af === 6 && v6only,
	});
	const useDescriptor = device !== null || freeBind || (reuse && deps.libc().available);
	const start = (): void => {
		if (!useDescriptor) {
			socket.bind({ address: bind.ip.toString(), port, exclusive: true });
			return;
		}
		const fd = descriptorFor(deps, "deviceBinding", {
			af: seat.af,
			type: "dgram",
			device,
			bind,
			freeBind,
			reuseAddress: reuse,
			reusePort: reuse,
			v6only,
		});
		try {
			socket.bind({ fd, exclusive: true });
		} catch (error) {
			closeDescriptor(deps, fd);
			throw error;
		}
	};
	await until(socket, {
		event: "listening",
		start,
		abandon: () => socket.close(),
		call: "bind",
		subject: endpointText(bind.ip.toString(), port),
		signal: options.signal,
	});
	try {
		if (ttl !== undefined) socket.setTTL(ttl);
		if (options.broadcast === true) socket.setBroadcast(true);
	} catch (cause) {
		socket.close();
		throw toSocketError("setsockopt", null, cause);
	}
	return socket;
}
