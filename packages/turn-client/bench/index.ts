import { execFile } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { kernelRoute } from "@p2pd/route";
import { type BenchCase, compareAll } from "@p2pd/testnet/bench";
import { startCoturn } from "@p2pd/testnet/coturn";
import { turnRoute } from "../src/index.js";
import { ownCost } from "./own-cost.js";

/*
 * What a relayed datagram costs this process beside a plain one, and what comes through a relay on this machine. The
 * relay is coturn, so everything but the first figure is its speed more than ours; turnutils_uclient, coturn's own
 * client, is measured through it too.
 */

const ECHOES = 2000;
const ONE_WAY = 64 * 40;
const WINDOW = 64;
const SIZE = 1200;
const RELAY = "127.0.37.1";

async function bound(): Promise<Socket> {
	const socket = createSocket("udp4");
	socket.bind(0, "127.0.0.1");
	await once(socket, "listening");
	return socket;
}

/** Datagrams to an echo and back, `flight` under way at once. Datagrams that the kernel drops would end it: there are few. */
function echoes(socket: Socket, port: number, flight: number): () => Promise<void> {
	const data = Buffer.alloc(SIZE, "x");
	return () =>
		new Promise((resolve) => {
			let sent = 0;
			let got = 0;
			const send = (): void => {
				if (sent++ < ECHOES) socket.send(data, port, "127.0.0.1", () => undefined);
			};
			const onMessage = (): void => {
				if (++got === ECHOES) {
					socket.off("message", onMessage);
					resolve();
				} else send();
			};
			socket.on("message", onMessage);
			for (let n = 0; n < flight; n++) send();
		});
}

/** Datagrams to a receiver, in windows that each wait for the last one. */
function oneWay(socket: Socket, receiver: Socket): () => Promise<void> {
	const data = Buffer.alloc(SIZE, "x");
	const { port } = receiver.address();
	return async () => {
		for (let sent = 0; sent < ONE_WAY; sent += WINDOW) {
			await new Promise<void>((resolve) => {
				let got = 0;
				const onMessage = (): void => {
					if (++got < WINDOW) return;
					receiver.off("message", onMessage);
					resolve();
				};
				receiver.on("message", onMessage);
				for (let n = 0; n < WINDOW; n++) socket.send(data, port, "127.0.0.1", () => undefined);
			});
		}
	};
}

/** coturn's client through the same relay to coturn's peer: what it prints at its end. */
async function uclient(port: number): Promise<string[]> {
	const peer = execFile("turnutils_peer", ["-L", "127.0.0.1", "-p", "43480"]);
	const args = ["-u", "me", "-w", "secret", "-p", `${port}`, "-e", "127.0.0.1", "-r", "43480"];
	const load = ["-n", "2000", "-l", `${SIZE}`, "-z", "0", "-c", RELAY];
	const text = await new Promise<string>((resolve) => {
		execFile("turnutils_uclient", [...args, ...load], { timeout: 60_000 }, (_error, stdout) =>
			resolve(stdout),
		);
	});
	peer.kill("SIGKILL");
	return text.split("\n").filter((line) => /Total transmit|lost packets|round trip/.test(line));
}

const coturn = await startCoturn({ ip: RELAY });
await ownCost(kernelRoute(4), { host: RELAY, port: coturn.port });
const route = await turnRoute({
	server: { host: RELAY, port: coturn.port },
	credentials: { username: "me", password: "secret" },
	sockets: kernelRoute(4),
});
const relayed = await route.udp({ to: "127.0.0.1" });
const plain = await bound();
const receiver = await bound();
const echo = await bound();
echo.on("message", (data, from) => echo.send(data, from.port, from.address, () => undefined));
const { port } = echo.address();

const cases: BenchCase[] = [
	...[1, 32].map((flight) => ({
		name: `echo through coturn, ${flight} in flight`,
		ops: ECHOES,
		baseline: echoes(plain, port, flight),
		candidate: echoes(relayed, port, flight),
	})),
	{
		name: `one way through coturn, ${SIZE} bytes`,
		ops: ONE_WAY,
		baseline: oneWay(plain, receiver),
		candidate: oneWay(relayed, receiver),
	},
];
await compareAll(cases);
for (const line of await uclient(coturn.port))
	console.log(`turnutils_uclient ${line.replace(/^\d+: : /, "")}`);

for (const socket of [plain, receiver, echo]) socket.close();
await route.close();
await coturn.kill();
