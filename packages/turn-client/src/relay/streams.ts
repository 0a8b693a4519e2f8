import type { Server, Socket } from "node:net";
import type { ConnectOptions, Endpoint, Family, ListenOptions } from "@p2pd/net";
import type { AllocationEvent } from "../core/allocation-core.js";
import { TurnNetworkError, TurnResponseError, TurnUnsupportedError } from "../errors.js";
import type { Allocation, AllocationListener } from "./allocation.js";
import { openDataConnection } from "./data-connection.js";
import type { OpenedAllocation } from "./open.js";
import type { Relay, RelayPart } from "./relay.js";
import type { ServerPlace, TurnSetup } from "./setup.js";
import { backlogOf, RelayedServer } from "./tcp-server.js";

/*
 * TCP through the relay (RFC 6062). A control connection holds a TCP allocation; each connection with a peer has a
 * connection to the server of its own, which carries nothing but its bytes.
 */

/** A connection from a relayed address of its own to a peer. */
export async function connectRelayed(relay: Relay, af: Family, options: ConnectOptions): Promise<Socket> {
	const { ip, port, signal, lingerSeconds, localPort = 0 } = options;
	refuseUnsupported("connect", localPort, options.ttl);
	const { allocation, place } = await openTcp(relay, "connect", af, signal);
	const peer = { ip, port };
	const part: RelayPart = { allocation, shut: () => socket?.destroy() };
	let socket: Socket | null = null;
	relay.add(part);
	try {
		const opened = await relay.guard(signal, async (inner) => {
			const connectionId = await connectPeer(allocation, peer, inner);
			return dataConnection(relay, { allocation, place }, { connectionId, peer, lingerSeconds }, inner);
		});
		socket = opened;
		// Nothing of the connection outlives the allocation, nor the other way round.
		opened.once("close", () => relay.drop(part));
		void allocation.over.then((error) => opened.destroy(error ?? undefined));
		return opened;
	} catch (error) {
		relay.drop(part);
		throw error;
	}
}

/** A server at a relayed address of its own. */
export async function listenRelayed(relay: Relay, af: Family, options: ListenOptions): Promise<Server> {
	const { signal, lingerSeconds, port = 0, backlog } = options;
	refuseUnsupported("listen", port, options.ttl);
	const opened = await openTcp(relay, "listen", af, signal);
	const { allocation } = opened;
	const server = new RelayedServer({
		relayed: relayedOf(allocation),
		backlog: backlogOf(backlog),
		take: (connectionId, peer) =>
			relay.guard(undefined, (inner) =>
				dataConnection(relay, opened, { connectionId, peer, lingerSeconds }, inner),
			),
		keepAlive: (alive) => allocation.link.keepAlive(alive),
		closed: async () => relay.drop(part),
	});
	const part: RelayPart = { allocation, shut: () => server.shut() };
	relay.add(part);
	allocation.listen({
		data: () => undefined,
		event: (event) => {
			if (event.kind === "attempt") server.attempt(event.connectionId, event.peer);
			else if (event.kind === "lost") server.lost(event.error);
		},
	});
	try {
		await relay.permitKnown(allocation, af, signal);
	} catch (error) {
		server.shut();
		throw error;
	}
	return server;
}

/** A TCP allocation, whose control connection is a stream also where datagrams go to the server over UDP. */
async function openTcp(
	relay: Relay,
	feature: "connect" | "listen",
	af: Family,
	signal: AbortSignal | undefined,
): Promise<OpenedAllocation> {
	const first = relay.takeFirstTcp(af);
	if (first !== null) return first;
	try {
		return await relay.open({ af, relay: "tcp", transport: controlTransport(relay.setup) }, signal);
	} catch (error) {
		throw asUnsupported(feature, error);
	}
}

/** How the control connection of a TCP allocation reaches the server: never over UDP (RFC 6062 section 4.1). */
export function controlTransport({ transport }: TurnSetup): "tcp" | "tls" {
	return transport === "tls" ? "tls" : "tcp";
}

/** The error that names what the server lacks, where a failure to allocate for TCP means that; else the failure. */
export function asUnsupported(feature: string, error: unknown): unknown {
	const refused =
		(error instanceof TurnResponseError && UNSUPPORTED.has(error.status)) ||
		(error instanceof TurnNetworkError && error.errno === "ECONNREFUSED");
	if (!refused) return error;
	return new TurnUnsupportedError(
		feature,
		`the server has no TCP allocations (RFC 6062): ${error.message}`,
		error,
	);
}

/** What servers answer who know no TCP allocations: bad request, forbidden, unknown attribute, unsupported transport. */
const UNSUPPORTED: ReadonlySet<number> = new Set([400, 403, 420, 442]);

function connectPeer(allocation: Allocation, peer: Endpoint, signal: AbortSignal): Promise<number> {
	return new Promise((resolve, reject) => {
		const settle = (): void => {
			allocation.unlisten(listener);
			signal.removeEventListener("abort", onAbort);
		};
		const onAbort = (): void => {
			settle();
			reject(signal.reason);
		};
		const listener: AllocationListener = {
			data: () => undefined,
			event: (event: AllocationEvent) => {
				if (event.kind === "connected") {
					settle();
					resolve(event.connectionId);
				} else if (event.kind === "unconnected" || event.kind === "lost") {
					settle();
					reject(event.error);
				}
			},
		};
		allocation.listen(listener);
		signal.addEventListener("abort", onAbort, { once: true });
		allocation.connect(peer);
	});
}

function dataConnection(
	{ setup }: Relay,
	{ allocation, place }: { readonly allocation: Allocation; readonly place: ServerPlace },
	what: {
		readonly connectionId: number;
		readonly peer: Endpoint;
		readonly lingerSeconds: number | undefined;
	},
	signal: AbortSignal,
): Promise<Socket> {
	const { ip, port, host } = place;
	return openDataConnection(
		{
			...what,
			sockets: setup.sockets,
			server: { ip, port },
			host,
			tls: setup.transport === "tls" ? setup.tls : null,
			auth: allocation.auth.fork(),
			relayed: relayedOf(allocation),
			keepAlive: (alive) => allocation.link.keepAlive(alive),
		},
		setup,
		signal,
	);
}

function relayedOf(allocation: Allocation): Endpoint {
	const [relayed = allocation.link.server] = allocation.info.relayed;
	return relayed;
}

function refuseUnsupported(feature: string, port: number, ttl: number | undefined): void {
	if (port !== 0)
		throw new TurnUnsupportedError("port", `the relay chooses its ports, so ${port} cannot be asked for`);
	if (ttl !== undefined) {
		throw new TurnUnsupportedError("ttl", `the relay sets the hop limit of what it sends for ${feature}`);
	}
}
