import { once } from "node:events";
import type { Pipe } from "@p2pd/core";
import type { Context } from "../context.js";

/**
 * Joins stdin and stdout to the pipe until the peer ends. UDP has no end: a client stops after `wait` ms of silence once
 * stdin has ended, a server at Ctrl-C; it answers who wrote last, and what stdin has waits for the first one.
 */
export async function converse(
	{ io, signal }: Pick<Context, "io" | "signal">,
	pipe: Pipe,
	wait: number,
): Promise<void> {
	let stdinEnded = false;
	let silence: NodeJS.Timeout | undefined;
	const listenOn = (): void => {
		clearTimeout(silence);
		const isUdpClient = pipe.protocol === "udp" && pipe.role === "client";
		if (stdinEnded && isUdpClient) silence = setTimeout(() => void pipe.close(), wait);
	};
	let peer = pipe.remote;
	let meet: () => void = () => undefined;
	const met = new Promise<void>((resolve) => {
		meet = resolve;
	});
	const pull = async (): Promise<void> => {
		for await (const [from, data] of pipe.messages(null, { full: true, signal })) {
			peer = from;
			meet();
			listenOn();
			if (!io.stdout.write(data)) await once(io.stdout, "drain");
		}
	};
	const push = async (): Promise<void> => {
		for await (const chunk of io.stdin) {
			if (peer === null) await met;
			await pipe.send(chunk as Buffer, ...(pipe.remote === null && peer !== null ? [peer] : []));
		}
		stdinEnded = true;
		if (pipe.protocol === "tcp") await pipe.end();
		else listenOn();
	};
	let failure: unknown;
	// Once the peer has ended, what becomes of stdin does not matter; before that, a failed send ends the pipe.
	const pushing = push().catch((error: unknown) => {
		if (pipe.state === "closing" || pipe.state === "closed") return;
		failure = error;
		void pipe.close();
	});
	try {
		await pull();
	} finally {
		clearTimeout(silence);
		meet();
		await pipe.close();
		io.stdin.destroy();
		await pushing;
	}
	if (failure !== undefined) throw failure;
}
