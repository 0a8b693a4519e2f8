import type { HostPort } from "../types.js";
import { encodeQuery, type Question, type Reply, readReply } from "./message.js";
import type { DnsSockets } from "./types.js";

/** Over TCP each message has its length in front, RFC 1035 section 4.2.2. */
const LENGTH_BYTES = 2;

/** Asks one server over TCP and waits until it answers, hangs up, or the signal aborts. */
export async function askTcp(
	question: Question,
	server: HostPort,
	sockets: DnsSockets,
	signal: AbortSignal,
): Promise<Reply> {
	const socket = await sockets.connect({ ip: server.ip, port: server.port, localPort: 0, signal });
	try {
		signal.throwIfAborted();
		return await new Promise((resolve, reject) => {
			signal.addEventListener("abort", () => reject(signal.reason), { once: true });
			socket.on("error", reject);
			socket.on("close", () => reject(closedEarly()));
			socket.on("end", () => reject(closedEarly()));
			let received = Buffer.alloc(0);
			socket.on("data", (chunk: Buffer) => {
				// Never more than one message and one chunk: the length has 16 bits, and we stop at the end of it.
				received = Buffer.concat([received, chunk]);
				if (received.length < LENGTH_BYTES) return;
				const end = LENGTH_BYTES + received.readUInt16BE(0);
				if (received.length < end) return;
				resolve(readReply(received.subarray(LENGTH_BYTES, end), question));
			});
			const query = encodeQuery(question);
			const length = Buffer.alloc(LENGTH_BYTES);
			length.writeUInt16BE(query.length);
			socket.write(Buffer.concat([length, query]));
		});
	} finally {
		socket.destroy();
	}
}

function closedEarly(): Error {
	return Object.assign(new Error("the server hung up before its answer was complete"), {
		code: "ECONNRESET",
	});
}
