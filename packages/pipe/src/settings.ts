import { systemClock } from "./clock.js";
import * as defaults from "./defaults.js";
import { PipeOptionError } from "./errors.js";
import type { Framing } from "./framing/types.js";
import { checkPort } from "./peer.js";
import type { Clock, PipeOptions, Protocol } from "./types.js";

/** The options of a pipe with nothing left open. A server's accepted pipes share its settings. */
export interface Settings {
	readonly clock: Clock;
	readonly connectTimeout: number;
	readonly recvTimeout: number;
	readonly dnsTimeout: number;
	readonly tlsTimeout: number;
	readonly attemptDelay: number;
	readonly linger: number;
	readonly queueMessages: number;
	readonly queueBytes: number;
	readonly sendBytes: number;
	readonly relayBytes: number;
	readonly patternBytes: number;
	readonly patternSlow: number;
	/** Messages remembered to tell duplicates; 0 for none. */
	readonly dedupe: number;
	/** Milliseconds before the first keep-alive probe; 0 for the system's own; null for none. */
	readonly keepAlive: number | null;
	readonly noDelay: boolean;
	readonly halfOpen: boolean;
	readonly acceptQueue: number;
	readonly framing: Framing | null;
}

/** What a call without options has. */
export const NO_OPTIONS: PipeOptions = {};

/** The settings of pipes without options, by protocol: most pipes share them. */
const plain = new Map<Protocol, Settings>();

/** The settings for the options. @throws as {@link checkedSettings} */
export function resolveSettings(protocol: Protocol, options: PipeOptions, clock: Clock): Settings {
	if (options !== NO_OPTIONS || clock !== systemClock) return checkedSettings(protocol, options, clock);
	const shared = plain.get(protocol) ?? checkedSettings(protocol, options, clock);
	plain.set(protocol, shared);
	return shared;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws PipeOptionError for a value that cannot be, or an option that the protocol has no use for
 */
function checkedSettings(protocol: Protocol, options: PipeOptions, clock: Clock): Settings {
	const number = (name: NumberOption, fallback: number, least: number): number => {
		const value = options[name];
		if (value === undefined) return fallback;
		if (typeof value !== "number" || !(value >= least)) {
			throw new PipeOptionError(name, `not a number of at least ${least}: ${String(value)}`);
		}
		return value;
	};
	if (options.localPort !== undefined) checkPort(options.localPort, "localPort", 0);
	if (options.af !== undefined && options.af !== 4 && options.af !== 6) {
		throw new PipeOptionError("af", `neither 4 nor 6: ${String(options.af)}`);
	}
	refuse(protocol, options);
	checkLinger(options);
	return {
		clock,
		connectTimeout: number("connectTimeout", defaults.CONNECT_TIMEOUT, 1),
		recvTimeout: number("recvTimeout", defaults.RECV_TIMEOUT, 1),
		dnsTimeout: number("dnsTimeout", defaults.DNS_TIMEOUT, 1),
		tlsTimeout: number("tlsTimeout", defaults.TLS_TIMEOUT, 1),
		attemptDelay: number("attemptDelay", defaults.ATTEMPT_DELAY, 0),
		linger: number("linger", defaults.LINGER, 0),
		queueMessages: number("queueMessages", defaults.QUEUE_MESSAGES, 1),
		queueBytes: number("queueBytes", defaults.QUEUE_BYTES, 1),
		sendBytes: number("sendBytes", defaults.SEND_BYTES, 1),
		relayBytes: number("relayBytes", defaults.RELAY_BYTES, 1),
		patternBytes: number("patternBytes", defaults.PATTERN_BYTES, 1),
		patternSlow: number("patternSlow", defaults.PATTERN_SLOW, 0),
		dedupe: dedupeLimit(options.dedupe),
		keepAlive: keepAliveDelay(options.keepAlive),
		noDelay: options.noDelay ?? true,
		halfOpen: options.halfOpen ?? false,
		acceptQueue: number("acceptQueue", defaults.ACCEPT_QUEUE, 1),
		framing: options.framing ?? null,
	};
}

type NumberOption =
	| "connectTimeout"
	| "recvTimeout"
	| "dnsTimeout"
	| "tlsTimeout"
	| "attemptDelay"
	| "linger"
	| "queueMessages"
	| "queueBytes"
	| "sendBytes"
	| "relayBytes"
	| "patternBytes"
	| "patternSlow"
	| "acceptQueue";

/** An option that would do nothing is a mistake that its author should hear of. */
function refuse(protocol: Protocol, options: PipeOptions): void {
	const foreign: readonly (keyof PipeOptions)[] =
		protocol === "tcp"
			? ["broadcast", "anySource"]
			: ["framing", "tls", "tlsTimeout", "connectTimeout", "attemptDelay", "keepAlive", "noDelay"]
					.concat(["halfOpen", "lingerSeconds", "backlog", "acceptQueue", "maxConnections", "onConnect"])
					.map((name) => name as keyof PipeOptions);
	for (const name of foreign) {
		if (options[name] !== undefined) {
			throw new PipeOptionError(name, `has no meaning for ${protocol.toUpperCase()}`);
		}
	}
	if (protocol === "tcp" && options.framing === undefined && (options.dedupe ?? false) !== false) {
		throw new PipeOptionError("dedupe", "a byte stream has no messages to compare: set framing too");
	}
}

function checkLinger({ lingerSeconds, socket }: PipeOptions): void {
	if (lingerSeconds === undefined) return;
	if (!Number.isInteger(lingerSeconds) || lingerSeconds < 0 || lingerSeconds > 32767) {
		throw new PipeOptionError("lingerSeconds", `not a whole number of 0 to 32767: ${String(lingerSeconds)}`);
	}
	if (socket !== undefined) throw new PipeOptionError("lingerSeconds", "has no meaning for a given socket");
}

function dedupeLimit(dedupe: boolean | number | undefined): number {
	if (dedupe === undefined || dedupe === false) return 0;
	if (dedupe === true) return defaults.DEDUPE_MESSAGES;
	if (Number.isInteger(dedupe) && dedupe > 0) return dedupe;
	throw new PipeOptionError("dedupe", `neither a boolean nor a number above 0: ${String(dedupe)}`);
}

function keepAliveDelay(keepAlive: boolean | number | undefined): number | null {
	if (keepAlive === undefined || keepAlive === false) return null;
	if (keepAlive === true) return 0;
	if (keepAlive >= 1000) return keepAlive;
	throw new PipeOptionError("keepAlive", `neither a boolean nor at least 1000 ms: ${String(keepAlive)}`);
}
