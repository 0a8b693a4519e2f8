import { isPublicIp } from "@p2pd/address";
import {
	type Clock,
	type Endpoint,
	endpointText,
	is,
	type RandomBytes,
	sameEndpoint,
	type UdpSockets,
} from "@p2pd/net";
import { COMMON_DEPS, checkOptions, isRemoteEndpoint, isUdpFactory } from "../arguments.js";
import { readMapping, requireSuccess } from "../client/mapping.js";
import type { StunMapping } from "../client/types.js";
import type { NamedAttribute } from "../codec/types.js";
import { REQUEST_TIMEOUT } from "../defaults.js";
import { StunError } from "../errors.js";
import type { StunRequestOptions } from "../transport/types.js";
import { closeUdp, StunSocket } from "../transport/udp.js";
import { otherAddressProblem } from "./other-address.js";
import type { StunServerFeature } from "./types.js";

/** Options of {@link verifyStunServer}. */
export interface VerifyStunServerOptions {
	readonly server: Endpoint;
	/** Milliseconds for each answer. @default 3000 */
	readonly timeout?: number;
	readonly signal?: AbortSignal;
}

/** What the environment supplies to {@link verifyStunServer}. */
export interface VerifyStunServerDeps {
	readonly sockets: UdpSockets;
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
	/** @default the system's cryptographic source */
	readonly random?: RandomBytes;
}

/** What the tests of a server have shown. */
export interface StunServerVerification {
	readonly server: Endpoint;
	/** Whether it answers plain requests, from where it was asked, with a plausible address. */
	readonly ok: boolean;
	/** What it was shown to do besides. */
	readonly features: readonly StunServerFeature[];
	/** The address that it saw, or null. */
	readonly mapped: Endpoint | null;
	/** SOFTWARE, as the server wrote it (pass it through `printable`), or null. */
	readonly software: string | null;
	/** What is wrong, in words. A missing feature is listed too, and does not change `ok`. */
	readonly problems: readonly string[];
}

/** A problem that one of the checks below has found. */
class VerificationProblem extends Error {}

function checkMapping({ mapped, server, responseOrigin }: StunMapping): void {
	if (isPublicIp(server.ip) && !isPublicIp(mapped.ip))
		throw new VerificationProblem(`is public, but answered with ${mapped.ip}`);
	if (responseOrigin !== undefined && !sameEndpoint(responseOrigin, server)) {
		throw new VerificationProblem(`claims to answer from ${endpointText(responseOrigin)}`);
	}
}

class Verification {
	readonly #stun: StunSocket;
	readonly #options: VerifyStunServerOptions;

	constructor(stun: StunSocket, options: VerifyStunServerOptions) {
		this.#stun = stun;
		this.#options = options;
	}

	async mapping(classic: boolean): Promise<StunMapping> {
		const { server } = this.#options;
		// Servers that limit amplification name themselves only in reply to a longer request.
		const attributes: NamedAttribute[] = classic ? [] : [{ name: "SOFTWARE", value: "p2pd server check" }];
		const reply = await this.#ask({ to: server, classic, attributes });
		const mapping = readMapping(reply, this.#stun.local(), server);
		checkMapping(mapping);
		return mapping;
	}

	/** Checks that the server answers change requests, in one dialect, from exactly the address they ask for. */
	async changes(classic: boolean): Promise<void> {
		const { server } = this.#options;
		const { otherAddress: other } = await this.mapping(classic);
		const problem = otherAddressProblem(server, other ?? null);
		if (other === undefined || problem !== null)
			throw new VerificationProblem(problem ?? "names no other address");
		const sources = [
			{ source: other, changeIp: true, changePort: true },
			{ source: { ip: other.ip, port: server.port }, changeIp: true, changePort: false },
			{ source: { ip: server.ip, port: other.port }, changeIp: false, changePort: true },
		];
		for (const { source, ...change } of sources) {
			// A plain request to that address first, so that its answers pass a NAT that filters.
			requireSuccess(await this.#ask({ to: source, classic }), source);
			requireSuccess(await this.#ask({ to: server, expectFrom: source, classic, ...change }), server);
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

/** The outcome of a check, or what is wrong in words. Aborts and unexpected errors are thrown. */
async function attempt<T>(check: Promise<T>, signal: AbortSignal | undefined): Promise<T | string> {
	try {
		return await check;
	} catch (error) {
		signal?.throwIfAborted();
		if (error instanceof StunError || error instanceof VerificationProblem) return error.message;
		throw error;
	}
}

/**
 * Tests a server: a plain request, and in both dialects the change requests, each of which must be answered from the
 * right one of four addresses.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG for invalid options
 * @throws the socket factory's error if it cannot make a socket
 * @throws the signal's reason when it aborts
 */
export async function verifyStunServer(
	options: VerifyStunServerOptions,
	deps: VerifyStunServerDeps,
): Promise<StunServerVerification> {
	checkOptions(
		options,
		{ server: isRemoteEndpoint, timeout: is.timeout, signal: is.signal },
		{ required: ["server"] },
	);
	checkOptions(deps, { ...COMMON_DEPS, sockets: isUdpFactory }, { required: ["sockets"] });
	const { sockets, ...rest } = deps;
	const { server, signal } = options;
	signal?.throwIfAborted();
	const socket = await sockets.udp(signal === undefined ? {} : { signal });
	const stun = new StunSocket({ socket }, rest);
	try {
		const verification = new Verification(stun, options);
		const plain = await attempt(verification.mapping(false), signal);
		if (typeof plain === "string") {
			return { server, ok: false, features: [], mapped: null, software: null, problems: [plain] };
		}
		const features: StunServerFeature[] = [];
		const problems: string[] = [];
		for (const [feature, classic] of [
			["rfc5780", false],
			["rfc3489", true],
		] as const) {
			const problem = await attempt(verification.changes(classic), signal);
			if (problem === undefined) features.push(feature);
			else problems.push(`${feature}: ${problem}`);
		}
		return { server, ok: true, features, mapped: plain.mapped, software: plain.software ?? null, problems };
	} finally {
		stun.close();
		await closeUdp(socket);
	}
}
