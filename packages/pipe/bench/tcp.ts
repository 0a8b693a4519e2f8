import { once } from "node:events";
import type { Socket } from "node:net";
import { pipeOpen, TCP } from "@p2pd/pipe";
import type { BenchCase } from "@p2pd/testnet/bench";
import { bareClient, bareServer } from "./peers.js";

const CHUNK = Buffer.alloc(64 * 1024, 7);
const CHUNKS = 1000;
const TOTAL = CHUNK.length * CHUNKS;
const ECHOES = 1000;
const CONNECTIONS = 150;

/** Writes all chunks with as much in flight as the socket takes. */
async function pour(socket: Socket): Promise<void> {
	for (let n = 0; n < CHUNKS; n++) {
		if (!socket.write(CHUNK)) await once(socket, "drain");
	}
}

/** A stream of 64 KiB writes into a bare socket or a pipe. */
export async function throughputCases(): Promise<BenchCase[]> {
	const server = await bareServer((socket) => {
		socket.on("data", () => void pour(socket));
		socket.on("error", () => socket.destroy());
	});
	server.unref();

	const bare = async (): Promise<void> => {
		const socket = await bareClient(server.port);
		let got = 0;
		await new Promise<void>((resolve) => {
			socket.on("data", (data) => {
				got += data.length;
				if (got === TOTAL) resolve();
			});
			socket.write("go");
		});
		socket.destroy();
		await once(socket, "close");
	};
	const byCallback = async (): Promise<void> => {
		const pipe = await pipeOpen(null, TCP, ["127.0.0.1", server.port]);
		let got = 0;
		await new Promise<void>((resolve) => {
			pipe.onMessage((data) => {
				got += data.length;
				if (got === TOTAL) resolve();
			});
			void pipe.send("go");
		});
		await pipe.close();
	};
	const byRecv = async (): Promise<void> => {
		const pipe = await pipeOpen(null, TCP, ["127.0.0.1", server.port]);
		pipe.subscribe();
		await pipe.send("go");
		for (let got = 0; got < TOTAL; ) got += (await pipe.recv())?.length ?? 0;
		await pipe.close();
	};
	const sink = await bareServer((socket) => {
		let got = 0;
		socket.on("data", (data) => {
			got += data.length;
			if (got === TOTAL) socket.write("done");
		});
		socket.on("error", () => socket.destroy());
	});
	sink.unref();
	const bareSend = async (): Promise<void> => {
		const socket = await bareClient(sink.port);
		for (let n = 0; n < CHUNKS; n++) {
			await new Promise<void>((resolve) => {
				socket.write(CHUNK, () => resolve());
			});
		}
		await once(socket, "data");
		socket.destroy();
		await once(socket, "close");
	};
	const pipeSend = async (): Promise<void> => {
		const pipe = await pipeOpen(null, TCP, ["127.0.0.1", sink.port]);
		pipe.subscribe();
		for (let n = 0; n < CHUNKS; n++) await pipe.send(CHUNK);
		await pipe.recv();
		await pipe.close();
	};
	return [
		{
			name: "TCP in, 64 KiB writes, by callback",
			ops: CHUNKS,
			baseline: bare,
			candidate: byCallback,
			floor: 0.95,
		},
		{ name: "TCP in, 64 KiB writes, by recv", ops: CHUNKS, baseline: bare, candidate: byRecv, floor: 0.95 },
		{
			name: "TCP out, 64 KiB writes, each awaited",
			ops: CHUNKS,
			baseline: bareSend,
			candidate: pipeSend,
			floor: 0.95,
		},
	];
}

/** 64 bytes there and back, one after another. */
export async function echoCases(): Promise<BenchCase[]> {
	const server = await bareServer((socket) => {
		socket.setNoDelay(true);
		socket.on("data", (data) => socket.write(data));
	});
	server.unref();
	const message = Buffer.alloc(64, 1);
	const socket = await bareClient(server.port);
	const byCallback = await pipeOpen(null, TCP, ["127.0.0.1", server.port]);
	const byRecv = await pipeOpen(null, TCP, ["127.0.0.1", server.port]);
	byRecv.subscribe();
	for (const open of [socket, byCallback, byRecv]) open.unref();

	const bare = (): Promise<void> =>
		new Promise((resolve) => {
			let left = ECHOES;
			const again = (): void => {
				if (left-- > 0) {
					socket.write(message);
					return;
				}
				socket.off("data", again);
				resolve();
			};
			socket.on("data", again);
			again();
		});
	const callback = (): Promise<void> =>
		new Promise((resolve) => {
			let left = ECHOES;
			const again = (): void => {
				if (left-- > 0) {
					void byCallback.send(message);
					return;
				}
				byCallback.offMessage(again);
				resolve();
			};
			byCallback.onMessage(again);
			again();
		});
	const recv = async (): Promise<void> => {
		for (let n = 0; n < ECHOES; n++) {
			void byRecv.send(message);
			await byRecv.recv();
		}
	};
	return [
		{ name: "TCP echo, 64 bytes, by callback", ops: ECHOES, baseline: bare, candidate: callback, floor: 0.9 },
		{ name: "TCP echo, 64 bytes, by recv", ops: ECHOES, baseline: bare, candidate: recv, floor: 0.9 },
	];
}

/** Connections opened and closed, one after another. */
export async function connectCases(): Promise<BenchCase[]> {
	const server = await bareServer((socket) => {
		socket.on("error", () => socket.destroy());
		socket.resume();
	});
	server.unref();
	const bare = async (): Promise<void> => {
		for (let n = 0; n < CONNECTIONS; n++) {
			const socket = await bareClient(server.port);
			socket.destroySoon();
			await once(socket, "close");
		}
	};
	const pipes = async (): Promise<void> => {
		for (let n = 0; n < CONNECTIONS; n++) {
			const pipe = await pipeOpen(null, TCP, ["127.0.0.1", server.port]);
			await pipe.close();
		}
	};
	return [
		{
			name: "TCP connect and close",
			ops: CONNECTIONS,
			baseline: bare,
			candidate: pipes,
			floor: 0.9,
			// Until about 3000 connections in, Node compiles more than it connects, on either side.
			warmup: 25,
			rounds: 31,
		},
	];
}
