import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { type Endpoint, type Family, IP4 } from "@p2pd/net";
import { canonicalIp, isIp } from "../ip/text.js";
import type { ResolverSockets } from "../resolve/types.js";
import { encodeQuery, type Question, type Reply, readReply } from "./message.js";

/** Over TCP each message follows its length, RFC 1035 section 4.2.2. */
const LENGTH_BYTES = 2;

/** Asks one server once. Ends when the server answers or the signal aborts: the caller sets the time limit. */
export type Exchange = (
	question: Question,
	server: Endpoint,
	sockets: ResolverSockets,
	signal: AbortSignal,
) => Promise<Reply>;

/**
 * Asks over UDP. A datagram from another address or port, or that answers another question, is ignored (RFC 5452
 * section 9.1). The id is random, and so is the source port, which the kernel chooses.
 */
export const askUdp: Exchange = async (question, server, sockets, signal) => {
	// Port 0: the sockets may have a fixed port, which is not for queries.
	const socket = await sockets.udp({ port: 0, to: server.ip, signal });
	try {
		signal.throwIfAborted();
		return await new Promise((resolve, reject) => {
			signal.addEventListener("abort", () => reject(signal.reason), { once: true });
			socket.on("error", reject);
			socket.on("message", (data, from) => {
				if (from.port !== server.port || !sameIp(from.address, server.ip)) return;
				const reply = readReply(data, question);
				if (reply.kind !== "not-ours") resolve(reply);
			});
			socket.send(encodeQuery(question), server.port, server.ip, (error) => {
				if (error) reject(error);
			});
		});
	} finally {
		socket.close();
	}
};

/** Asks over TCP. Rejects if the server hangs up first. */
export const askTcp: Exchange = async (question, server, sockets, signal) => {
	// Sockets without TCP cannot get the rest of an answer that was cut.
	if (sockets.connect === undefined) return { kind: "truncated" };
	const socket = await sockets.connect({ ip: server.ip, port: server.port, localPort: 0, signal });
	try {
		signal.throwIfAborted();
		return await new Promise((resolve, reject) => {
			signal.addEventListener("abort", () => reject(signal.reason), { once: true });
			socket.on("error", reject);
			socket.on("close", () => reject(closedEarly()));
			let received = Buffer.alloc(0);
			socket.on("data", (chunk) => {
				// At most one message and one chunk: a length has 16 bits, and nothing is kept after the message.
				received = Buffer.concat([received, chunk]);
				if (received.length < LENGTH_BYTES) return;
				const end = LENGTH_BYTES + received.readUInt16BE(0);
				if (received.length >= end) resolve(readReply(received.subarray(LENGTH_BYTES, end), question));
			});
			const query = encodeQuery(question);
			const length = Buffer.alloc(LENGTH_BYTES);
			length.writeUInt16BE(query.length);
			socket.write(Buffer.concat([length, query]));
		});
	} finally {
		socket.destroy();
	}
};

/** Sockets that the kernel routes as it does for any program. */
export function kernelSockets(af: Family): ResolverSockets {
	return {
		af,
		async udp() {
			const socket = createSocket({ type: af === IP4 ? "udp4" : "udp6" });
			try {
				socket.bind();
				await once(socket, "listening");
			} catch (error) {
				socket.close();
				throw error;
			}
			return socket;
		},
		async connect({ ip, port, signal }) {
			const socket = connect({ host: ip, port });
			try {
				await once(socket, "connect", signal === undefined ? {} : { signal });
			} catch (error) {
				socket.destroy();
				throw error;
			}
			return socket;
		},
	};
}

function sameIp(a: string, b: string): boolean {
	return isIp(a) && canonicalIp(a) === b;
}

function closedEarly(): Error {
	return Object.assign(new Error("the server hung up before its answer was complete"), {
		code: "ECONNRESET",
	});
}
