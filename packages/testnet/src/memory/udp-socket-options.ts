import { EventEmitter } from "node:events";
import { DEFAULT_TTL, SOCKET_BUFFER } from "./defaults.js";
import { SystemError } from "./errors.js";

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
