import {
	type Pipe,
	type PipeDeps,
	type PipeOptions,
	type PipeProtocol,
	type PipeSockets,
	pipeOpen,
} from "../../src/index.js";

/** Where the contract is checked: a transport between two places on some network. */
export interface Environment {
	readonly name: string;
	readonly transport: "tcp" | "udp" | "tls";
	/** The server's place. */
	readonly serverSockets: PipeSockets;
	/** The client's place. */
	readonly clientSockets: PipeSockets;
	/** The server's address as the client reaches it. */
	readonly serverIp: string;
	/** What both need for TLS; empty otherwise. */
	readonly serverOptions: PipeOptions;
	readonly clientOptions: PipeOptions;
	readonly deps: PipeDeps;
	/** Awaits something that happens on the environment's network. */
	until<T>(promise: Promise<T>): Promise<T>;
	/** Gives everything that is under way the time to arrive. */
	settle(): Promise<void>;
}

/** Turns of the event loop in which what was sent on the own machine arrives. */
const SETTLE_TURNS = 30;

/** `settle` of real sockets on one machine. */
export async function settleReal(): Promise<void> {
	for (let turn = 0; turn < SETTLE_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The pipes of one case, which are closed after it. */
export class Scene {
	readonly env: Environment;
	readonly #open: Pipe[] = [];

	constructor(env: Environment) {
		this.env = env;
	}

	get protocol(): PipeProtocol {
		return this.env.transport === "udp" ? "udp" : "tcp";
	}

	/** A server. */
	async server(options: PipeOptions = {}): Promise<Pipe> {
		const { deps, serverOptions, serverSockets } = this.env;
		return this.keep(pipeOpen(serverSockets, this.protocol, null, { ...serverOptions, ...options }, deps));
	}

	/** A client of `server`. */
	async client(server: Pipe, options: PipeOptions = {}): Promise<Pipe> {
		const { clientOptions, clientSockets, deps, serverIp } = this.env;
		const dest = [serverIp, server.local[1]] as const;
		return this.keep(pipeOpen(clientSockets, this.protocol, dest, { ...clientOptions, ...options }, deps));
	}

	/** A client and the server's side of it: the accepted pipe, or on UDP the server itself. */
	async pair(serverOptions: PipeOptions = {}, clientOptions: PipeOptions = {}): Promise<Pair> {
		const server = await this.server(serverOptions);
		const client = await this.client(server, clientOptions);
		if (this.protocol === "udp") return { server, client, there: server };
		const there = await this.until(server.accept());
		if (there === null) throw new Error("nobody was accepted");
		return { server, client, there };
	}

	until<T>(promise: Promise<T>): Promise<T> {
		return this.env.until(promise);
	}

	async keep(opening: Promise<Pipe>): Promise<Pipe> {
		const pipe = await this.until(opening);
		this.#open.push(pipe);
		return pipe;
	}

	async close(): Promise<void> {
		await this.until(Promise.all(this.#open.map((pipe) => pipe.close())));
	}
}

/** Two ends. */
export interface Pair {
	readonly server: Pipe;
	readonly client: Pipe;
	/** What the client talks to. */
	readonly there: Pipe;
}

/** One point of the contract. */
export interface ContractCase {
	readonly name: string;
	/** The transports that it is about. @default all */
	readonly only?: readonly Environment["transport"][];
	run(scene: Scene): Promise<void>;
}

/** Runs one case, and closes what it opened. */
export async function runCase(contractCase: ContractCase, env: Environment): Promise<void> {
	const scene = new Scene(env);
	try {
		await contractCase.run(scene);
	} finally {
		await scene.close();
	}
}
