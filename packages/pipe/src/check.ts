import { type Check, type Fields, is, type ObjectRules, objectProblem } from "@p2pd/net";
import { PipeOptionError } from "./errors.js";
import type { PipeData, PipeProtocol, PipeRecvOptions } from "./types.js";

/*
 * Checks of the arguments of public calls, for callers without TypeScript: a wrong value is refused where it is
 * given, not where it would do harm later.
 */

const bytesFrom1 = is.whole(1, Number.MAX_SAFE_INTEGER);
const timeoutFrom1: Check = (value, path) => is.timeoutOrInfinity(value, path) ?? atLeast(value, 1, path);
const pem: Check = is.either(
	"PEM text or bytes, or an array of them",
	is.text,
	is.bytes,
	is.listOf(is.either("PEM text or bytes", is.text, is.bytes)),
);

const TLS_FIELDS: Fields = {
	name: is.filledText,
	ca: pem,
	cert: pem,
	key: pem,
	passphrase: is.text,
	alpn: is.listOf(is.filledText),
	insecure: is.boolean,
	clientCertificate: is.oneOf("required", "optional"),
	minVersion: is.oneOf("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
};

const FRAMING: Check = is.a("a framing: lines(), delimited() or lengthPrefixed()", (value) => {
	const { decoder, encode } = Object(value) as Readonly<Record<string, unknown>>;
	return typeof decoder === "function" && typeof encode === "function";
});

/** The options that both protocols have. */
const COMMON: Fields = {
	af: is.family,
	localPort: is.port,
	socket: is.a(
		"a socket, a server, or a descriptor { fd }",
		(value) => typeof value === "object" && value !== null,
	),
	recvTimeout: timeoutFrom1,
	dnsTimeout: timeoutFrom1,
	linger: is.timeoutOrInfinity,
	queueMessages: bytesFrom1,
	queueBytes: bytesFrom1,
	sendBytes: bytesFrom1,
	relayBytes: bytesFrom1,
	patternBytes: bytesFrom1,
	patternSlow: is.timeoutOrInfinity,
	dedupe: is.either("true, false or a whole number above 0", is.boolean, bytesFrom1),
	reuse: is.boolean,
	onMessage: is.function,
	onEnd: is.function,
	onError: is.function,
	signal: is.signal,
};

const OPTIONS: Readonly<Record<PipeProtocol, Fields>> = {
	tcp: {
		...COMMON,
		connectTimeout: timeoutFrom1,
		tlsTimeout: timeoutFrom1,
		attemptDelay: is.timeout,
		lingerSeconds: is.whole(0, 32_767),
		pauseBytes: is.either(
			"a whole number above 0, or Infinity",
			bytesFrom1,
			is.oneOf(Number.POSITIVE_INFINITY),
		),
		keepAlive: is.either("true, false or at least 1000 ms", is.boolean, is.whole(1000, 2 ** 31 - 1)),
		noDelay: is.boolean,
		halfOpen: is.boolean,
		backlog: is.whole(1, 2 ** 31 - 1),
		acceptQueue: bytesFrom1,
		maxConnections: bytesFrom1,
		framing: FRAMING,
		tls: is.either("true, false or TLS options", is.boolean, is.object),
		onConnect: is.function,
	},
	udp: { ...COMMON, broadcast: is.boolean, anySource: is.boolean },
};

/** P2PD's names, and names that other libraries use, for what is called otherwise here. */
const RENAMED: ObjectRules = {
	renamed: {
		use_ssl: "tls",
		ssl: "tls",
		con_timeout: "connectTimeout",
		ssl_handshake: "tlsTimeout",
		max_qsize: "queueMessages",
		reuse_addr: "reuse",
		msg_cb: "onMessage",
		up_cb: "onConnect",
		end_cb: "onEnd",
		port: "localPort",
	},
};

/** The options of `pipeOpen`. @throws PipeOptionError */
export function checkOptions(protocol: PipeProtocol, options: unknown): void {
	const other = OPTIONS[protocol === "tcp" ? "udp" : "tcp"];
	if (typeof options === "object" && options !== null) {
		for (const [name, value] of Object.entries(options)) {
			if (Object.hasOwn(OPTIONS[protocol], name) || !Object.hasOwn(other, name)) continue;
			if (value === undefined) continue;
			throw new PipeOptionError(name, `has no meaning for ${protocol.toUpperCase()}`);
		}
	}
	checkObject(options, "options", { ...other, ...OPTIONS[protocol] }, RENAMED);
	const { tls } = options as { readonly tls?: unknown };
	if (typeof tls === "object") checkObject(tls, "tls", TLS_FIELDS, { renamed: { servername: "name" } });
}

/** The `deps` of `pipeOpen`. @throws PipeOptionError */
export function checkDeps(deps: unknown): void {
	checkObject(deps, "deps", { clock: is.object, kernel: is.function, resolve: is.function });
}

const RECV_FIELDS: Fields = {
	sub: is.anything,
	timeout: is.timeoutOrInfinity,
	full: is.boolean,
	signal: is.signal,
};

/** The options of `recv`, which is called for every message: what is right is accepted without a search. */
export function checkRecv(options: PipeRecvOptions): void {
	if (typeof options === "object" && options !== null && !(options instanceof RegExp)) {
		let known = true;
		for (const name in options) {
			if (name !== "sub" && name !== "timeout" && name !== "full" && name !== "signal") known = false;
		}
		const { full, signal, timeout } = options;
		if (
			known &&
			!Array.isArray(options) &&
			(timeout === undefined || (typeof timeout === "number" && timeout >= 0 && timeout <= 0x7fffffff)) &&
			(full === undefined || typeof full === "boolean") &&
			signal === undefined
		)
			return;
	}
	const given: unknown = options;
	if (given === null || given instanceof RegExp || given instanceof Uint8Array || Array.isArray(given)) {
		throw new PipeOptionError(
			"options",
			"recv takes one object with milliseconds: recv({ sub: /^B/, timeout: 3000 })",
		);
	}
	checkObject(options, "options", RECV_FIELDS);
}

const SUBSCRIBE_FIELDS: Fields = {
	policy: is.oneOf("drop-oldest", "drop-newest", "error", "wait"),
	queueMessages: bytesFrom1,
	queueBytes: bytesFrom1,
	name: is.filledText,
};

/** The arguments of `subscribe` but the key, which the matcher checks. @throws PipeOptionError */
export function checkSubscription(handler: unknown, options: unknown): void {
	if (handler !== null) checkFunction("handler", handler);
	checkObject(options, "options", SUBSCRIBE_FIELDS);
}

/** Options that can be a signal, a timeout, or `full`. @throws PipeOptionError */
export function checkWaitOptions(
	options: unknown,
	...names: readonly ("signal" | "timeout" | "full")[]
): void {
	checkObject(
		options,
		"options",
		Object.fromEntries(names.map((name) => [name, RECV_FIELDS[name] ?? is.anything])),
	);
}

/** The options of `close`. @throws PipeOptionError */
export function checkClose(options: unknown): void {
	checkObject(options, "options", { linger: is.timeoutOrInfinity });
}

/** The options of `addPipe`. @throws PipeOptionError */
export function checkRelayOptions(options: unknown): void {
	checkObject(options, "options", { to: is.anything });
}

/** The options of a framing. @throws PipeOptionError */
export function checkFraming(options: unknown, fields: Fields): void {
	checkObject(options, "options", { maxBytes: bytesFrom1, ...fields });
}

/** @throws PipeOptionError unless it is a function */
export function checkFunction(option: string, value: unknown): void {
	const problem = is.function(value, option);
	if (problem !== null) throw new PipeOptionError(option, problem.message);
}

/** @throws PipeOptionError unless it is a port from `least` to 65535 */
export function checkPort(port: unknown, option: string, least: 0 | 1): asserts port is number {
	const problem = (least === 0 ? is.port : is.remotePort)(port, option);
	if (problem !== null) throw new PipeOptionError(option, problem.message);
}

/** The bytes of what is to be sent. @throws PipeOptionError for anything but a Uint8Array or a string */
export function bytesOf(message: PipeData, name = "data"): Uint8Array {
	if (typeof message === "string") return Buffer.from(message);
	if (message instanceof Uint8Array) return message;
	throw new PipeOptionError(name, `must be a Uint8Array or a string, not ${typeof message}`);
}

function checkObject(value: unknown, path: string, fields: Fields, rules?: ObjectRules): void {
	const problem = objectProblem(value, path === "options" && isPlain(value) ? "" : path, fields, rules);
	if (problem !== null) throw new PipeOptionError(problem.path, problem.message);
}

/** Whether an error can name the option alone: the value is an object, so the argument itself is right. */
function isPlain(value: unknown): boolean {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function atLeast(value: unknown, least: number, path: string): ReturnType<Check> {
	return (value as number) >= least
		? null
		: { path, message: `must be at least ${least}, not ${String(value)}` };
}
