import {
	type Clock,
	type Endpoint,
	is,
	type RandomBytes,
	sleep,
	systemClock,
	systemRandom,
	type UdpSocket,
	withAbort,
} from "@p2pd/net";
import { StunDecodeError } from "@p2pd/stun-client";
import {
	attributeValue,
	decodeMessage,
	encodeMessage,
	looksLikeStun,
	mappedAddressOf,
	type StunMessage,
} from "@p2pd/stun-client/codec";
import { checkArgument, DEPS_FIELDS, isPositiveTime, isServerEndpoint } from "./check.js";
import { NatArgumentError } from "./errors.js";
import type { NatDeps, NatLifetime } from "./types.js";

/** What {@link measureNatLifetime} is told. */
export interface NatLifetimeOptions {
	/** A server that obeys RESPONSE-PORT (RFC 5780 section 7.5). */
	readonly server: Endpoint;
	/** How long mappings are left alone, in ms; all at once. @default 15 s to 5 min, roughly doubling */
	readonly waits?: readonly number[];
	readonly signal?: AbortSignal;
}

/** Around what is seen in NATs: 30 s is common, 2 min the least that RFC 4787 REQ-5 allows, 5 min what it recommends. */
const WAITS: readonly number[] = [15_000, 30_000, 60_000, 120_000, 180_000, 300_000];
/** Each wait has a socket of its own. */
const MAX_WAITS = 64;
/** Sends of each question, and the time between them in ms: a lost datagram must not end a lifetime. */
const SENDS = 4;
const SPACING = 500;
/** How long the last answer may take, ms. */
const LAST_WAIT = 1500;

type Answer = { readonly message: StunMessage; readonly socket: UdpSocket };

/**
 * How long an idle UDP mapping lives (RFC 5780 section 4.6). It takes as long as the longest wait.
 *
 * Each wait has a socket of its own that asks the server once and is then silent. When its time has come, another
 * socket asks the server to answer to the mapped port of the first: if that comes in, the mapping has lived. A server
 * that does not obey RESPONSE-PORT is found out beforehand, and nothing is claimed then.
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) for a wrong argument
 * @throws the signal's reason
 */
export async function measureNatLifetime(
	options: NatLifetimeOptions,
	deps: Omit<NatDeps, "resolve">,
): Promise<NatLifetime> {
	checkArgument(
		options,
		"",
		{ server: isServerEndpoint, waits: is.listOf(isPositiveTime, { max: MAX_WAITS }), signal: is.signal },
		{ required: ["server"] },
	);
	checkArgument(deps, "deps", DEPS_FIELDS, { required: ["sockets"] });
	const waits = [...(options.waits ?? WAITS)].sort((a, b) => a - b);
	if (waits.length === 0) throw new NatArgumentError("waits", "waits must not be empty");
	options.signal?.throwIfAborted();
	const run = new LifetimeRun(options, deps);
	try {
		return await run.measure(waits);
	} finally {
		await run.close();
	}
}

class LifetimeRun {
	readonly #server: Endpoint;
	readonly #sockets: NatDeps["sockets"];
	readonly #clock: Clock;
	readonly #random: RandomBytes;
	readonly #signal: AbortSignal | undefined;
	readonly #open: UdpSocket[] = [];
	readonly #waiting = new Map<string, (answer: Answer) => void>();

	constructor({ server, signal }: NatLifetimeOptions, { sockets, clock, random }: NatDeps) {
		this.#server = server;
		this.#signal = signal;
		this.#sockets = sockets;
		this.#clock = clock ?? systemClock;
		this.#random = random ?? systemRandom;
	}

