import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { DEFAULT_TTL, SOCKET_BUFFER } from "./defaults.js";
import { SystemError } from "./errors.js";

/** Called when a datagram has left, or could not. */
type SendCallback = (error: Error | null, bytes: number) => void;

/** What the overloads of `dgram.Socket.send` come down to. */
export interface SendArguments {
	readonly data: Buffer;
	/** Undefined on a connected socket. */
	readonly port: number | undefined;
	readonly address: string | undefined;
	readonly callback: SendCallback | undefined;
}

/** A Node error about an argument: same class and code as Node's. */
function argumentError(kind: "type" | "range", code: string, message: string): Error {
	const error = kind === "type" ? new TypeError(message) : new RangeError(message);
	return Object.assign(error, { code });
}

/**
 * Sorts out the arguments of `send` as Node does: `(msg, [offset, length,] [port, [address,]] [callback])`. A
 * connected socket looks at no address, and refuses one only beside an offset and a length. The bytes are
 * copied, as the kernel copies them.
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_SOCKET_BAD_PORT`, `ERR_BUFFER_OUT_OF_BOUNDS`,
 * Error `ERR_SOCKET_DGRAM_IS_CONNECTED`
 */
export function sendArguments(message: unknown, rest: readonly unknown[], connected: boolean): SendArguments {
	const values = rest.filter((value) => typeof value !== "function");
	const callback = rest.find((value) => typeof value === "function") as SendCallback | undefined;
	const [first, second, third, fourth] = values;
	const sliced = connected ? typeof second === "number" : Boolean(third);
	const data = sliced ? toBuffer(message, Number(first), Number(second)) : toBuffer(message, 0, undefined);
	if (connected) {
		if (sliced && (third || fourth)) {
			throw Object.assign(new Error("Already connected"), { code: "ERR_SOCKET_DGRAM_IS_CONNECTED" });
		}
		return { data, port: undefined, address: undefined, callback };
	}
	const [port, address] = sliced ? [third, fourth] : [first, second];
	if (address !== undefined && address !== null && typeof address !== "string") {
		throw argumentError("type", "ERR_INVALID_ARG_TYPE", "The address must be a string");
	}
	return { data, port: checkPort(port), address: address ?? undefined, callback };
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

/** The part of `dgram.Socket` that sets options: what the in-memory network has takes effect, the rest fails. */
export abstract class UdpSocketOptions extends EventEmitter {
	/** Whether sending to broadcast addresses is allowed. */
	protected broadcast = false;
	/** Of what is sent from now on. */
	protected ttl = DEFAULT_TTL;
	#receiveBuffer = SOCKET_BUFFER;
	#sendBuffer = SOCKET_BUFFER;

	/** Throws as a system call on this socket would in its state. */
	protected abstract descriptor(syscall: string): void;

	setBroadcast(flag: boolean): void {
		this.descriptor("setBroadcast");
		this.broadcast = flag;
	}

	setTTL(ttl: number): number {
		this.descriptor("setTTL");
		if (!Number.isInteger(ttl) || ttl < 1 || ttl > 255) throw new SystemError("EINVAL", "setTTL");
		this.ttl = ttl;
		return ttl;
	}

	setRecvBufferSize(size: number): void {
		this.descriptor("setRecvBufferSize");
		this.#receiveBuffer = size;
	}

	setSendBufferSize(size: number): void {
		this.descriptor("setSendBufferSize");
		this.#sendBuffer = size;
	}

	getRecvBufferSize(): number {
		this.descriptor("getRecvBufferSize");
		return this.#receiveBuffer;
	}

	getSendBufferSize(): number {
		this.descriptor("getSendBufferSize");
		return this.#sendBuffer;
	}

	/** Always 0: what was sent has left. */
	getSendQueueSize(): number {
		return 0;
	}

	/** Always 0: what was sent has left. */
	getSendQueueCount(): number {
		return 0;
	}

	/** An in-memory socket never keeps the process alive. */
	ref(): this {
		return this;
	}

	/** An in-memory socket never keeps the process alive. */
	unref(): this {
		return this;
	}

	addMembership(): void {
		throw new SystemError("ENOPROTOOPT", "addMembership");
	}

	dropMembership(): void {
		throw new SystemError("ENOPROTOOPT", "dropMembership");
	}

	addSourceSpecificMembership(): void {
		throw new SystemError("ENOPROTOOPT", "addSourceSpecificMembership");
	}

	dropSourceSpecificMembership(): void {
		throw new SystemError("ENOPROTOOPT", "dropSourceSpecificMembership");
	}

	setMulticastInterface(): void {
		throw new SystemError("ENOPROTOOPT", "setMulticastInterface");
	}

	setMulticastLoopback(): boolean {
		throw new SystemError("ENOPROTOOPT", "setMulticastLoopback");
	}

	setMulticastTTL(): number {
		throw new SystemError("ENOPROTOOPT", "setMulticastTTL");
	}
}
