/*
 * One peer in a namespace. It speaks lines of JSON with the process that started it: commands come on standard input,
 * results and messages for the other peer leave on standard output.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { discoverNat } from "@p2pd/nat";
import type { Endpoint } from "@p2pd/net";
import { kernelRoute } from "@p2pd/route";
import {
	type PunchChannel,
	type PunchNat,
	type PunchReport,
	punchTcp,
	punchUdp,
} from "../../../src/index.js";
import { observeTcp, observeUdp } from "./observers.js";

/** What a peer is told. */
export type Command =
	| { readonly type: "discover"; readonly af: 4 | 6; readonly servers: readonly Endpoint[] }
	| {
			readonly type: "punch";
			readonly af: 4 | 6;
			readonly transport: "udp" | "tcp";
			readonly ourId: string;
			readonly theirId: string;
			readonly our: PunchNat;
			readonly their: PunchNat;
			readonly stun: Endpoint;
			readonly timeout: number;
	  }
	| { readonly type: "message"; readonly data: string }
	| { readonly type: "end" };

/** What a peer says. */
export type Report =
	| { readonly type: "ready"; readonly version: string }
	| { readonly type: "nat"; readonly nat: PunchNat }
	| { readonly type: "message"; readonly data: string }
	| { readonly type: "result"; readonly result: PunchOutcome }
	| { readonly type: "error"; readonly message: string };

/** What became of a punch, and what the other peer then said over the path. */
export type PunchOutcome =
	| {
			readonly ok: true;
			readonly heard: string;
			readonly path: string;
			readonly remote: Endpoint;
			readonly report: PunchReport;
	  }
	| {
			readonly ok: false;
			readonly reason: string;
			readonly rule: string | null;
			readonly report: PunchReport;
	  };

const say = (report: Report): void => {
	process.stdout.write(`${JSON.stringify(report)}\n`);
};

/** Messages of the punch under way. */
let deliver: (message: Uint8Array | null) => void = () => undefined;

function openChannel(): PunchChannel {
	const queue: (Uint8Array | null)[] = [];
	let wake = (): void => undefined;
	deliver = (message) => {
		queue.push(message);
		wake();
	};
	async function* messages(): AsyncGenerator<Uint8Array> {
		for (;;) {
			const message = queue.shift();
			if (message === null) return;
			if (message !== undefined) yield message;
			else
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
		}
	}
	return {
		send: async (data) => say({ type: "message", data: Buffer.from(data).toString("base64") }),
		messages: messages(),
	};
}

async function punch(command: Extract<Command, { type: "punch" }>): Promise<PunchOutcome> {
	const { af, transport, ourId, theirId, our, their, stun, timeout } = command;
	const sockets = kernelRoute(af);
	const options = { ourId, theirId, nats: { our, their }, timeout };
	const channel = openChannel();
	const hello = Buffer.from(`I am ${ourId}`);
	if (transport === "udp") {
		const observe = (socket: Parameters<typeof observeUdp>[0], signal: AbortSignal) =>
			observeUdp(socket, stun, signal);
		const result = await punchUdp(options, { sockets, observe, channel });
		if (!result.ok) return { ok: false, reason: result.reason, rule: result.rule, report: result.report };
		const { socket, remote, path, report } = result;
		const said = once(socket, "message");
		// The first datagram may come before the other program listens: both repeat it.
		const repeat = setInterval(() => socket.send(hello, remote.port, remote.ip), 20);
		const [data] = await said;
		await new Promise((resolve) => setTimeout(resolve, 100));
		clearInterval(repeat);
		socket.close();
		return { ok: true, heard: String(data), path, remote, report };
	}
	const observe = (localPort: number, signal: AbortSignal) => observeTcp(sockets, stun, localPort, signal);
	const result = await punchTcp(options, { sockets, observe, channel });
	if (!result.ok) return { ok: false, reason: result.reason, rule: result.rule, report: result.report };
	const { socket, remote, path, report } = result;
	socket.on("error", () => undefined);
	socket.write(hello);
	const [data] = await once(socket, "data");
	socket.end();
	return { ok: true, heard: String(data), path, remote, report };
}

async function obey(command: Command): Promise<void> {
	switch (command.type) {
		case "discover": {
			const { type, delta, filtering, tcp, externalIps } = await discoverNat(
				{ servers: command.servers, hairpinning: false },
				{ sockets: kernelRoute(command.af) },
			);
			say({ type: "nat", nat: { type, delta, tcp, externalIps, ...{ filtering } } });
			return;
		}
		case "punch":
			say({ type: "result", result: await punch(command) });
			return;
		case "message":
			deliver(Buffer.from(command.data, "base64"));
			return;
		case "end":
			process.exit(0);
	}
}

say({ type: "ready", version: process.version });
for await (const line of createInterface({ input: process.stdin })) {
	void obey(JSON.parse(line)).catch((error: Error) =>
		say({ type: "error", message: error.stack ?? error.message }),
	);
}
