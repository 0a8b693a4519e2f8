import { type Pipe, type PipeDeps, type PipeOptions, type PipeProtocol, pipeOpen } from "../../src/index.js";

/** Pipes on the IPv4 loopback, all closed together. */
export class Pipes {
	readonly #open: Pipe[] = [];

	async server(protocol: PipeProtocol, options: PipeOptions = {}, deps: PipeDeps = {}): Promise<Pipe> {
		return this.keep(await pipeOpen(null, protocol, null, options, deps));
	}

	async client(server: Pipe, options: PipeOptions = {}, deps: PipeDeps = {}): Promise<Pipe> {
		return this.keep(await pipeOpen(null, server.protocol, ["127.0.0.1", server.local[1]], options, deps));
	}

	/** A client, and the pipe that its server accepted. */
	async pair(
		options: PipeOptions = {},
		serverOptions: PipeOptions = {},
	): Promise<[client: Pipe, there: Pipe]> {
		const server = await this.server("tcp", serverOptions);
		const client = await this.client(server, options);
		const there = await server.accept();
		if (there === null) throw new Error("no connection was accepted");
		return [client, there];
	}

	keep(pipe: Pipe): Pipe {
		this.#open.push(pipe);
		return pipe;
	}

	async close(): Promise<void> {
		await Promise.all(this.#open.splice(0).map((pipe) => pipe.reset()));
	}
}

/** Resolves once `condition` holds, asked at every turn of the event loop; fails after `turns`. */
export async function eventually(condition: () => boolean, turns = 20_000): Promise<void> {
	for (let turn = 0; turn < turns; turn++) {
		if (condition()) return;
		await new Promise((resolve) => setImmediate(resolve));
	}
	throw new Error("the condition was never met");
}
