import { Buffer } from "node:buffer";

/** Called when a datagram has left, or could not. */
export type SendCallback = (error: Error | null, bytes: number) => void;

/** What the overloads of `dgram.Socket.send` come down to. */
export interface SendArguments {
	readonly data: Buffer;
	/** Undefined on a connected socket. */
	readonly port: number | undefined;
	readonly address: string | undefined;
	readonly callback: SendCallback | undefined;
}

/** A Node error about an argument: same class and code as Node's. */
export function argumentError(kind: "type" | "range", code: string, message: string): Error {
	const error = kind === "type" ? new TypeError(message) : new RangeError(message);
	return Object.assign(error, { code });
}

/**
 * Sorts out the arguments of `send` as Node does: `(msg, [offset, length,] [port, [address,]] [callback])`.
 * The bytes are copied, as the kernel copies them.
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_SOCKET_BAD_PORT`, `ERR_BUFFER_OUT_OF_BOUNDS`,
 * Error `ERR_SOCKET_DGRAM_IS_CONNECTED`
 */
export function sendArguments(message: unknown, rest: readonly unknown[], connected: boolean): SendArguments {
	const last = rest.findIndex((value) => typeof value === "function");
	const callback = last < 0 ? undefined : (rest[last] as SendCallback);
	const values = (last < 0 ? [...rest] : rest.slice(0, last)).filter((_, i, all) =>
		all.slice(i).some((later) => later !== undefined && later !== null),
	);
	const sliced = connected ? values.length >= 2 : values.length >= 3 && typeof values[2] !== "string";
	const data = toBuffer(
		message,
		sliced ? (values[0] as number) : 0,
		sliced ? (values[1] as number) : undefined,
	);
	const [port, address] = sliced ? values.slice(2) : values;
	if (connected) {
		if (port !== undefined || address !== undefined) {
			throw Object.assign(new Error("Already connected"), { code: "ERR_SOCKET_DGRAM_IS_CONNECTED" });
		}
		return { data, port: undefined, address: undefined, callback };
	}
	if (address !== undefined && typeof address !== "string") {
		throw argumentError("type", "ERR_INVALID_ARG_TYPE", "The address must be a string");
	}
	return { data, port: checkPort(port), address, callback };
}

/** @throws RangeError `ERR_SOCKET_BAD_PORT` */
export function checkPort(port: unknown, zeroAllowed = false): number {
	const number = typeof port === "string" && port.trim() !== "" ? Number(port) : port;
	if (
		typeof number !== "number" ||
		!Number.isInteger(number) ||
		number < (zeroAllowed ? 0 : 1) ||
		number > 65_535
	) {
		const range = zeroAllowed ? ">= 0" : "> 0";
		throw argumentError(
			"range",
			"ERR_SOCKET_BAD_PORT",
			`Port should be ${range} and < 65536. Received ${port}`,
		);
	}
	return number;
}

function toBuffer(message: unknown, offset: number, length: number | undefined): Buffer {
	const whole = Array.isArray(message) ? Buffer.concat(message.map(one)) : one(message);
	if (length === undefined) return Buffer.from(whole);
	if (offset > whole.length || offset + length > whole.length) {
		throw argumentError("range", "ERR_BUFFER_OUT_OF_BOUNDS", "offset or length is outside of buffer bounds");
	}
	return Buffer.from(whole.subarray(offset, offset + length));
}

function one(message: unknown): Buffer {
	if (typeof message === "string") return Buffer.from(message);
	if (ArrayBuffer.isView(message)) return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
	throw argumentError("type", "ERR_INVALID_ARG_TYPE", "The message must be a string or an ArrayBufferView");
}
