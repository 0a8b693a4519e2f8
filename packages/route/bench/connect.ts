import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { IPRange } from "@p2pd/address";
import type { SocketFactory } from "@p2pd/net";
import { Route, type SocketDeps } from "@p2pd/route";
import type { BenchCase } from "@p2pd/testnet/bench";
import { systemDeps } from "../src/kernel/system.js";

/*
 * Connect and close, 20,000 times a side: 20 rounds of 1000, some at once. The server closes first, and each
 * side has a server of its own: what one side leaves in TIME_WAIT is not in the other's way.
 */
const ROUNDS = 20;
const CONNECTS = 1000;
const AT_ONCE = 10;
const HOST = "127.0.0.1";

const withoutLibc: SocketDeps = {
	...systemDeps,
	libc: () => ({ available: false, reason: "left out by the benchmark", cause: undefined }),
};

type Connect = (port: number) => Promise<Socket>;

const plain =
	(options: { localAddress?: string } = {}): Connect =>
	async (port) => {
		const socket = connect({ host: HOST, port, ...options });
		await once(socket, "connect");
		return socket;
	};

const by =
	(sockets: SocketFactory): Connect =>
	(port) =>
		sockets.connect({ ip: HOST, port });

/** A route of the default NIC to a loopback address. */
function routeAt(ip: string, deps?: SocketDeps): Promise<SocketFactory> {
	const nic = { name: "lo", index: null, isDefault: () => true };
	return new Route({ af: 4, nic, nicIps: [new IPRange(ip)], extIps: [] }).bind({}, deps);
}

/** The cases, and what ends their servers. */
export async function connectCases(): Promise<{ cases: BenchCase[]; close: () => void }> {
	const servers: Server[] = [];
	const side = async (make: Connect): Promise<() => Promise<void>> => {
		const server = createServer((socket) => socket.end());
		servers.push(server);
		await once(server.listen({ host: HOST, port: 0 }), "listening");
		const address = server.address();
		const port = typeof address === "object" && address !== null ? address.port : 0;
		return () => connectAndClose(make, port);
	};
	const against = async (
		name: string,
		candidate: Connect,
		part: Partial<BenchCase> = {},
	): Promise<BenchCase> => ({
		name,
		ops: CONNECTS,
		rounds: ROUNDS,
		warmup: 1,
		baseline: await side(plain()),
		candidate: await side(candidate),
		...part,
	});
	const cases = [
		await against("connect: plain Node against itself", plain()),
		await against("connect: route, the kernel's own source", by(await routeAt(HOST)), { floor: 0.8 }),
		await against("connect: route, another source", by(await routeAt("127.0.0.3")), { floor: 0.6 }),
		await against("connect: route without libc, the kernel's source", by(await routeAt(HOST, withoutLibc))),
		// For comparison: an ordinary bind costs little here, where the server's side is the one in TIME_WAIT. Where
		// the client's is, it takes ports that connect() alone could use again.
		await against("connect: Node's own localAddress", plain({ localAddress: "127.0.0.4" })),
	];
	return { cases, close: () => void servers.map((server) => server.close()) };
}

async function connectAndClose(make: Connect, port: number): Promise<void> {
	let left = CONNECTS;
	const worker = async (): Promise<void> => {
		while (left-- > 0) {
			const socket = await make(port);
			// Read to the server's end, so that its side is the one that waits; ours then closes.
			socket.resume();
			await once(socket, "close");
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
