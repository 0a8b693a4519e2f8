import type { Socket } from "node:dgram";
import { type Clock, type Endpoint, type RandomBytes, sleep } from "@p2pd/net";
import {
	CONNECTION_BYTES,
	COOKIE_BYTES,
	connectionOf,
	DATA,
	DatagramCipher,
	DatagramCookies,
	decodeHello,
	decodeRetry,
	decodeWelcome,
	EphemeralKey,
	encodeHello,
	encodeRetry,
	encodeWelcome,
	type HelloDatagram,
	isProven,
} from "@p2pd/peer/protocol";
import { HANDSHAKE_TIMEOUT, HELLO_RESEND, MAX_DATAGRAM_LINKS } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import { DatagramLink } from "./datagram-link.js";
import type { Preamble } from "./preamble.js";

/** What a server knows of who says hello. */
export interface HelloVerdict {
	/** The pre-shared key. */
	readonly key: Buffer;
	/** The link is ready. */
	readonly onLink: (link: DatagramLink) => void;
}

/** What a port is made with. */
export interface DatagramPortInit {
	readonly socket: Socket;
	readonly clock: Clock;
	readonly random: RandomBytes;
	/** Judges a hello whose sender is at its address; null to drop it. */
	readonly judge: ((preamble: Preamble) => Promise<HelloVerdict | null>) | null;
	/** Close the socket with its last link: for a socket of one connection alone. */
	readonly single: boolean;
}

/**
 * The connections of one UDP socket. A hello is answered with a smaller datagram, and without remembering anything until
 * its sender has shown that it is at its address.
 */
export class DatagramPort {
	readonly #init: DatagramPortInit;
	readonly #cookies: DatagramCookies;
	readonly #links = new Map<string, DatagramLink>();
	/** Welcomes that were sent, by connection: a hello that is repeated gets the same. */
	readonly #welcomes = new Map<string, { readonly welcome: Buffer; readonly from: Endpoint }>();
	/** Clients that wait for a welcome. */
	readonly #waiting = new Map<string, (datagram: Buffer, from: Endpoint) => void>();
	#closed = false;

