import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type Clock, type Endpoint, endpointText, is, objectProblem, systemClock } from "@p2pd/net";
import { Aedes, type Client } from "aedes";
import {
	BROKER_BURST,
	BROKER_CONNECT_TIMEOUT,
	BROKER_CONNECTIONS,
	BROKER_CONNECTIONS_PER_IP,
	BROKER_DRAIN_TIMEOUT,
	BROKER_PACKET_BYTES,
	BROKER_RATE,
	MAX_SIGNAL_MESSAGE_BYTES,
} from "../defaults.js";
import { SignalArgumentError, SignalBrokerError } from "../errors.js";
import { inboxTopic, ownerOfTopic } from "../topic.js";
import { Admission, RateLimit } from "./admission.js";
import { LimitedStream } from "./limited-stream.js";

/** Options of {@link startSignalBroker}. */
export interface SignalBrokerOptions {
	/** The IP address to listen on. */
	readonly ip: string;
	/** @default 0: the kernel chooses */
	readonly port?: number;
	/**
	 * Other `host:port` names by which nodes know the broker: their passwords are signed for one.
	 * @default the address and port that it listens on
	 */
	readonly names?: readonly string[];
	/** PEM certificate chain and private key: the broker then speaks `mqtts`. @default plain `mqtt` */
	readonly tls?: { readonly cert: string; readonly key: string };
	/** @default 10000 */
	readonly maxConnections?: number;
	/** @default 256 */
	readonly maxConnectionsPerIp?: number;
	/** Messages a second from one connection in the long run. @default 20 */
	readonly rate?: number;
	/** Messages from one connection at once. @default 100 */
	readonly burst?: number;
}

/** What the environment supplies to {@link startSignalBroker}. */
export interface SignalBrokerDeps {
	/** @default the system's monotonic clock */
	readonly clock?: Pick<Clock, "now">;
	/** Milliseconds since 1970. @default `Date.now` */
	readonly wallNow?: () => number;
}

/** A broker that runs. */
export interface SignalBroker {
	/** For the option `signal` of nodes. */
	readonly url: string;
	readonly local: Endpoint;
	/** Connections now. */
	readonly connections: number;
	/** Ends every connection and the server. */
	close(): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}

const OPTIONS = {
	ip: is.filledText,
	port: is.port,
	names: is.listOf(is.filledText, { max: 32 }),
	tls: is.shape({ cert: is.filledText, key: is.filledText }, { required: ["cert", "key"] }),
	maxConnections: is.whole(1, 1_000_000),
	maxConnectionsPerIp: is.whole(1, 1_000_000),
	rate: is.number(0.01, 1_000_000),
	burst: is.whole(1, 1_000_000),
};

/**
 * Starts an MQTT 3.1.1 broker that carries messages between nodes and nothing else. A node proves its id by a signature,
 * may read its own inbox alone, and may write to any. Messages are not kept: who is not connected does not get them.
 *
 * @throws SignalArgumentError (`ERR_SIGNAL_ARGUMENT`), SignalBrokerError (`ERR_SIGNAL_BROKER`) if it cannot listen
 */
export async function startSignalBroker(
	options: SignalBrokerOptions,
	deps: SignalBrokerDeps = {},
): Promise<SignalBroker> {
	const problem = objectProblem(options, "options", OPTIONS, { required: ["ip"] });
	if (problem !== null) throw new SignalArgumentError(problem.path, problem.message);
	const broker = new Broker(options, deps);
	await broker.start();
	return broker;
}

class Broker implements SignalBroker {
	readonly #options: SignalBrokerOptions;
	readonly #now: () => number;
	readonly #wallNow: () => number;
	readonly #server: Server;
	readonly #sockets = new Map<Socket, string>();
	readonly #perIp = new Map<string, number>();
	readonly #ids = new WeakMap<Client, { readonly id: string; readonly rate: RateLimit }>();
	#aedes: Aedes | null = null;
	#local: Endpoint = { ip: "", port: 0 };

	constructor(options: SignalBrokerOptions, deps: SignalBrokerDeps) {
		this.#options = options;
		const clock = deps.clock ?? systemClock;
		this.#now = () => clock.now();
		this.#wallNow = deps.wallNow ?? Date.now;
		const accept = (socket: Socket): void => this.#accept(socket);
		this.#server =
			options.tls === undefined
				? createServer(accept)
				: createTlsServer({ ...options.tls, handshakeTimeout: BROKER_CONNECT_TIMEOUT }, accept);
		this.#server.maxConnections = options.maxConnections ?? BROKER_CONNECTIONS;
	}

