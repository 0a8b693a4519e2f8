import type { Socket } from "node:dgram";
import { once } from "node:events";
import type { HostPort } from "../../../src/index.js";
import type { ReflectorAnswer, ReflectorRequest } from "./reflector.js";

/** The part of a socket factory that a scenario needs, of either half. */
export interface UdpSockets {
	udp(options?: { port?: number }): Promise<Pick<Socket, "send" | "on" | "off" | "close" | "address">>;
}

/** A message that arrived, and from where. */
interface Heard extends ReflectorAnswer {
	readonly from: HostPort;
}

let lastId = 0;

/**
 * A socket that asks reflectors. Nothing in either half loses packets without a reason, and what was sent
 * first arrives first, so it needs no timers: what has not come before the answers to three later questions
 * was dropped.
 */
export class Asker {
	readonly #socket: Awaited<ReturnType<UdpSockets["udp"]>>;
	readonly #heard: Heard[] = [];
	readonly #home: HostPort;

	private constructor(socket: Awaited<ReturnType<UdpSockets["udp"]>>, home: HostPort) {
		this.#socket = socket;
		this.#home = home;
		socket.on("message", (data, { address, port }) => {
			const answer = JSON.parse(data.toString("utf8")) as ReflectorAnswer;
			this.#heard.push({ ...answer, from: { ip: address, port } });
		});
	}

	/** @param home the endpoint that answers it at all times */
	static async open(sockets: UdpSockets, home: HostPort, port = 0): Promise<Asker> {
		const asker = new Asker(await sockets.udp({ port }), home);
		await asker.seenBy(home);
		return asker;
	}

	get localPort(): number {
		return this.#socket.address().port;
	}

	/** Sends a request, and does not wait. @returns its id */
	send(to: HostPort, request: Omit<ReflectorRequest, "id"> = {}): number {
		lastId += 1;
		this.#socket.send(Buffer.from(JSON.stringify({ ...request, id: lastId })), to.port, to.ip);
		return lastId;
	}

	/** How an endpoint sees this socket; waits for as long as it takes. */
	async seenBy(endpoint: HostPort): Promise<HostPort> {
		const id = this.send(endpoint);
		for (;;) {
			const answer = this.#heard.find((one) => one.id === id);
			if (answer !== undefined) return answer.seen;
			await once(this.#socket as Socket, "message");
		}
	}

	/** Asks home to do something, and gives the endpoints whose packets came in through the NAT. */
	async letIn(request: Omit<ReflectorRequest, "id">): Promise<HostPort[]> {
		const id = this.send(this.#home, request);
		await this.settle();
		return this.#heard.filter((one) => one.id === id).map((one) => one.at);
	}

	/** Where the message with an id came from, or null if it has not come; to be asked after `settle`. */
	heardFrom(id: number): HostPort | null {
		return this.#heard.find((one) => one.id === id)?.from ?? null;
	}

	/** What was answered to a request, or null if nothing has come; to be asked after `settle`. */
	answer(id: number): ReflectorAnswer | null {
		return this.#heard.find((one) => one.id === id) ?? null;
	}

	/** Lets everything that is under way arrive. */
	async settle(): Promise<void> {
		for (let round = 0; round < 3; round++) await this.seenBy(this.#home);
	}

	close(): void {
		this.#socket.close();
	}
}
