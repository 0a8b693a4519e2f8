import type { Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import type { SocketFactory } from "@p2pd/net";
import { channelHeader } from "../src/codec/data.js";
import { turnRoute } from "../src/index.js";

const ROUNDS = 9;
const DATAGRAMS = 200_000;
/** Nanoseconds that a relayed datagram may cost more than a plain one. */
const LIMIT = 2000;
const DATA = Buffer.alloc(1200, "x");
const PEER = { address: "127.0.0.1", port: 9 } as const;

/** The median time of one call, in ns. */
function nanoseconds(call: () => void): number {
	const times: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const start = process.hrtime.bigint();
		for (let n = 0; n < DATAGRAMS; n++) call();
		times.push(Number(process.hrtime.bigint() - start) / DATAGRAMS);
	}
	return times.sort((a, b) => a - b)[(ROUNDS - 1) / 2] ?? Number.NaN;
}

/**
 * What this package adds to a datagram, without the kernel: the socket to the server is replaced by one that sends
 * nothing, and datagrams are received as that socket would emit them.
 */
export async function ownCost(sockets: SocketFactory, server: { host: string; port: number }): Promise<void> {
	let raw: Socket | null = null;
	const route = await turnRoute({
		server,
		credentials: { username: "me", password: "secret" },
		sockets: {
			af: 4,
			nic: null,
			localIp: sockets.localIp,
			connect: (options) => sockets.connect(options),
			listen: (options) => sockets.listen(options),
			udp: async (options) => {
				raw = await sockets.udp(options);
				return raw;
			},
		},
	});
	const socket = await route.udp({ to: PEER.address });
	if (raw === null) throw new Error("no socket was opened");
	const link: Socket = raw;
	const callback = (): void => undefined;
	// Until the channel is bound.
	for (let n = 0; n < 8; n++) socket.send(DATA, PEER.port, PEER.address, callback);
	await new Promise((resolve) => setTimeout(resolve, 300));
	const send = link.send;
	link.send = callback;
	const sent = nanoseconds(() => socket.send(DATA, PEER.port, PEER.address, callback));
	link.send = send;

	socket.on("message", callback);
	const plain = new EventEmitter().on("message", callback);
	const from = { ...PEER, family: "IPv4", size: DATA.length };
	const packet = Buffer.concat([channelHeader(0x4000, DATA.length), DATA]);
	const emitted = nanoseconds(() => plain.emit("message", DATA, from));
	const received = nanoseconds(() => link.emit("message", packet, from)) - emitted;
	await route.close();

	const ok = sent < LIMIT && received < LIMIT;
	console.log(
		`own cost of a relayed datagram: ${Math.round(sent)} ns to send, ${Math.round(received)} ns to receive  ${ok ? "ok" : "ABOVE"} (limit ${LIMIT} ns)`,
	);
	if (!ok) process.exitCode = 1;
}