	get local(): Endpoint {
		return this.#local;
	}

	get url(): string {
		const scheme = this.#options.tls === undefined ? "mqtt" : "mqtts";
		return `${scheme}://${this.#options.names?.[0] ?? endpointText(this.#local)}`;
	}

	get connections(): number {
		return this.#sockets.size;
	}

	async start(): Promise<void> {
		const { ip, port = 0, maxConnections = BROKER_CONNECTIONS } = this.#options;
		try {
			this.#server.listen(port, ip);
			await once(this.#server, "listening");
		} catch (cause) {
			throw new SignalBrokerError(
				`cannot listen on ${endpointText({ ip, port })}: ${(cause as Error).message}`,
				{ cause },
			);
		}
		const address = this.#server.address();
		if (address === null || typeof address === "string")
			throw new SignalBrokerError("the server has no address");
		this.#local = { ip: address.address, port: address.port };
		const names = [...(this.#options.names ?? []), endpointText(this.#local)].map((name) =>
			name.toLowerCase(),
		);
		// Each connection uses one password, which is remembered for four minutes.
		const admission = new Admission(names, 16 * maxConnections);
		this.#aedes = await Aedes.createBroker({
			connectTimeout: BROKER_CONNECT_TIMEOUT,
			drainTimeout: BROKER_DRAIN_TIMEOUT,
			queueLimit: 8,
			preConnect: (_client, packet, done) => {
				// Sessions that outlive their connection, and wills, would be memory that a stranger fills.
				if (packet.clean !== true || packet.will !== undefined)
					done(new Error("only clean sessions without a will"), false);
				else done(null, true);
			},
			authenticate: (client, username, password, done) => {
				const refused = admission.judge(username, password, this.#wallNow());
				if (refused !== null || username === undefined) {
					done(refused, false);
					return;
				}
				const { rate = BROKER_RATE, burst = BROKER_BURST } = this.#options;
				this.#ids.set(client, { id: username, rate: new RateLimit(rate, burst, this.#now()) });
				done(null, true);
			},
			authorizeSubscribe: (client, subscription, done) => {
				const id = this.#ids.get(client)?.id;
				const own = id !== undefined && subscription.topic === inboxTopic(id);
				// Null in place of the subscription is answered with a refusal, 0x80.
				done(null, own ? subscription : null);
			},
			authorizePublish: (client, packet, done) => {
				const sender = client === null ? undefined : this.#ids.get(client);
				if (sender === undefined || ownerOfTopic(packet.topic) === null) done(new Error("not an inbox"));
				else if (packet.retain) done(new Error("nothing is retained"));
				else if (packet.qos === 2) done(new Error("quality of service is 0 or 1"));
				else if (packet.payload.length > MAX_SIGNAL_MESSAGE_BYTES)
					done(new Error("the message is too large"));
				else if (!sender.rate.take(this.#now())) done(new Error("too many messages"));
				else done(null);
			},
		});
	}

	async close(): Promise<void> {
		const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
		const aedes = this.#aedes;
		this.#aedes = null;
		if (aedes !== null) await new Promise<void>((resolve) => aedes.close(() => resolve()));
		for (const socket of this.#sockets.keys()) socket.destroy();
		await closed;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	#accept(socket: Socket): void {
		const ip = socket.remoteAddress ?? "";
		const count = this.#perIp.get(ip) ?? 0;
		if (this.#aedes === null || count >= (this.#options.maxConnectionsPerIp ?? BROKER_CONNECTIONS_PER_IP)) {
			socket.destroy();
			return;
		}
		this.#perIp.set(ip, count + 1);
		this.#sockets.set(socket, ip);
		socket.setNoDelay(true);
		socket.once("close", () => {
			this.#sockets.delete(socket);
			const left = (this.#perIp.get(ip) ?? 1) - 1;
			if (left > 0) this.#perIp.set(ip, left);
			else this.#perIp.delete(ip);
		});
		const stream = new LimitedStream(socket, BROKER_PACKET_BYTES);
		// aedes reports it and ends the connection; a stream without a listener would end the process.
		stream.on("error", () => undefined);
		this.#aedes.handle(stream);
	}
}
