import { type PipeSubscriptionKey, pipeOpen, UDP } from "@p2pd/pipe";
import type { BenchCase } from "@p2pd/testnet/bench";
import { bareUdp } from "./peers.js";

const ECHOES = 2000;
const BURST = 64 * 40;
const MESSAGE = Buffer.from(`HTTP/1.1 200 OK ${"x".repeat(48)}`);

/** Datagrams there and back, `flight` of them under way at once. */
async function echoCase(
	name: string,
	flight: number,
	floor: number,
	sub?: PipeSubscriptionKey,
): Promise<BenchCase[]> {
	const server = await bareUdp();
	server.on("message", (data, from) => server.send(data, from.port, from.address));
	const { port } = server.address();
	const socket = await bareUdp();
	const pipe = await pipeOpen(null, UDP, ["127.0.0.1", port]);
	for (const open of [server, socket, pipe]) open.unref();

	const bare = (): Promise<void> =>
		new Promise((resolve) => {
			let sent = 0;
			let got = 0;
			const send = (): void => {
				if (sent++ < ECHOES) socket.send(MESSAGE, port, "127.0.0.1");
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
	const callback = (): Promise<void> =>
		new Promise((resolve) => {
			let sent = 0;
			let got = 0;
			const send = (): void => {
				if (sent++ < ECHOES) void pipe.send(MESSAGE);
			};
			const onMessage = (): void => {
				if (++got === ECHOES) {
					pipe.offMessage(onMessage);
					resolve();
				} else send();
			};
			pipe.onMessage(onMessage);
			for (let n = 0; n < flight; n++) send();
		});
	const recv = async (): Promise<void> => {
		const key = sub ?? null;
		pipe.subscribe(key);
		for (let n = 0; n < flight; n++) void pipe.send(MESSAGE);
		for (let sent = flight, got = 0; got < ECHOES; got++) {
			await pipe.recv({ sub: key });
			if (sent++ < ECHOES) void pipe.send(MESSAGE);
		}
		pipe.unsubscribe(key);
	};
	const byRecv: BenchCase = { name: `${name}, by recv`, ops: ECHOES, baseline: bare, candidate: recv, floor };
	if (sub !== undefined) return [byRecv];
	return [{ name: `${name}, by callback`, ops: ECHOES, baseline: bare, candidate: callback, floor }, byRecv];
}

/** Datagrams in one direction: as many as one side sends and the other has received. */
async function oneWayCases(): Promise<BenchCase[]> {
	const bareReceiver = await bareUdp();
	const bareSender = await bareUdp();
	const receiver = await pipeOpen(null, UDP);
	const sender = await pipeOpen(null, UDP, ["127.0.0.1", receiver.local[1]]);
	const { port } = bareReceiver.address();
	for (const open of [bareReceiver, bareSender, receiver, sender]) open.unref();

	// The kernel drops what a receiver is behind with, so a window of datagrams waits for its last one.
	const WINDOW = 64;
	const bare = async (): Promise<void> => {
		for (let sent = 0; sent < BURST; sent += WINDOW) {
			await new Promise<void>((resolve) => {
				let got = 0;
				const onMessage = (): void => {
					if (++got < WINDOW) return;
					bareReceiver.off("message", onMessage);
					resolve();
				};
				bareReceiver.on("message", onMessage);
				for (let n = 0; n < WINDOW; n++) bareSender.send(MESSAGE, port, "127.0.0.1");
			});
		}
	};
	const pipes = async (): Promise<void> => {
		for (let sent = 0; sent < BURST; sent += WINDOW) {
			await new Promise<void>((resolve) => {
				let got = 0;
				const onMessage = (): void => {
					if (++got < WINDOW) return;
					receiver.offMessage(onMessage);
					resolve();
				};
				receiver.onMessage(onMessage);
				for (let n = 0; n < WINDOW; n++) void sender.send(MESSAGE);
			});
		}
	};
	return [{ name: "UDP one way, windows of 64", ops: BURST, baseline: bare, candidate: pipes, floor: 0.9 }];
}

export async function udpCases(): Promise<BenchCase[]> {
	return [
		...(await echoCase("UDP echo, 1 in flight", 1, 0.9)),
		...(await echoCase("UDP echo, 32 in flight", 32, 0.9)),
		...(await echoCase("UDP echo, 1 in flight, regex", 1, 0.85, /^HTTP\/1\.[01] 2/)),
		...(await echoCase("UDP echo, 32 in flight, regex", 32, 0.85, /^HTTP\/1\.[01] 2/)),
		...(await oneWayCases()),
	];
}
