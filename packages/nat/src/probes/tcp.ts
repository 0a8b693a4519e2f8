import {
	type Clock,
	decodeMessage,
	encodeMessage,
	type HostPort,
	mappedAddressOf,
	type RandomBytes,
	type StreamSocket,
	StunDecodeError,
} from "@p2pd/stun-client";
import { TRAIN_PORTS } from "../defaults.js";
import { picker } from "../engine/pick.js";
import type { NatSockets, TcpVerdict } from "../types.js";

/** What the TCP check works with. */
export interface TcpParts {
	readonly sockets: NatSockets;
	readonly clock: Clock;
	readonly random: RandomBytes;
	readonly localIp: string | null;
	/** Ends it: whatever is not known by then stays unknown. */
	readonly signal: AbortSignal;
}

/** A STUN header: type, length, cookie, id (RFC 8489 section 5). */
const HEADER = 20;
/** No answer to a Binding request is longer; a peer that sends more is no STUN server. */
const MAX_ANSWER = 2048;

/**
 * How a NAT maps TCP (RFC 5382 REQ-1): from one local port, a server's two addresses are connected to and asked.
 * Whatever happens is a verdict; nothing is thrown.
 */
export async function checkTcpMapping(
	primary: HostPort,
	other: HostPort,
	parts: TcpParts,
): Promise<TcpVerdict> {
	if (parts.sockets.connect === undefined) return notChecked("the sockets cannot connect");
	const localPort = picker(parts.random)(TRAIN_PORTS.start, TRAIN_PORTS.end);
	const asked = await Promise.allSettled([primary, other].map((to) => ask(to, localPort, parts)));
	const ends = asked.map((each) => (each.status === "fulfilled" ? each.value : null));
	const [first, second] = ends;
	if (first == null || second == null) {
		const failure = asked.find((each) => each.status === "rejected");
		const why = failure === undefined ? "no answer" : String(failure.reason);
		return {
			mapping: "unknown",
			reason: `the server's two addresses did not both answer: ${why}`,
			external: null,
		};
	}
	if (first.ip === parts.localIp && first.port === localPort) {
		return { mapping: "none", reason: "the server sees the local address and port", external: first };
	}
	return first.ip === second.ip && first.port === second.port
		? {
				mapping: "endpoint-independent",
				reason: "both of the server's addresses see one end",
				external: first,
			}
		: { mapping: "varies", reason: "the server's two addresses see different ends", external: null };
}

const notChecked = (reason: string): TcpVerdict => ({ mapping: "not-checked", reason, external: null });

async function ask({ ip, port }: HostPort, localPort: number, parts: TcpParts): Promise<HostPort | null> {
	const { sockets, signal, random } = parts;
	signal.throwIfAborted();
	const socket = await sockets.connect?.({ ip, port, localPort, reuse: true, signal });
	if (socket === undefined) return null;
	try {
		return await exchange(socket, random(12), signal);
	} finally {
		// A reset frees the local port at once; there is nothing left to be said.
		socket.destroy();
	}
}

function exchange(socket: StreamSocket, id: Uint8Array, signal: AbortSignal): Promise<HostPort | null> {
	return new Promise((resolve, reject) => {
		let received = Buffer.alloc(0);
		const fail = (error: unknown): void => reject(error instanceof Error ? error : new Error(String(error)));
		socket.on("error", fail);
		socket.on("close", () => reject(new Error("the server closed the connection")));
		signal.addEventListener("abort", () => fail(signal.reason), { once: true });
		socket.on("data", (data) => {
			received = Buffer.concat([received, data]);
			if (received.length < HEADER) return;
			const length = HEADER + received.readUInt16BE(2);
			if (length > MAX_ANSWER) fail(new Error("what came is no STUN answer"));
			else if (received.length >= length) settle(received.subarray(0, length), id, resolve, fail);
		});
		socket.write(encodeMessage({ class: "request", transactionId: id }));
	});
}

function settle(
	bytes: Buffer,
	id: Uint8Array,
	resolve: (end: HostPort | null) => void,
	fail: (error: unknown) => void,
): void {
	try {
		const message = decodeMessage(bytes);
		if (message.class !== "success" || !Buffer.from(message.transactionId).equals(Buffer.from(id))) {
			throw new Error("the answer is to another request");
		}
		const mapped = mappedAddressOf(message);
		resolve(mapped === undefined ? null : { ip: mapped.ip, port: mapped.port });
	} catch (error) {
		fail(
			error instanceof StunDecodeError ? new Error("what came is no STUN answer", { cause: error }) : error,
		);
	}
}
