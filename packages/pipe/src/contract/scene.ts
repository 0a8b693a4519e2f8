import { pipeOpen } from "../open/pipe-open.js";
import type { PipeDeps, PipeOptions, PipeSockets } from "../open/types.js";
import type { Pipe, PipeProtocol } from "../types.js";

/** Where the contract is checked: a transport between two hosts, or two places, on some network. */
export interface PipeContractEnvironment {
	readonly name: string;
	readonly transport: "tcp" | "udp" | "tls";
	/** What the server's sockets are made with. */
	readonly serverSockets: PipeSockets;
	/** What the client's sockets are made with. */
	readonly clientSockets: PipeSockets;
	/** The server's address as the client reaches it. */
	readonly serverIp: string;
	/** TLS options of both; empty otherwise. */
	readonly serverOptions: PipeOptions;
	readonly clientOptions: PipeOptions;
	readonly deps: PipeDeps;
	/** Awaits something that happens on this network: with real sockets the promise itself. */
	until<T>(promise: Promise<T>): Promise<T>;
	/** Waits until everything that is on its way has arrived. */
	settle(): Promise<void>;
}

/** Turns of the event loop after which what was sent on this machine has arrived. */
const SETTLE_TURNS = 30;

/** `settle` for real sockets on one machine. */
export async function settleLoopback(): Promise<void> {
	for (let turn = 0; turn < SETTLE_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The pipes of one case, which are closed after it. */
export class PipeContractScene {
	readonly env: PipeContractEnvironment;
	readonly #open: Pipe[] = [];

	constructor(env: PipeContractEnvironment) {
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
	async pair(serverOptions: PipeOptions = {}, clientOptions: PipeOptions = {}): Promise<PipeContractPair> {
		const server = await this.server(serverOptions);
		const client = await this.client(server, clientOptions);
		if (this.protocol === "udp") return { server, client, there: server };
		const there = await this.until(server.accept());
		if (there === null) throw new Error("no connection was accepted");
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
export interface PipeContractPair {
	readonly server: Pipe;
	readonly client: Pipe;
	/** What the client talks to. */
	readonly there: Pipe;
}

/** One case of the contract. Any test runner can run it: it throws where it fails. */
export interface PipeContractCase {
	readonly name: string;
	/** The transports that it applies to. @default all */
	readonly only?: readonly PipeContractEnvironment["transport"][];
	run(scene: PipeContractScene): Promise<void>;
}

/** Runs one case, and closes what it opened. */
export async function runPipeContractCase(
	contractCase: PipeContractCase,
	env: PipeContractEnvironment,
): Promise<void> {
	const scene = new PipeContractScene(env);
	try {
		await contractCase.run(scene);
	} finally {
		await scene.close();
	}
}
