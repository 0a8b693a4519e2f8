import { resolve4 } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";

/** Resolves a name, sends a line to it over TCP, and gives back what comes. */
export async function run(input: { name: string; port: number; line: string }) {
	const [ip = ""] = await resolve4(input.name);
	const socket = connect({ host: ip, port: input.port });
	await once(socket, "connect");
	const local = socket.localAddress ?? null;
	socket.end(input.line);
	const chunks: Buffer[] = [];
	for await (const chunk of socket) chunks.push(chunk as Buffer);
	return { ip, local, text: Buffer.concat(chunks).toString("utf8") };
}
