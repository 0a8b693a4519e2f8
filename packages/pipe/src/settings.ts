import { type Clock, systemClock } from "@p2pd/net";
import { checkOptions } from "./check.js";
import * as defaults from "./defaults.js";
import { PipeOptionError } from "./errors.js";
import type { PipeFraming } from "./framing/types.js";
import type { PipeOptions } from "./open/types.js";
import type { PipeProtocol } from "./types.js";

/** The options of a pipe with every default filled in. A server's accepted pipes share its settings. */
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
	/** Null for the role's default. */
	readonly pauseBytes: number | null;
	readonly relayBytes: number;
	readonly patternBytes: number;
	readonly patternSlow: number;
	/** Messages that are remembered to detect duplicates; 0 for none. */
	readonly dedupe: number;
	/** Milliseconds before the first keep-alive probe; 0 for the system's own; null for none. */
	readonly keepAlive: number | null;
	readonly noDelay: boolean;
	readonly halfOpen: boolean;
	readonly acceptQueue: number;
	readonly maxConnections: number | null;
	readonly framing: PipeFraming | null;
}

/** What a call without options has. */
export const NO_OPTIONS: PipeOptions = {};

/** The settings of pipes without options, by protocol: most pipes share them. */
const plain = new Map<PipeProtocol, Settings>();

/** The settings for the options. @throws as {@link checkedSettings} */
export function resolveSettings(protocol: PipeProtocol, options: PipeOptions, clock: Clock): Settings {
	if (options !== NO_OPTIONS || clock !== systemClock) return checkedSettings(protocol, options, clock);
	const shared = plain.get(protocol) ?? checkedSettings(protocol, options, clock);
	plain.set(protocol, shared);
	return shared;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws PipeOptionError for an unknown option, a wrong value, or an option without meaning for the protocol
 */
function checkedSettings(protocol: PipeProtocol, options: PipeOptions, clock: Clock): Settings {
	if (options !== NO_OPTIONS) checkOptions(protocol, options);
	const { dedupe = false, keepAlive = false } = options;
	if (protocol === "tcp" && options.framing === undefined && dedupe !== false) {
		throw new PipeOptionError("dedupe", "a byte stream has no messages to compare: set framing too");
	}
	if (options.lingerSeconds !== undefined && options.socket !== undefined) {
		throw new PipeOptionError("lingerSeconds", "has no meaning for a given socket");
	}
	return {
		clock,
		connectTimeout: options.connectTimeout ?? defaults.CONNECT_TIMEOUT,
		recvTimeout: options.recvTimeout ?? defaults.RECV_TIMEOUT,
		dnsTimeout: options.dnsTimeout ?? defaults.DNS_TIMEOUT,
		tlsTimeout: options.tlsTimeout ?? defaults.TLS_TIMEOUT,
		attemptDelay: options.attemptDelay ?? defaults.ATTEMPT_DELAY,
		linger: options.linger ?? defaults.LINGER,
		queueMessages: options.queueMessages ?? defaults.QUEUE_MESSAGES,
		queueBytes: options.queueBytes ?? defaults.QUEUE_BYTES,
		sendBytes: options.sendBytes ?? defaults.SEND_BYTES,
		pauseBytes: options.pauseBytes ?? null,
		relayBytes: options.relayBytes ?? defaults.RELAY_BYTES,
		patternBytes: options.patternBytes ?? defaults.PATTERN_BYTES,
		patternSlow: options.patternSlow ?? defaults.PATTERN_SLOW,
		dedupe: dedupe === true ? defaults.DEDUPE_MESSAGES : dedupe === false ? 0 : dedupe,
		keepAlive: keepAlive === true ? 0 : keepAlive === false ? null : keepAlive,
		noDelay: options.noDelay ?? true,
		halfOpen: options.halfOpen ?? false,
		acceptQueue: options.acceptQueue ?? defaults.ACCEPT_QUEUE,
		maxConnections: options.maxConnections ?? null,
		framing: options.framing ?? null,
	};
}
