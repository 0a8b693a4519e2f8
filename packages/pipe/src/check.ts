import { PipeOptionError } from "./errors.js";
import type { PipeOptions, Sendable, SubscribeOptions } from "./types.js";

/*
 * Checks of what TypeScript checks already, for callers without it: a wrong value is refused where it is given, and not
 * where it would do harm later.
 */

const POLICIES: ReadonlySet<unknown> = new Set(["drop-oldest", "drop-newest", "error", "wait"]);

/** @throws PipeOptionError unless it is a function */
export function checkFunction(option: string, value: unknown): void {
	if (typeof value !== "function") throw new PipeOptionError(option, `not a function: ${String(value)}`);
}

/** The bytes of what is to be sent. @throws PipeOptionError for anything but a Uint8Array or a string */
export function bytesOf(message: Sendable): Uint8Array {
	if (typeof message === "string") return Buffer.from(message);
	if (message instanceof Uint8Array) return message;
	throw new PipeOptionError("data", `neither a Uint8Array nor a string: ${typeof message}`);
}

/** The callbacks and the framing of `pipeOpen`. @throws PipeOptionError */
export function checkParts(options: PipeOptions): void {
	if (typeof options !== "object" || options === null) {
		throw new PipeOptionError("options", `not an object: ${String(options)}`);
	}
	for (const name of ["onMessage", "onConnect", "onEnd", "onError"] as const) {
		if (options[name] !== undefined) checkFunction(name, options[name]);
	}
	const { framing } = options;
	if (framing === undefined) return;
	if (typeof framing?.decoder !== "function" || typeof framing.encode !== "function") {
		throw new PipeOptionError("framing", "not a framing: use lines(), delimited() or lengthPrefixed()");
	}
}

/** The options of `subscribe`. @throws PipeOptionError */
export function checkSubscription(handler: unknown, options: SubscribeOptions): void {
	if (handler !== null) checkFunction("handler", handler);
	if (options.policy !== undefined && !POLICIES.has(options.policy)) {
		throw new PipeOptionError("policy", `there is no policy ${String(options.policy)}`);
	}
	for (const name of ["queueMessages", "queueBytes"] as const) {
		const value = options[name];
		if (value !== undefined && !(typeof value === "number" && value >= 1)) {
			throw new PipeOptionError(name, `not a number of at least 1: ${String(value)}`);
		}
	}
}
