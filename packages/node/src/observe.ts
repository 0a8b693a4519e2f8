import type { Socket as DatagramSocket } from "node:dgram";
import type { Endpoint, Family, SocketFactory, StreamSocket } from "@p2pd/net";
import {
	DEFAULT_STUN_SERVERS,
	parseStunServer,
	resolveStunServer,
	StunClient,
	type StunServerSpec,
	stunServersFromEnv,
} from "@p2pd/stun-client";
import { OBSERVE_TIMEOUT, OBSERVE_TRIES } from "./defaults.js";

/** A TCP connection to a STUN server, which keeps a NAT's mapping open. */
export interface TcpObservation {
	/** Where the server saw the connection come from. */
	readonly external: Endpoint;
	close(): void;
}

/** Asks STUN servers where a socket comes from: what punching predicts from. */
export interface NodeObserver {
	/** Connects from a local port with address reuse. Null if no server answers. */
	tcp(
		sockets: Pick<SocketFactory, "af" | "connect">,
		localPort: number,
		signal: AbortSignal,
	): Promise<TcpObservation | null>;
	/** Asks through a bound socket, which stays open. Null if no server answers. */
	udp(socket: DatagramSocket, af: Family, signal: AbortSignal): Promise<Endpoint | null>;
}

/** Observes by the servers given, else those of P2PD_STUN_SERVERS, else the public default list. */
export class StunObserver implements NodeObserver {
	readonly #specs: readonly StunServerSpec[];
	/** The server that answered last, by transport and family: it is asked first. */
	readonly #good = new Map<string, StunServerSpec>();

	/** @throws StunConfigError for a text that is no server */
	constructor(servers: readonly string[] | undefined, env: Readonly<Record<string, string | undefined>>) {
		this.#specs = servers?.map(parseStunServer) ?? stunServersFromEnv(env) ?? DEFAULT_STUN_SERVERS;
	}

	tcp(
		sockets: Pick<SocketFactory, "af" | "connect">,
		localPort: number,
		signal: AbortSignal,
	): Promise<TcpObservation | null> {
		return this.#first("tcp", sockets.af, signal, async (server, limit) => {
			let held: StreamSocket | null = null;
			const connect = async (options: {
				ip: string;
				port: number;
				signal?: AbortSignal;
			}): Promise<StreamSocket> => {
				const socket = await sockets.connect({ ...options, localPort, reuse: true });
				held = socket;
				return socket;
			};
			const client = new StunClient({ server, transport: "tcp" }, { sockets: { af: sockets.af, connect } });
			try {
				const { mapped } = await client.getMapping({ timeout: OBSERVE_TIMEOUT, signal: limit });
				return {
					external: mapped,
					// A reset, so that the port is free at once, without TIME_WAIT.
					close: () => void client.close(),
				};
			} catch (error) {
				await client.close();
				(held as StreamSocket | null)?.destroy();
				throw error;
			}
		});
	}

	udp(socket: DatagramSocket, af: Family, signal: AbortSignal): Promise<Endpoint | null> {
		return this.#first("udp", af, signal, async (server, limit) => {
			const client = new StunClient({ server }, { sockets: socket });
			try {
				return (await client.getMapping({ timeout: OBSERVE_TIMEOUT, signal: limit })).mapped;
			} finally {
				await client.close();
			}
		});
	}

	/** Asks one server after the other, and remembers who answered. */
	async #first<T>(
		transport: string,
		af: Family,
		signal: AbortSignal,
		ask: (server: Endpoint, signal: AbortSignal) => Promise<T>,
	): Promise<T | null> {
		const key = `${transport}${af}`;
		const good = this.#good.get(key);
		const order = [...(good === undefined ? [] : [good]), ...this.#specs.filter((spec) => spec !== good)];
		for (const spec of order.slice(0, OBSERVE_TRIES)) {
			signal.throwIfAborted();
			try {
				const { ip, port } = await resolveStunServer(spec, { af, signal });
				const answer = await ask({ ip, port }, signal);
				this.#good.set(key, spec);
				return answer;
			} catch {
				// The next one may answer; what it was is of no interest to the punch.
				this.#good.delete(key);
			}
		}
		signal.throwIfAborted();
		return null;
	}
}
