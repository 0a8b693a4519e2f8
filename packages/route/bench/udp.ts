import { createSocket } from "node:dgram";
import { once } from "node:events";
import { sourceRoute } from "@p2pd/route";
import type { BenchCase } from "@p2pd/testnet/bench";

const SOCKETS = 500;

/** Making a bound UDP socket and closing it. */
export function udpCases(): BenchCase[] {
	const nic = { name: "lo", index: null, isDefault: () => true };
	const plain = sourceRoute({ af: 4, nic, ip: "127.0.0.1" });
	const baseline = async (): Promise<void> => {
		for (let i = 0; i < SOCKETS; i++) {
			const socket = createSocket("udp4");
			await once(socket.bind({ address: "127.0.0.1" }), "listening");
			socket.close();
		}
	};
	const of = (make: () => ReturnType<typeof plain.udp>) => async (): Promise<void> => {
		for (let i = 0; i < SOCKETS; i++) (await make()).close();
	};
	return [
		{ name: "UDP socket: route", ops: SOCKETS, baseline, candidate: of(() => plain.udp()) },
		{
			name: "UDP socket: route, by descriptor",
			ops: SOCKETS,
			baseline,
			candidate: of(() => plain.udp({ reuse: true })),
		},
	];
}
