import { createServer, type Server } from "node:net";
import { endpointText, type ListenOptions } from "@p2pd/net";
import { LISTEN_BACKLOG } from "../defaults.js";
import { closeDescriptor, descriptorFor, type SocketDeps } from "../kernel/system.js";
import { anyIp, type LocalBinding, type SocketSource, sourceTo } from "./local-binding.js";
import { checkListen } from "./options.js";
import { waitForSocket } from "./wait.js";

/** Makes a listening TCP server. See {@link SocketFactory.listen}. */
export async function openServer(
	binding: LocalBinding,
	options: ListenOptions,
	deps: SocketDeps,
): Promise<Server> {
	checkListen(options);
	options.signal?.throwIfAborted();
	const { port = binding.port, ttl, lingerSeconds, backlog = LISTEN_BACKLOG, v6only = true } = options;
	const { af } = binding;
	const source = sourceTo(binding, null);
	const ip = source.ip ?? anyIp(af);
	const reason = whyDescriptor(source, options);

	const server = createServer();
	const listen = { exclusive: true, backlog };
	const start = (): void => {
		if (reason === null) {
			server.listen({ ...listen, host: ip.toString(), port, ipv6Only: af === 6 && v6only });
			return;
		}
		const fd = descriptorFor(deps, reason, {
			af,
			type: "stream",
			device: source.device,
			bind: { ip, port },
			freeBind: source.freeBind,
			// As Node does for every server, so that a restarted one need not wait for old connections to time out.
			reuseAddress: true,
			reusePort: options.reuse === true,
			ttl,
			lingerSeconds,
			v6only,
			// Listening here reports a port in use while the descriptor is still ours to close. If a server fails, Node
			// does not say whether it had taken the descriptor over.
			backlog,
		});
		try {
			server.listen({ ...listen, fd });
		} catch (error) {
			closeDescriptor(deps, fd);
			throw error;
		}
	};
	await waitForSocket(server, {
		event: "listening",
		start,
		abandon: () => server.close(),
		call: "listen",
		subject: endpointText({ ip: ip.toString(), port }),
		signal: options.signal,
	});
	return server;
}

/** The option that only a descriptor made with libc can satisfy; null if Node's own server will do. */
function whyDescriptor(source: SocketSource, options: ListenOptions): string | null {
	if (source.device !== null) return "deviceBinding";
	if (source.freeBind) return "freeBind";
	if (options.reuse === true) return "reuse";
	if (options.ttl !== undefined) return "ttl";
	return options.lingerSeconds === undefined ? null : "lingerSeconds";
}
