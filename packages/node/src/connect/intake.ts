import type { Socket as DatagramSocket } from "node:dgram";
import { setMaxListeners } from "node:events";
import type { Server, Socket } from "node:net";
import { PeerMessageError } from "@p2pd/peer";
import { helloKey, readHello } from "@p2pd/peer/protocol";
import { MAX_STRANGERS, MAX_STRANGERS_PER_IP } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import { DatagramPort, type HelloVerdict } from "../secure/datagram-port.js";
import type { SecureLink } from "../secure/link.js";
import { type Preamble, readPreamble } from "../secure/preamble.js";
import { secureStream } from "../secure/stream-link.js";
import type { NodeCore } from "./core.js";
import type { PeerSession } from "./session.js";

/** What becomes of the links that come in. */
export interface IntakeInit {
	readonly core: NodeCore;
	/** The session of an attempt that this node takes part in. */
	readonly session: (attempt: string) => PeerSession | null;
	/** A link of a session. */
	readonly onSessionLink: (attempt: string, link: SecureLink) => void;
	/** A link that no signalling prepared. */
	readonly onHelloLink: (link: SecureLink, id: string, attempt: string) => void;
}

/**
 * Takes the connections to the node's port. A stranger costs a socket for three seconds at most: who does not begin as a
 * node with a key is dropped without an answer.
 */
export class Intake {
	readonly #init: IntakeInit;
	readonly #strangers = new Map<Socket, string>();
	readonly #running = new Set<Promise<void>>();
	readonly #end = new AbortController();
	readonly #ports: DatagramPort[] = [];

	constructor(init: IntakeInit) {
		this.#init = init;
		// Every stranger listens to it.
		setMaxListeners(0, this.#end.signal);
	}

	/** Takes the connections of a server, which stays the caller's. */
	listen(server: Server): void {
		server.on("connection", (socket) => this.#accept(socket));
	}

	/** Takes the datagrams of a socket, which is closed with the intake. */
	listenDatagrams(socket: DatagramSocket): void {
		const { clock, random } = this.#init.core;
		this.#ports.push(
			new DatagramPort({
				socket,
				clock,
				random,
				single: false,
				judge: (preamble) => this.#judgeDatagram(preamble),
			}),
		);
	}

	async close(): Promise<void> {
		this.#end.abort(new Error("the node is closed"));
		for (const socket of this.#strangers.keys()) socket.destroy();
		await Promise.all(this.#running);
	}

	/** Closes the datagram ports: their connections end with them. */
	closePorts(): void {
		for (const port of this.#ports) port.close();
	}

	#accept(socket: Socket): void {
		socket.on("error", () => undefined);
		const ip = socket.remoteAddress ?? "";
		const own = [...this.#strangers.values()].filter((one) => one === ip).length;
		if (this.#end.signal.aborted || this.#strangers.size >= MAX_STRANGERS || own >= MAX_STRANGERS_PER_IP) {
			socket.destroy();
			return;
		}
		this.#strangers.set(socket, ip);
		const work = this.#admit(socket)
			.catch(() => {
				socket.destroy();
			})
			.finally(() => {
				this.#strangers.delete(socket);
				this.#running.delete(work);
			});
		this.#running.add(work);
	}

	async #admit(socket: Socket): Promise<void> {
		const { core, onHelloLink, onSessionLink, session: find } = this.#init;
		const { clock } = core;
		const { signal } = this.#end;
		const preamble = await readPreamble(socket, clock, signal);
		if (preamble.kind === "attempt") {
			const session = find(preamble.attempt);
			if (session === null || session.key === null)
				throw new NodeHandshakeError("an attempt that is not known");
			onSessionLink(preamble.attempt, await session.secureStream(socket, "server", signal));
			return;
		}
		const { attempt, id, key } = await this.#judgeHello(preamble.sealed);
		const link = await secureStream(socket, { side: "server", key, attempt, preamble: null, clock, signal });
		onHelloLink(link, id, attempt);
	}

	/** Who says hello, and with which key. @throws NodeHandshakeError */
	async #judgeHello(
		sealed: Uint8Array,
	): Promise<{ readonly id: string; readonly attempt: string; readonly key: Buffer }> {
		const { core } = this.#init;
		const receipt = core.inbox.mailbox.open(sealed, core.wallNow());
		if (receipt.status !== "accepted") throw new NodeHandshakeError("a hello that is not accepted");
		const hello = readHello(receipt.message);
		const { sender } = receipt.message;
		if (!(await core.accepts(sender.id))) throw new NodeHandshakeError("a node that is not accepted");
		const attempt = Buffer.from(hello.attempt).toString("hex");
		return { id: sender.id, attempt, key: helloKey(hello, sender, core.identity) };
	}

	/** Judges a datagram's hello whose sender is at its address; null to drop it. */
	async #judgeDatagram(preamble: Preamble): Promise<HelloVerdict | null> {
		const { onHelloLink, onSessionLink, session: find } = this.#init;
		if (this.#end.signal.aborted) return null;
		if (preamble.kind === "attempt") {
			const key = find(preamble.attempt)?.key ?? null;
			return key === null ? null : { key, onLink: (link) => onSessionLink(preamble.attempt, link) };
		}
		try {
			const { attempt, id, key } = await this.#judgeHello(preamble.sealed);
			return { key, onLink: (link) => onHelloLink(link, id, attempt) };
		} catch (error) {
			if (error instanceof NodeHandshakeError || error instanceof PeerMessageError) return null;
			throw error;
		}
	}
}
