import { canonicalIp, isIp } from "../ip/predicates.js";
import type { HostPort } from "../types.js";
import { encodeQuery, type Question, type Reply, readReply } from "./message.js";
import type { DnsSockets } from "./types.js";

/**
 * Asks one server over UDP and waits until it answers or the signal aborts: the caller sets the time. What
 * comes from another address or port, or answers another question, is passed over (RFC 5452 section 9.1). The
 * id is random and the source port is the kernel's choice, which is random too.
 */
export async function askUdp(
	question: Question,
	server: HostPort,
	sockets: DnsSockets,
	signal: AbortSignal,
): Promise<Reply> {
	// Port 0 by name: a route may have a port of its own, which is not for queries.
	const socket = await sockets.udp({ port: 0, signal });
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
}

function sameIp(a: string, b: string): boolean {
	return isIp(a) && canonicalIp(a) === canonicalIp(b);
}
