import { Socket } from "node:net";
import type { IpAddress } from "@p2pd/address";
import { type ConnectOptions, endpointText } from "@p2pd/net";
import type { KernelAnswers } from "../kernel/answers.js";
import { closeDescriptor, descriptorFor, refuseUnknownZone, type SocketDeps } from "../kernel/system.js";
import { anyIp, type LocalBinding, type SocketSource, type SourcesByDestination } from "./local-binding.js";
import { checkConnect } from "./options.js";
import { waitForSocket } from "./wait.js";

/** One connection to make. */
interface Attempt {
	readonly to: IpAddress;
	readonly remotePort: number;
	readonly source: SocketSource;
	/** Null: the kernel chooses address and port when it connects. */
	readonly bind: { readonly ip: IpAddress; readonly port: number } | null;
	readonly reuse: boolean;
	readonly ttl: number | undefined;
	readonly lingerSeconds: number | undefined;
	readonly signal: AbortSignal | undefined;
}

/**
 * Makes a connected TCP socket. See {@link SocketFactory.connect}.
 *
 * Binding with port 0 makes the kernel reserve a port for the address before it knows the destination, and with many
 * ports in TIME_WAIT the free ones soon run out. So the socket is not bound if the kernel would choose the same source
 * anyway; otherwise libc lets connect() choose the port. Only without libc is it an ordinary bind.
 */
export async function openConnection(
	binding: LocalBinding,
	options: ConnectOptions,
	deps: SocketDeps,
	answers: KernelAnswers,
	sources: SourcesByDestination,
): Promise<Socket> {
	checkConnect(options);
	const { signal, ttl, lingerSeconds, reuse = false } = options;
	signal?.throwIfAborted();
	const port = options.localPort ?? binding.port;
	const source = sources.get(options.ip);
	const { to } = source;
	answers.refuseUnreachable(source);
	refuseUnknownZone(to, deps);
	const wanted = source.ip ?? anyIp(binding.af);
	const free = { to, remotePort: options.port, source, bind: null, reuse, ttl, lingerSeconds, signal };
	const bound = { ...free, bind: { ip: wanted, port } };

	if (port !== 0) return attempt(bound, deps);
	if (wanted.isUnspecified) return attempt(free, deps);
	if (source.device !== null || !isSource(await answers.source(to), wanted)) return attempt(bound, deps);
	const socket = await attempt(free, deps);
	if (isSource(socket.localAddress, wanted)) return socket;
	// The routing has changed since the kernel was asked, so this connection has another source address.
	socket.destroy();
	answers.forgetSource(to);
	return attempt(bound, deps);
}

/** Whether a source address is the wanted one. The kernel and Node may leave out its zone. */
function isSource(source: string | null | undefined, wanted: IpAddress): boolean {
	return typeof source === "string" && source === wanted.withZone(null).toString();
}

async function attempt(wanted: Attempt, deps: SocketDeps): Promise<Socket> {
	const { to, remotePort, bind, signal } = wanted;
	signal?.throwIfAborted();
	const host = to.toString();
	// There must be no await from here to socket.connect(): Node reads from a given descriptor at once, which fails
	// with ENOTCONN if the socket is not connecting yet.
	const reason = whyDescriptor(wanted, deps);
	const local = bind === null || reason !== null ? {} : { localAddress: `${bind.ip}`, localPort: bind.port };
	const socket = reason === null ? new Socket() : adopt(wanted, reason, deps);
	await waitForSocket(socket, {
		event: "connect",
		start: () => socket.connect({ host, port: remotePort, ...local }),
		abandon: () => socket.destroy(),
		call: "connect",
		subject: endpointText({ ip: host, port: remotePort }),
		signal,
	});
	return socket;
}

/** The option that only a descriptor made with libc can satisfy; null if Node's own socket will do. */
function whyDescriptor(
	{ source, bind, reuse, ttl, lingerSeconds }: Attempt,
	deps: SocketDeps,
): string | null {
	if (source.device !== null) return "deviceBinding";
	if (source.freeBind) return "freeBind";
	if (reuse) return "reuse";
	if (ttl !== undefined) return "ttl";
	if (lingerSeconds !== undefined) return "lingerSeconds";
	return bind?.port === 0 && deps.libc().available ? "bind" : null;
}

function adopt(
	{ to, source, bind, reuse, ttl, lingerSeconds }: Attempt,
	reason: string,
	deps: SocketDeps,
): Socket {
	const fd = descriptorFor(deps, reason, {
		af: to.af,
		type: "stream",
		device: source.device,
		bind,
		freeBind: source.freeBind,
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
