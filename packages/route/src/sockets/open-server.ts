import { createServer, type Server } from "node:net";
import { LISTEN_BACKLOG } from "../defaults.js";
import type { ListenOptions } from "../types.js";
import { checkBacklog, checkLinger, checkPort, checkTtl } from "./check-options.js";
import { closeDescriptor, descriptorFor } from "./deps.js";
import { anyIp, placeFor } from "./place.js";
import type { Place, Seat, SocketDeps } from "./types.js";
import { endpointText, until } from "./until.js";

/** A TCP server of a seat, listening. See {@link SocketFactory.listen}. */
export async function openServer(seat: Seat, options: ListenOptions, deps: SocketDeps): Promise<Server> {
	options.signal?.throwIfAborted();
	const port = checkPort("port", options.port ?? seat.port);
	const ttl = checkTtl(options.ttl);
	const lingerSeconds = checkLinger(options.lingerSeconds);
	const backlog = checkBacklog(options.backlog) ?? LISTEN_BACKLOG;
	const v6only = options.v6only ?? true;
	const place = placeFor(seat, null);
	const ip = place.ip ?? anyIp(seat.af);
	const reason = whyDescriptor(place, options);

	const server = createServer();
	const listen = { exclusive: true, backlog };
	const start = (): void => {
		if (reason === null) {
			server.listen({ ...listen, host: ip.toString(), port, ipv6Only: seat.af === 6 && v6only });
			return;
		}
		const fd = descriptorFor(deps, reason, {
			af: seat.af,
			type: "stream",
			device: place.device,
			bind: { ip, port },
			freeBind: place.freeBind,
			// As Node does for every server: one that was restarted must not wait for old connections to time out.
			reuseAddress: true,
			reusePort: options.reuse === true,
			ttl,
			lingerSeconds,
			v6only,
			// So that a port that is taken is found out here, while the descriptor is still ours to close: of a
			// server that fails, Node does not say whether it had taken it over.
			backlog,
		});
		try {
			server.listen({ ...listen, fd });
		} catch (error) {
			closeDescriptor(deps, fd);
			throw error;
		}
	};
	await until(server, {
		event: "listening",
		start,
		abandon: () => server.close(),
		call: "listen",
		subject: endpointText(ip.toString(), port),
		signal: options.signal,
	});
	return server;
}

/** The option that only a descriptor made with libc can satisfy; null if Node's own server will do. */
function whyDescriptor(place: Place, options: ListenOptions): string | null {
	if (place.device !== null) return "deviceBinding";
	if (place.freeBind) return "freeBind";
	if (options.reuse === true) return "reuse";
	if (options.ttl !== undefined) return "ttl";
	return options.lingerSeconds === undefined ? null : "lingerSeconds";
}
