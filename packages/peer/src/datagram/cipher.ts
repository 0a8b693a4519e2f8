import { type RandomBytes, systemRandom } from "@p2pd/net";
import { decrypt, encrypt } from "../cipher.js";
import { DATAGRAM_WINDOW, PUBLIC_KEY_BYTES } from "../defaults.js";
import { agree, deriveKey, privateKey, rawPublic } from "../keys.js";
import { ReplayWindow } from "../window.js";
import { CONNECTION_BYTES, DATA, DATA_HEADER_BYTES } from "./codec.js";

/** An ephemeral X25519 key of one handshake. */
export class EphemeralKey {
	/** 32 bytes. */
	readonly public: Buffer;
	readonly #key: ReturnType<typeof privateKey>;

	constructor(random: RandomBytes = systemRandom) {
		this.#key = privateKey("x25519", random(PUBLIC_KEY_BYTES));
		this.public = rawPublic(this.#key);
	}

	/** The secret with the other side's; null for an impossible key. */
	agree(remote: Uint8Array): Buffer | null {
		return agree(this.#key, remote);
	}
}

/** What the keys of a connection of datagrams are made of. */
export interface DatagramSecrets {
	readonly side: "client" | "server";
	/** The pre-shared key. */
	readonly key: Uint8Array;
	/** The X25519 secret of both ephemeral keys. */
	readonly secret: Uint8Array;
	readonly connection: Uint8Array;
	readonly clientEphemeral: Uint8Array;
	readonly serverEphemeral: Uint8Array;
}

/** The largest counter: 48 bits. */
const MAX_COUNTER = 2 ** 48 - 1;

/**
 * Encrypts and decrypts the datagrams of one connection: a key a direction, a counter as the nonce, and a window against
 * replay. Passive.
 */
export class DatagramCipher {
	readonly #sendKey: Buffer;
	readonly #receiveKey: Buffer;
	readonly #connection: Buffer;
	readonly #window = new ReplayWindow(DATAGRAM_WINDOW);
	#counter = 0;

	constructor({ clientEphemeral, connection, key, secret, serverEphemeral, side }: DatagramSecrets) {
		const salt = Buffer.concat([key, connection, clientEphemeral, serverEphemeral]);
		const fromClient = deriveKey(secret, salt, "p2pd datagram key 1 client");
		const fromServer = deriveKey(secret, salt, "p2pd datagram key 1 server");
		this.#sendKey = side === "client" ? fromClient : fromServer;
		this.#receiveKey = side === "client" ? fromServer : fromClient;
		this.#connection = Buffer.from(connection);
	}

	/** Encrypts content as a data datagram. */
	seal(content: Uint8Array): Buffer {
		this.#counter++;
		if (this.#counter > MAX_COUNTER)
			throw new RangeError("the connection has sent all the datagrams that its key allows");
		const header = Buffer.alloc(DATA_HEADER_BYTES);
		header[0] = DATA;
		this.#connection.copy(header, 1);
		header.writeUIntBE(this.#counter, 1 + CONNECTION_BYTES, 6);
		return Buffer.concat([header, encrypt(this.#sendKey, nonceOf(this.#counter), header, content)]);
	}

	/** The content of a data datagram; null if it is forged, damaged, or was seen before. */
	open(datagram: Uint8Array): Buffer | null {
		if (datagram.length < DATA_HEADER_BYTES || datagram[0] !== DATA) return null;
		const header = Buffer.from(datagram.subarray(0, DATA_HEADER_BYTES));
		const counter = header.readUIntBE(1 + CONNECTION_BYTES, 6);
		if (counter === 0 || !this.#window.isNew(counter)) return null;
		const content = decrypt(this.#receiveKey, nonceOf(counter), header, datagram.subarray(DATA_HEADER_BYTES));
		if (content === null) return null;
		this.#window.take(counter);
		return content;
	}
}

function nonceOf(counter: number): Buffer {
	const nonce = Buffer.alloc(12);
	nonce.writeUIntBE(counter, 6, 6);
	return nonce;
}
