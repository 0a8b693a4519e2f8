import { Socket } from "node:net";
import type { IpAddress } from "@p2pd/address";
import type { ConnectOptions } from "../types.js";
import { checkLinger, checkPort, checkRemotePort, checkTtl } from "./check-options.js";
import { closeDescriptor, descriptorFor } from "./deps.js";
import type { KernelAnswers } from "./kernel-answers.js";
import { refuseUnknownZone } from "./known-zone.js";
import { anyIp } from "./place.js";
import type { Places } from "./places.js";
import type { Place, Seat, SocketDeps } from "./types.js";
import { endpointText, until } from "./until.js";

/** One connection to make: where, from where, and how. */
interface Attempt {
	readonly to: IpAddress;
	readonly remotePort: number;
	readonly place: Place;
	/** Null: the kernel chooses address and port when it connects. */
	readonly bind: { readonly ip: IpAddress; readonly port: number } | null;
	readonly reuse: boolean;
	readonly ttl: number | undefined;
	readonly lingerSeconds: number | undefined;
	readonly signal: AbortSignal | undefined;
}

/**
 * A TCP connection from a seat. See {@link SocketFactory.connect}.
 *
 * Binding with port 0 makes the kernel reserve a port for the address before it knows the destination, and
 * ports in TIME_WAIT soon run out. So there is no bind where the kernel would choose the same source anyway,
 * and where there is one, libc leaves the port to connect(). Only without libc is it an ordinary bind.
 */
export async function openConnection(
	seat: Seat,
	options: ConnectOptions,
	deps: SocketDeps,
	answers: KernelAnswers,
	places: Places,
): Promise<Socket> {
	const { signal } = options;
	signal?.throwIfAborted();
	const remotePort = checkRemotePort("port", options.port);
	const port = checkPort("localPort", options.localPort ?? seat.port);
	const ttl = checkTtl(options.ttl);
	const lingerSeconds = checkLinger(options.lingerSeconds);
	const place = places.of(options.ip);
	const { to } = place;
	answers.refuseUnreachable(place);
	refuseUnknownZone(to, deps);
	const wanted = place.ip ?? anyIp(seat.af);
	const free = {
		to,
		remotePort,
		place,
		bind: null,
		reuse: options.reuse === true,
		ttl,
		lingerSeconds,
		signal,
	};
	const bound = { ...free, bind: { ip: wanted, port } };

	if (port !== 0) return attempt(bound, deps);
	if (wanted.isUnspecified) return attempt(free, deps);
	if (place.device !== null || !isSource(await answers.source(to), wanted)) return attempt(bound, deps);
	const socket = await attempt(free, deps);
	if (isSource(socket.localAddress, wanted)) return socket;
	// The routing has changed since it was asked: this connection is from an address that nobody chose.
	socket.destroy();
	answers.forgetSource(to);
	return attempt(bound, deps);
}

/** Whether a source address is the wanted one; what tells it may leave out the zone. */
function isSource(source: string | null | undefined, wanted: IpAddress): boolean {
	return typeof source === "string" && source === wanted.withZone(null).toString();
}

async function attempt(wanted: Attempt, deps: SocketDeps): Promise<Socket> {
	const { to, remotePort, bind, signal } = wanted;
	signal?.throwIfAborted();
	const host = to.toString();
	// From here to socket.connect() there is no await: Node reads at once from a descriptor that it is given,
	// and one that is not even connecting ends in ENOTCONN.
	const reason = whyDescriptor(wanted, deps);
	const local = bind === null || reason !== null ? {} : { localAddress: `${bind.ip}`, localPort: bind.port };
	const socket = reason === null ? new Socket() : adopt(wanted, reason, deps);
	await until(socket, {
		event: "connect",
		start: () => socket.connect({ host, port: remotePort, ...local }),
		abandon: () => socket.destroy(),
		call: "connect",
		subject: endpointText(host, remotePort),
		signal,
	});
	return socket;
}

/** The option that only a descriptor made with libc can satisfy; null if Node's own socket will do. */
function whyDescriptor({ place, bind, reuse, ttl, lingerSeconds }: Attempt, deps: SocketDeps): string | null {
	if (place.device !== null) return "deviceBinding";
	if (place.freeBind) return "freeBind";
	if (reuse) return "reuse";
	if (ttl !== undefined) return "ttl";
	if (lingerSeconds !== undefined) return "lingerSeconds";
	return bind?.port === 0 && deps.libc().available ? "bind" : null;
}

function adopt(
	{ to, place, bind, reuse, ttl, lingerSeconds }: Attempt,
	reason: string,
	deps: SocketDeps,
): Socket {
	const fd = descriptorFor(deps, reason, {
		af: to.af,
		type: "stream",
		device: place.device,
		bind,
		freeBind: place.freeBind,
		portAtConnect: bind?.port === 0,
		// As Node does where it binds to a port.
		reuseAddress: reuse || (bind !== null && bind.port !== 0),
		reusePort: reuse,
		ttl,
		lingerSeconds,
	});
	try {
		return new Socket({ fd });
	} catch (error) {
		closeDescriptor(deps, fd);
		throw error;
	}
}
