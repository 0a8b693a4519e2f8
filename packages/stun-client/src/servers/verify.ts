import { isPublicIp } from "@p2pd/address";
import { readMapping, requireSuccess } from "../client/mapping.js";
import type { StunMapping } from "../client/types.js";
import { REQUEST_TIMEOUT } from "../defaults.js";
import { StunError } from "../errors.js";
import { sameEndpoint } from "../ip-text.js";
import { closeUdp } from "../socket/close-udp.js";
import { StunSocket } from "../socket/stun-socket.js";
import type { StunRequestOptions } from "../socket/types.js";
import type { HostPort, StunDeps, UdpSockets } from "../types.js";
import { checkOtherAddress } from "./check-other-address.js";
import type { ServerFeature } from "./types.js";

/** How a server is verified. */
export interface VerifyOptions {
	readonly sockets: UdpSockets;
	readonly server: HostPort;
	/** Milliseconds for each answer. @default 3000 */
	readonly timeout?: number;
	readonly signal?: AbortSignal;
}

/** What a server was found to be. */
export interface ServerVerification {
	readonly server: HostPort;
	/** Whether a plain request can be trusted to it: it answers, from where it was asked, with a believable address. */
	readonly ok: boolean;
	/** What it proved to serve beside a plain Binding. */
	readonly features: readonly ServerFeature[];
	readonly mapped: HostPort | undefined;
	readonly software: string | undefined;
	/** What is wrong, in words. A feature that is not there is named too, and leaves `ok` as it is. */
	readonly problems: readonly string[];
}

/** A problem, found by a check below. */
class Unfit extends Error {}

function checkMapping({ mapped, server, responseOrigin }: StunMapping): void {
	if (isPublicIp(server.ip) && !isPublicIp(mapped.ip)) throw new Unfit(`is public and answers ${mapped.ip}`);
	if (responseOrigin !== undefined && !sameEndpoint(responseOrigin, server)) {
		throw new Unfit(`says that it answers from ${responseOrigin.ip} port ${responseOrigin.port}`);
	}
}

class Verification {
	readonly #stun: StunSocket;
	readonly #options: VerifyOptions;

	constructor(stun: StunSocket, options: VerifyOptions) {
		this.#stun = stun;
		this.#options = options;
	}

	async mapping(classic: boolean): Promise<StunMapping> {
		const { server } = this.#options;
		const mapping = readMapping(await this.#ask({ to: server, classic }), this.#stun.local(), server);
		checkMapping(mapping);
		return mapping;
	}

	/** Whether the server answers change requests, in one dialect, from exactly where they ask for it. */
	async changes(classic: boolean): Promise<void> {
		const { server } = this.#options;
		const { otherAddress: other } = await this.mapping(classic);
		if (other === undefined) throw new Unfit("names no other address");
		const wrong = checkOtherAddress(server, other);
		if (wrong !== undefined) throw new Unfit(wrong);
		const places = [
			{ place: other, changeIp: true, changePort: true },
			{ place: { ip: other.ip, port: server.port }, changeIp: true, changePort: false },
			{ place: { ip: server.ip, port: other.port }, changeIp: false, changePort: true },
		];
		for (const { place, ...change } of places) {
			// A plain request to the place itself lets its answers through a NAT that filters.
			requireSuccess(await this.#ask({ to: place, classic }), place);
			requireSuccess(await this.#ask({ to: server, expectFrom: place, classic, ...change }), server);
		}
	}

	#ask(request: StunRequestOptions): ReturnType<StunSocket["request"]> {
		const { timeout = REQUEST_TIMEOUT, signal } = this.#options;
		return this.#stun.request({
			...request,
			giveUpAfter: timeout,
			...(signal === undefined ? {} : { signal }),
		});
	}
}

/** The outcome of a check, or what is wrong in words. Aborts and errors of another kind pass. */
async function attempt<T>(check: Promise<T>, signal: AbortSignal | undefined): Promise<T | string> {
	try {
		return await check;
	} catch (error) {
		signal?.throwIfAborted();
		if (error instanceof StunError || error instanceof Unfit) return error.message;
		throw error;
	}
}

/**
 * Asks a server everything that it must get right before it is relied on: a plain request, and in both dialects the
 * change requests, each answered from the right one of four addresses.
 *
 * @throws the signal's reason when it was aborted
 * @throws the socket factory's error when it can make no socket
 */
export async function verifyStunServer(
	options: VerifyOptions,
	deps: StunDeps = {},
): Promise<ServerVerification> {
	const { sockets, server, signal } = options;
	const socket = await sockets.udp(signal === undefined ? {} : { signal });
	const stun = new StunSocket({ socket }, deps);
	try {
		const verification = new Verification(stun, options);
		const plain = await attempt(verification.mapping(false), signal);
		if (typeof plain === "string") {
			return { server, ok: false, features: [], mapped: undefined, software: undefined, problems: [plain] };
		}
		const features: ServerFeature[] = [];
		const problems: string[] = [];
		for (const [feature, classic] of [
			["rfc5780", false],
			["rfc3489", true],
		] as const) {
			const problem = await attempt(verification.changes(classic), signal);
			if (problem === undefined) features.push(feature);
			else problems.push(`${feature}: ${problem}`);
		}
		return { server, ok: true, features, mapped: plain.mapped, software: plain.software, problems };
	} finally {
		stun.close();
		await closeUdp(socket);
	}
}
