import { createServer as createTcpServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { type StunServer, startStunServer } from "@p2pd/core/stun-client/server";
import { codeOf } from "../errors.js";

/** The loopback NIC's name: `lo` on Linux, `lo0` on macOS, a longer one on Windows. */
export function loopbackNic(): string {
	for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
		if (addresses.some(({ address }) => address === "127.0.0.1")) return name;
	}
	return "lo";
}

/** Servers of our own on loopback, for a first run without any network. */
export interface LoopbackServers {
	/** The STUN servers, as `host:port`. */
	readonly stun: readonly string[];
	/** Whether they have a second address, as RFC 5780 needs to tell filtering. */
	readonly twoAddresses: boolean;
	/** Sends back what it gets, over TCP. */
	readonly echo: { readonly ip: string; readonly port: number };
	close(): Promise<void>;
}

/** Two STUN servers, so that they can agree, with two addresses each. */
const PAIRS = [
	["127.0.0.1", "127.0.0.2"],
	["127.0.0.3", "127.0.0.4"],
] as const;

/**
 * Starts the servers. Where loopback has only 127.0.0.1 (as on macOS), both STUN servers are there, with one address each.
 */
export async function startLoopbackServers(): Promise<LoopbackServers> {
	const echo = await startEcho();
	const stun: StunServer[] = [];
	const close = async (): Promise<void> => {
		await Promise.all([
			...stun.map((server) => server.close()),
			new Promise((resolve) => echo.close(resolve)),
		]);
	};
	try {
		for (const [primary, alternate] of PAIRS) stun.push(await startPair(primary, alternate));
	} catch (error) {
		await close();
		throw error;
	}
	return {
		stun: stun.map(({ primary }) => `${primary.ip}:${primary.port}`),
		twoAddresses: stun.every(({ alternate }) => alternate !== undefined),
		echo: { ip: "127.0.0.1", port: portOf(echo) },
		close,
	};
}

async function startPair(primary: string, alternate: string): Promise<StunServer> {
	try {
		return await startStunServer({
			primary: { ip: primary, port: 0 },
			alternate: { ip: alternate, port: 0 },
		});
	} catch (error) {
		if (!causes(error).some((cause) => codeOf(cause) === "EADDRNOTAVAIL")) throw error;
		return startStunServer({ primary: { ip: "127.0.0.1", port: 0 } });
	}
}

/** An error and what caused it, outermost first. */
const causes = (error: unknown): unknown[] =>
	error instanceof Error && error.cause !== undefined ? [error, ...causes(error.cause)] : [error];

function startEcho(): Promise<Server> {
	const server = createTcpServer((socket) => {
		socket.on("error", () => socket.destroy());
		socket.pipe(socket);
	});
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => resolve(server));
	});
}

function portOf(server: Server): number {
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("the echo server has no port");
	return address.port;
}
