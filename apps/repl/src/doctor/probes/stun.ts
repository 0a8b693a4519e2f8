import { hostPortText, type SocketFactory, StunClient } from "@p2pd/core";
import { codeOf, errorLine } from "../../errors.js";
import type { StunFact, StunOutcome } from "../types.js";

/** A server to ask. */
export interface StunQuestion {
	/** As it was configured. */
	readonly server: string;
	readonly ip: string;
	readonly port: number;
	readonly transport: "udp" | "tcp";
	readonly sockets: SocketFactory;
	/** In ms. */
	readonly timeout: number;
	readonly signal: AbortSignal;
}

/** Asks one STUN server which address it sees. What the network does is data. @throws the signal's reason */
export async function askStun(question: StunQuestion): Promise<StunFact> {
	const { server, ip, transport, sockets } = question;
	return { server, ip, af: sockets.af, transport, outcome: await ask(question) };
}

async function ask({ ip, port, transport, sockets, timeout, signal }: StunQuestion): Promise<StunOutcome> {
	const client = new StunClient({
		sockets,
		server: { ip, port },
		transport,
		mode: transport === "udp" ? "auto" : "rfc8489",
		timeout,
		// One server, no change requests: so that a refusal is heard at once.
		connected: transport === "udp",
	});
	try {
		const { mapped, rtt } = await client.getMapping({ signal });
		return { status: "answered", mapped: hostPortText(mapped), rtt: Math.round(rtt) };
	} catch (error) {
		signal.throwIfAborted();
		return { status: isRefusal(error) ? "refused" : "failed", error: errorLine(error) };
	} finally {
		await client.close();
	}
}

/** Whether an error, or what caused it, is the host's word that nothing listens there. */
const isRefusal = (error: unknown): boolean =>
	codeOf(error) === "ECONNREFUSED" ||
	(error instanceof Error && error.cause !== undefined && isRefusal(error.cause));
