import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** Watches the sizes of the MQTT packets in a stream of bytes (MQTT 3.1.1 section 2.2), without keeping any of them. */
export class PacketSizes {
	readonly #max: number;
	/** Bytes of the current packet that are still to come; null inside its header. */
	#left: number | null = null;
	#length = 0;
	#lengthBytes = -1;

	constructor(max: number) {
		this.#max = max;
	}

	/** @returns false if a packet is larger than allowed, or its header is not one */
	accept(data: Uint8Array): boolean {
		let at = 0;
		while (at < data.length) {
			if (this.#left !== null) {
				const step = Math.min(this.#left, data.length - at);
				this.#left -= step;
				at += step;
				if (this.#left === 0) this.#left = null;
				continue;
			}
			const byte = data[at++] ?? 0;
			if (this.#lengthBytes === -1) {
				this.#lengthBytes = 0;
				this.#length = 0;
				continue;
			}
			this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
			this.#lengthBytes++;
			if (this.#length > this.#max) return false;
			if (byte >= 0x80) {
				if (this.#lengthBytes === 4) return false;
				continue;
			}
			this.#lengthBytes = -1;
			if (this.#length > 0) this.#left = this.#length;
		}
		return true;
	}
}

/** A connection that ends as soon as a packet announces more bytes than allowed, before they are in memory. */
export class LimitedStream extends Duplex {
	readonly #socket: Socket;

	constructor(socket: Socket, maxPacket: number) {
		super();
		this.#socket = socket;
		const sizes = new PacketSizes(maxPacket);
		socket.on("data", (data) => {
			if (!sizes.accept(data)) this.destroy(new Error("a packet is too large"));
			else if (!this.push(data)) socket.pause();
		});
		socket.on("end", () => this.push(null));
		socket.on("error", (error) => this.destroy(error));
		socket.on("close", () => this.destroy());
	}

	override _read(): void {
		this.#socket.resume();
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
		if (this.#socket.write(chunk)) callback();
		else {
			const done = (): void => {
				this.#socket.off("drain", done);
				this.#socket.off("close", done);
				callback();
			};
			this.#socket.on("drain", done);
			this.#socket.on("close", done);
		}
	}

	override _final(callback: (error?: Error | null) => void): void {
		this.#socket.end(() => callback());
	}

	override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
		this.#socket.destroy();
		callback(error);
	}
}