	async measure(waits: readonly number[]): Promise<NatLifetime> {
		const asker = await this.#socket();
		const own = await this.#mapped(asker);
		if (own === null) return notChecked("the server does not answer");
		// The control: a mapping made just now is alive, so an answer to it has to come in.
		const control = await this.#socket();
		const alive = await this.#mapped(control);
		if (alive === null) return notChecked("the server does not answer");
		if (alive.ip !== own.ip)
			return notChecked("the NAT gives several external addresses to one inside address");
		if (!(await this.#arrives(asker, control, alive.port))) {
			return notChecked("the server does not obey RESPONSE-PORT");
		}
		const lived = await Promise.all(waits.map((wait) => this.#lives(asker, wait)));
		return verdictOf(waits, lived);
	}

	async close(): Promise<void> {
		await Promise.all(
			this.#open.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
		);
	}

	/** Whether a mapping survives a silence of `wait` ms; null if it could not be made. */
	async #lives(asker: UdpSocket, wait: number): Promise<boolean | null> {
		const socket = await this.#socket();
		const mapped = await this.#mapped(socket);
		if (mapped === null) return null;
		await sleep(wait, this.#clock, this.#signal);
		return this.#arrives(asker, socket, mapped.port);
	}

	async #socket(): Promise<UdpSocket> {
		const socket = await this.#sockets.udp(this.#signal === undefined ? {} : { signal: this.#signal });
		this.#open.push(socket);
		socket.on("message", (data) => this.#receive(data, socket));
		return socket;
	}

	#receive(data: Uint8Array, socket: UdpSocket): void {
		if (!looksLikeStun(data)) return;
		try {
			const message = decodeMessage(data);
			this.#waiting.get(Buffer.from(message.transactionId).toString("hex"))?.({ message, socket });
		} catch (error) {
			if (!(error instanceof StunDecodeError)) throw error;
		}
	}

	async #mapped(socket: UdpSocket): Promise<Endpoint | null> {
		const answer = await this.#ask(socket, null, () => true);
		return answer === null ? null : (mappedAddressOf(answer.message) ?? null);
	}

	/** Does the server's answer to `port` come in at `at`? An error comes back to the asker instead. */
	async #arrives(asker: UdpSocket, at: UdpSocket, port: number): Promise<boolean> {
		const answer = await this.#ask(asker, port, ({ message, socket }) => {
			return socket === at || attributeValue(message, "ERROR-CODE") !== undefined;
		});
		return answer !== null && answer.socket === at;
	}

	async #ask(
		socket: UdpSocket,
		responsePort: number | null,
		accept: (answer: Answer) => boolean,
	): Promise<Answer | null> {
		const id = this.#random(12);
		const key = Buffer.from(id).toString("hex");
		const data = encodeMessage({
			class: "request",
			transactionId: id,
			attributes: responsePort === null ? [] : [{ name: "RESPONSE-PORT", value: responsePort }],
		});
		const { promise, resolve } = latch<Answer>();
		this.#waiting.set(key, (answer) => {
			if (accept(answer)) resolve(answer);
		});
		try {
			for (let send = 1; send <= SENDS; send++) {
				await new Promise<void>((sent, failed) => {
					socket.send(data, this.#server.port, this.#server.ip, (error) =>
						error === null || error === undefined ? sent() : failed(error),
					);
				});
				const answer = await this.#within(promise, send === SENDS ? LAST_WAIT : SPACING);
				if (answer !== null) return answer;
			}
			return null;
		} finally {
			this.#waiting.delete(key);
		}
	}

	/** What a promise gives within a time, else null. Throws the signal's reason. */
	async #within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
		return withAbort(this.#signal, (signal) =>
			Promise.race([promise, sleep(ms, this.#clock, signal).then(() => null)]),
		);
	}
}

function latch<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
	let resolve: (value: T) => void = () => undefined;
	const promise = new Promise<T>((settle) => {
		resolve = settle;
	});
	return { promise, resolve };
}

const notChecked = (reason: string): NatLifetime => ({
	atLeast: null,
	lessThan: null,
	status: "not-checked",
	reason,
});

function verdictOf(waits: readonly number[], lived: readonly (boolean | null)[]): NatLifetime {
	const those = (outcome: boolean): number[] => waits.filter((_, index) => lived[index] === outcome);
	const atLeast = those(true).at(-1) ?? null;
	const lessThan = those(false)[0] ?? null;
	if (atLeast !== null && lessThan !== null && lessThan < atLeast) {
		return {
			atLeast: null,
			lessThan: null,
			status: "unknown",
			reason: `a mapping lived ${atLeast} ms and another did not live ${lessThan} ms`,
		};
	}
	if (atLeast === null && lessThan === null) return notChecked("no mapping could be made");
	const low = atLeast === null ? "" : `at least ${atLeast} ms`;
	const high = lessThan === null ? "" : `less than ${lessThan} ms`;
	const reason = `idle mappings live ${[low, high].filter((text) => text !== "").join(" and ")}`;
	return { atLeast, lessThan, status: "measured", reason };
}