	constructor(init: DatagramPortInit) {
		this.#init = init;
		this.#cookies = new DatagramCookies(init.random);
		init.socket.on("message", this.#onMessage);
		init.socket.on("error", this.#onError);
	}

	/**
	 * Opens a connection as its client.
	 *
	 * @throws NodeHandshakeError (`ERR_NODE_HANDSHAKE`), or the signal's reason
	 */
	async open(remote: Endpoint, key: Buffer, preamble: Preamble, signal: AbortSignal): Promise<DatagramLink> {
		const { clock, random, socket } = this.#init;
		const ephemeral = new EphemeralKey(random);
		const connection = Buffer.from(random(CONNECTION_BYTES));
		const fields = { connection, ephemeral: ephemeral.public, preamble: preambleBytes(preamble) };
		const name = connection.toString("hex");
		let cookie: Buffer = Buffer.alloc(COOKIE_BYTES);
		const send = (): void =>
			socket.send(encodeHello({ ...fields, cookie }, key), remote.port, remote.ip, ignore);
		const over = new AbortController();
		const either = AbortSignal.any([signal, over.signal]);
		let at = remote;
		const welcomed = new Promise<Buffer>((resolve) => {
			this.#waiting.set(name, (datagram, from) => {
				const retry = decodeRetry(datagram, connection);
				if (retry !== null && !retry.equals(cookie)) {
					cookie = retry;
					send();
				}
				const theirs = decodeWelcome(datagram, fields, key);
				if (theirs === null) return;
				// A NAT may have given the peer another port than was expected: the proof says that it is the peer.
				at = from;
				resolve(theirs);
			});
		});
		const timer = clock.setTimeout(
			() => over.abort(new NodeHandshakeError("no answer to the hello")),
			HANDSHAKE_TIMEOUT,
		);
		try {
			const theirs = await Promise.race([welcomed, this.#repeat(send, either)]);
			const secret = ephemeral.agree(theirs);
			if (secret === null) throw new NodeHandshakeError("the peer's ephemeral key is impossible");
			const cipher = new DatagramCipher({
				side: "client",
				key,
				secret,
				connection,
				clientEphemeral: ephemeral.public,
				serverEphemeral: theirs,
			});
			return this.#add(name, cipher, at);
		} finally {
			clock.clearTimeout(timer);
			over.abort(new NodeHandshakeError("over"));
			this.#waiting.delete(name);
			if (this.#init.single && this.#links.size === 0) this.close();
		}
	}

	/** Closes the socket, and with it every link. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#init.socket.off("message", this.#onMessage);
		for (const link of [...this.#links.values()]) link.close();
		// What was sent in this turn has to leave first.
		setImmediate(() => this.#init.socket.close());
	}

	async #repeat(send: () => void, signal: AbortSignal): Promise<never> {
		for (;;) {
			send();
			await sleep(HELLO_RESEND, this.#init.clock, signal);
		}
	}

	readonly #onError = (): void => {
		// ICMP errors of one peer must not end the connections of others.
	};

	readonly #onMessage = (datagram: Buffer, { address, port }: { address: string; port: number }): void => {
		const from = { ip: address, port };
		const name = connectionOf(datagram);
		if (name === null) {
			const hello = this.#init.judge === null ? null : decodeHello(datagram);
			if (hello !== null) this.#hello(hello, from);
			return;
		}
		if (datagram[0] === DATA) this.#links.get(name)?.receive(datagram, from);
		else this.#waiting.get(name)?.(datagram, from);
	};

	#hello(hello: HelloDatagram, from: Endpoint): void {
		const { clock } = this.#init;
		const name = hello.connection.toString("hex");
		const known = this.#welcomes.get(name);
		if (known !== undefined) {
			if (known.from.ip === from.ip && known.from.port === from.port) this.#send(known.welcome, from);
			return;
		}
		if (this.#links.size >= MAX_DATAGRAM_LINKS) return;
		if (!this.#cookies.isValid(hello.cookie, from, hello.connection, clock.now())) {
			this.#send(
				encodeRetry(hello.connection, this.#cookies.make(from, hello.connection, clock.now())),
				from,
			);
			return;
		}
		void this.#welcome(hello, from, name);
	}

	async #welcome(hello: HelloDatagram, from: Endpoint, name: string): Promise<void> {
		const { judge, random } = this.#init;
		const preamble = readPreambleBytes(hello.preamble);
		const verdict = (await judge?.(preamble)) ?? null;
		if (verdict === null || this.#closed || this.#links.has(name) || !isProven(hello, verdict.key)) return;
		const ephemeral = new EphemeralKey(random);
		const secret = ephemeral.agree(hello.ephemeral);
		if (secret === null) return;
		const cipher = new DatagramCipher({
			side: "server",
			key: verdict.key,
			secret,
			connection: hello.connection,
			clientEphemeral: hello.ephemeral,
			serverEphemeral: ephemeral.public,
		});
		const welcome = encodeWelcome(hello, ephemeral.public, verdict.key);
		this.#welcomes.set(name, { welcome, from });
		const link = this.#add(name, cipher, from);
		this.#send(welcome, from);
		verdict.onLink(link);
	}

	#add(name: string, cipher: DatagramCipher, remote: Endpoint): DatagramLink {
		const { clock, single, socket } = this.#init;
		const link = new DatagramLink({
			socket,
			remote,
			cipher,
			clock,
			onClosed: () => {
				this.#links.delete(name);
				this.#welcomes.delete(name);
				if (single) this.close();
			},
		});
		this.#links.set(name, link);
		return link;
	}

	#send(datagram: Buffer, to: Endpoint): void {
		if (!this.#closed) this.#init.socket.send(datagram, to.port, to.ip, ignore);
	}
}

const ignore = (): void => undefined;

const ATTEMPT_BYTES = 16;

function preambleBytes(preamble: Preamble): Buffer {
	return preamble.kind === "attempt" ? Buffer.from(preamble.attempt, "hex") : preamble.sealed;
}

function readPreambleBytes(bytes: Buffer): Preamble {
	if (bytes.length === ATTEMPT_BYTES) return { kind: "attempt", attempt: bytes.toString("hex") };
	return { kind: "hello", sealed: Buffer.from(bytes) };
}
