import { Buffer } from "node:buffer";
import type { SendCallback } from "../link/types.js";

/** What the overloads of `dgram.Socket.send` come down to. */
export interface SendArguments {
	readonly data: Uint8Array;
	/** Undefined on a connected socket. */
	readonly port: number | undefined;
	readonly address: string | undefined;
	readonly callback: SendCallback | null;
}

/** An error about an argument, with Node's class and code. */
function argumentError(kind: typeof TypeError | typeof RangeError, code: string, message: string): Error {
	return Object.assign(new kind(message), { code });
}

/** An error of Node's about a socket's state. */
export function stateError(code: string, message: string): Error {
	return Object.assign(new Error(message), { code });
}

/**
 * Sorts out the arguments of `send` as Node does: `(msg, [offset, length,] [port, [address,]] [callback])`.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_SOCKET_BAD_PORT, ERR_BUFFER_OUT_OF_BOUNDS; Error
 * ERR_SOCKET_DGRAM_IS_CONNECTED
 */
export function sendArguments(message: unknown, rest: readonly unknown[], connected: boolean): SendArguments {
	const values = rest.filter((value) => typeof value !== "function");
	const callback = (rest.find((value) => typeof value === "function") ?? null) as SendCallback | null;
	const [first, second, third, fourth] = values;
	const sliced = connected ? typeof second === "number" : Boolean(third);
	const data = sliced ? slice(message, Number(first), Number(second)) : bytesOf(message);
	if (connected) {
		if (sliced && (third || fourth)) throw stateError("ERR_SOCKET_DGRAM_IS_CONNECTED", "Already connected");
		return { data, port: undefined, address: undefined, callback };
	}
	const [port, address] = sliced ? [third, fourth] : [first, second];
	if (address !== undefined && address !== null && typeof address !== "string") {
		throw argumentError(TypeError, "ERR_INVALID_ARG_TYPE", "The address must be a string");
	}
	return { data, port: checkPort(port), address: address ?? undefined, callback };
}

/** @throws RangeError ERR_SOCKET_BAD_PORT */
export function checkPort(port: unknown): number {
	const number = typeof port === "string" && port.trim() !== "" ? Number(port) : port;
	if (typeof number === "number" && Number.isInteger(number) && number > 0 && number < 65_536) return number;
	throw argumentError(
		RangeError,
		"ERR_SOCKET_BAD_PORT",
		`Port should be > 0 and < 65536. Received ${String(port)}.`,
	);
}

function slice(message: unknown, offset: number, length: number): Uint8Array {
	const whole = bytesOf(message);
	if (offset < 0 || length < 0 || offset + length > whole.length) {
		throw argumentError(
			RangeError,
			"ERR_BUFFER_OUT_OF_BOUNDS",
			"offset or length is outside of buffer bounds",
		);
	}
	return whole.subarray(offset, offset + length);
}

function bytesOf(message: unknown): Uint8Array {
	return Array.isArray(message) ? Buffer.concat(message.map(one)) : one(message);
}

function one(message: unknown): Uint8Array {
	if (message instanceof Uint8Array) return message;
	if (typeof message === "string") return Buffer.from(message);
	if (ArrayBuffer.isView(message)) return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
	throw argumentError(
		TypeError,
		"ERR_INVALID_ARG_TYPE",
		"The message must be a string, a Buffer or an ArrayBufferView",
	);
}
