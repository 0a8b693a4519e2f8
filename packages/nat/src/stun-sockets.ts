import { setMaxListeners } from "node:events";
import { ipVersion } from "@p2pd/address";
import type { Clock, Endpoint, RandomBytes, UdpSocket } from "@p2pd/net";
import { StunDecodeError, StunNetworkError, StunTimeoutError } from "@p2pd/stun-client";
import {
	attributeValue,
	decodeMessage,
	looksLikeStun,
	mappedAddressOf,
	otherAddressOf,
	type StunMessage,
} from "@p2pd/stun-client/codec";
import { StunSocket } from "@p2pd/stun-client/transport";
import type { ProbeReply, ProbeSpec, SocketName } from "./probes.js";
import type { NatSockets } from "./types.js";

/** What the sockets report. */
interface SocketEvents {
	opened(socket: SocketName, port: number): void;
	openFailed(socket: SocketName, error: Error): void;
	replied(id: string, send: number, reply: ProbeReply, at: number): void;
	sendFailed(id: string, error: Error): void;
	/** The host of a server refused a datagram. */
	refused(server: number, error: Error): void;
	/** A Binding request of our own came back in. */
	hairpinned(): void;
}

/** What the sockets need. */
export interface StunSocketsParts {
	readonly sockets: NatSockets;
	readonly clock: Clock;
	readonly random: RandomBytes;
	readonly events: SocketEvents;
	/** Milliseconds for which an answer to a datagram is taken. */
	readonly answersFor: number;
}

/** A comprehension-required type that no specification assigns (RFC 8489 section 18.3: 0x4000-0x7FFF are unassigned). */
const UNASSIGNED = 0x7ffe;

/** Of the token that a hairpinned request is known by: nobody can guess so many. */
const TOKEN_BYTES = 16;

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/**
 * The UDP sockets of one discovery, by name. Each datagram is a transaction of its own, so that an answer tells
 * which of several sends it answers (and so the round trip, and whether a port train kept its order).
 */
export class StunSockets {
	readonly #parts: StunSocketsParts;
	readonly #open = new Map<SocketName, { socket: UdpSocket; stun: StunSocket }>();
	readonly #abort = new AbortController();
	readonly #token: string;
	readonly #busy = new Set<Promise<void>>();

