import { REQUEST_TIMEOUT } from "../defaults.js";
import { StunAnswerError, StunClosedError } from "../errors.js";
import { StunSocket } from "../socket/stun-socket.js";
import type { StunReply } from "../socket/types.js";
import type { HostPort, StunDeps, UdpSocket, UdpSockets } from "../types.js";
import { readMapping, requireSuccess } from "./mapping.js";
import type { ClientRequestOptions, StunClientOptions, StunMapping } from "./types.js";

const isFactory = (sockets: UdpSockets | UdpSocket): sockets is UdpSockets => "udp" in sockets;

interface Opened {
	readonly stun: StunSocket;
	close(): Promise<void>;
}

/** A client of one server, on one socket: what it learns is the mapping of that socket. */
export class StunClient {
	readonly #options: StunClientOptions;
	readonly #deps: StunDeps;
	#opened: Promise<Opened> | undefined;
	#other: HostPort | undefined;
	#closed = false;

	constructor(options: StunClientOptions, deps: StunDeps = {}) {
		this.#options = options;
		this.#deps = deps;
	}

	/**
	 * Asks the server which address it sees.
	 *
	 * @throws {StunError} ERR_STUN_TIMEOUT, _NETWORK, _RESPONSE, _ANSWER, _CLOSED
	 */
	async getMapping(options: ClientRequestOptions = {}): Promise<StunMapping> {
		const { stun } = await this.#open(options.signal);
		const mapping = readMapping(await this.#exchange(stun, options), stun.local(), this.#server);
		this.#other = mapping.otherAddress;
		return mapping;
	}

	/** The external IP that the server sees. Throws what {@link StunClient.getMapping} throws. */
	async getWanIp(options: ClientRequestOptions = {}): Promise<string> {
		return (await this.getMapping(options)).mapped.ip;
	}

	/**
	 * Sends a request, also one that asks the server to answer from its other IP or port. The reply counts only from
	 * exactly that address; where it is not known yet, a plain request learns it first.
	 *
	 * @throws {StunError} ERR_STUN_TIMEOUT, _NETWORK, _RESPONSE, _ANSWER, _CLOSED
	 */
	async request(options: ClientRequestOptions = {}): Promise<StunReply> {
		const { changeIp = false, changePort = false } = options;
		const { stun } = await this.#open(options.signal);
		if (!changeIp && !changePort) return requireSuccess(await this.#exchange(stun, options), this.#server);
		const other = this.#other ?? (await this.getMapping(withoutChange(options))).otherAddress;
		if (other === undefined) throw new StunAnswerError(this.#server, "has no second address to answer from");
		const from = {
			ip: changeIp ? other.ip : this.#server.ip,
			port: changePort ? other.port : this.#server.port,
		};
		return requireSuccess(await this.#exchange(stun, options, from), this.#server);
	}

	/** Closes the socket if it was made here, and leaves it if it was given. Requests under way fail with ERR_STUN_CLOSED. */
	async close(): Promise<void> {
		this.#closed = true;
		const opened = await this.#opened?.catch(() => undefined);
		await opened?.close();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	get #server(): HostPort {
		const { ip, port } = this.#options.server;
		return { ip, port };
	}

	#exchange(stun: StunSocket, options: ClientRequestOptions, expectFrom?: HostPort): Promise<StunReply> {
		const { timeout, ...request } = options;
		return stun.request({
			...request,
			to: this.#server,
			giveUpAfter: timeout ?? this.#options.timeout ?? REQUEST_TIMEOUT,
			...(expectFrom === undefined ? {} : { expectFrom }),
		});
	}

	#open(signal: AbortSignal | undefined): Promise<Opened> {
		if (this.#closed) return Promise.reject(new StunClosedError("the STUN client"));
		this.#opened ??= this.#make(signal).catch((error: unknown) => {
			this.#opened = undefined;
			throw error;
		});
		return this.#opened;
	}

	async #make(signal: AbortSignal | undefined): Promise<Opened> {
		const { sockets, attached } = this.#options;
		const owns = isFactory(sockets);
		const socket = owns ? await sockets.udp(signal === undefined ? {} : { signal }) : sockets;
		const stun = new StunSocket({ socket, attached: attached ?? !owns }, this.#deps);
		return {
			stun,
			close: async () => {
				stun.close();
				if (owns) await new Promise<void>((resolve) => void socket.close(() => resolve()));
			},
		};
	}
}

function withoutChange({ timeout, signal }: ClientRequestOptions): ClientRequestOptions {
	return { ...(timeout === undefined ? {} : { timeout }), ...(signal === undefined ? {} : { signal }) };
}