	constructor(parts: StunSocketsParts) {
		this.#parts = parts;
		// Every request under way listens to it.
		setMaxListeners(0, this.#abort.signal);
		this.#token = Buffer.from(parts.random(TOKEN_BYTES)).toString("hex");
	}

	open(name: SocketName, port: number): void {
		this.#track(this.#openOne(name, port));
	}

	send(spec: ProbeSpec, send: number): void {
		this.#track(this.#sendOne(spec, send));
	}

	/** Closes every socket; nothing is reported afterwards. */
	async close(): Promise<void> {
		this.#abort.abort(new Error("the discovery is over"));
		await Promise.all(this.#busy);
		await Promise.all(
			[...this.#open.values()].map(({ socket, stun }) => {
				stun.close();
				return new Promise<void>((resolve) => socket.close(() => resolve()));
			}),
		);
		this.#open.clear();
	}

	#track(work: Promise<void>): void {
		const tracked = work.finally(() => this.#busy.delete(tracked));
		this.#busy.add(tracked);
	}

	async #openOne(name: SocketName, port: number): Promise<void> {
		const { sockets, clock, random, events } = this.#parts;
		const { signal } = this.#abort;
		try {
			const socket = await sockets.udp(port === 0 ? { signal } : { port, signal });
			const stun = new StunSocket({ socket, connected: isRefusal(name) }, { clock, random });
			this.#open.set(name, { socket, stun });
			if (name.startsWith("train:")) socket.on("message", (data) => this.#foreign(data));
			events.opened(name, socket.address().port);
		} catch (error) {
			if (!signal.aborted) events.openFailed(name, asError(error));
		}
	}

	async #sendOne(spec: ProbeSpec, send: number): Promise<void> {
		const { events, answersFor } = this.#parts;
		const opened = this.#open.get(spec.socket);
		if (opened === undefined) return;
		const { stun, socket } = opened;
		const { signal } = this.#abort;
		try {
			if (isRefusal(spec.socket)) await connect(socket, spec.to);
			const reply = await stun.request({
				to: spec.to,
				expectFrom: "any",
				changeIp: spec.change === "both",
				changePort: spec.change !== "none",
				classic: spec.classic,
				attributes: [
					...(spec.unknownAttribute ? [{ type: UNASSIGNED, value: new Uint8Array(0) }] : []),
					...(spec.role === "hairpin" ? [{ name: "SOFTWARE" as const, value: this.#token }] : []),
				],
				schedule: [0],
				giveUpAfter: answersFor,
				signal,
			});
			events.replied(spec.id, send, readReply(reply.message, reply.from), reply.at);
		} catch (error) {
			if (signal.aborted || error instanceof StunTimeoutError) return;
			if (!isRefusal(spec.socket)) events.sendFailed(spec.id, asError(error));
			else if (isRefused(error)) events.refused(spec.server, asError(error));
		}
	}

	/** Requests come in only by hairpinning; ours carry a token. */
	#foreign(data: Uint8Array): void {
		if (!looksLikeStun(data)) return;
		try {
			const message = decodeMessage(data);
			const software = message.attributes.find(({ name }) => name === "SOFTWARE");
			if (message.class === "request" && software?.value === this.#token) this.#parts.events.hairpinned();
		} catch (error) {
			if (!(error instanceof StunDecodeError)) throw error;
		}
	}
}

const endOf = (address: Endpoint | undefined): Endpoint | null =>
	address === undefined || address.port === 0 ? null : { ip: address.ip, port: address.port };

/** What a probe needs of a STUN answer. */
function readReply(message: StunMessage, from: Endpoint): ProbeReply {
	const error = message.class === "error";
	const mapped = endOf(mappedAddressOf(message));
	return {
		from,
		mapped: error || mapped === null || ipVersion(mapped.ip) !== ipVersion(from.ip) ? null : mapped,
		other: endOf(otherAddressOf(message)),
		classic:
			attributeValue(message, "OTHER-ADDRESS") === undefined &&
			attributeValue(message, "CHANGED-ADDRESS") !== undefined,
		errorStatus: error ? (attributeValue(message, "ERROR-CODE")?.status ?? 0) : null,
		unknownAttributes: attributeValue(message, "UNKNOWN-ATTRIBUTES") ?? [],
	};
}

/** The address that datagrams to a server leave from, as the kernel chooses it; null where it cannot be told. */
export async function sourceAddress(sockets: NatSockets, to: Endpoint): Promise<string | null> {
	const { localIp } = sockets;
	if (localIp !== "0.0.0.0" && localIp !== "::") return localIp;
	const socket = await sockets.udp();
	try {
		// Connecting a UDP socket sends nothing. The kernel then names the source that its routes choose.
		await connect(socket, to);
		return socket.address().address;
	} catch {
		return null;
	} finally {
		await new Promise<void>((resolve) => socket.close(() => resolve()));
	}
}

const isRefusal = (name: SocketName): boolean => name.startsWith("refusal:");

const isRefused = (error: unknown): boolean =>
	error instanceof StunNetworkError && error.errno === "ECONNREFUSED";

interface Connectable extends UdpSocket {
	connect(port: number, ip: string, callback: () => void): void;
}

const canConnect = (socket: UdpSocket & { connect?: unknown }): socket is Connectable =>
	typeof socket.connect === "function";

/** Connects a UDP socket. Rejects if the system refuses, or if the socket cannot be connected. */
function connect(socket: UdpSocket, { ip, port }: Endpoint): Promise<void> {
	return new Promise((resolve, reject) => {
		if (!canConnect(socket)) {
			reject(new Error("the sockets cannot be connected"));
			return;
		}
		socket.on("error", reject);
		socket.connect(port, ip, resolve);
	});
}
