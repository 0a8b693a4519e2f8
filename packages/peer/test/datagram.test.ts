import { SeededRandom } from "@p2pd/testnet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	connectionOf,
	DatagramCipher,
	DatagramCookies,
	decodeHello,
	decodeRetry,
	decodeWelcome,
	EphemeralKey,
	encodeHello,
	encodeRetry,
	encodeWelcome,
	isProven,
} from "../src/protocol.js";

const stream = new SeededRandom(5);
const random = (size: number): Buffer => Buffer.from(stream.bytes(size));
const key = random(32);

function handshake(serverKey = key) {
	const [client, server] = [new EphemeralKey(random), new EphemeralKey(random)];
	const fields = {
		cookie: random(16),
		connection: random(8),
		ephemeral: client.public,
		preamble: random(512),
	};
	const sent = encodeHello(fields, key);
	const hello = decodeHello(sent);
	if (hello === null) throw new Error("not read");
	const welcome = encodeWelcome(hello, server.public, serverKey);
	return { client, server, fields, sent, hello, welcome };
}

describe("the handshake of datagrams", () => {
	it("gives both sides ciphers that fit, and no answer is larger than its question", () => {
		const { client, fields, hello, sent, server, welcome } = handshake();
		expect(isProven(hello, key)).toBe(true);
		expect(isProven(hello, random(32))).toBe(false);
		const theirs = decodeWelcome(welcome, fields, key);
		expect(theirs).toEqual(server.public);
		const secrets = {
			key,
			connection: fields.connection,
			clientEphemeral: client.public,
			serverEphemeral: server.public,
		};
		const a = new DatagramCipher({
			...secrets,
			side: "client",
			secret: client.agree(server.public) as Buffer,
		});
		const b = new DatagramCipher({
			...secrets,
			side: "server",
			secret: server.agree(client.public) as Buffer,
		});
		expect(b.open(a.seal(Buffer.from("hello")))).toEqual(Buffer.from("hello"));
		expect(a.open(b.seal(Buffer.from("you too")))).toEqual(Buffer.from("you too"));
		expect(a.open(a.seal(Buffer.from("reflected")))).toBeNull();
		expect(welcome.length).toBeLessThan(sent.length);
		expect(encodeRetry(fields.connection, fields.cookie).length).toBeLessThan(sent.length);
	});

	it("refuses a welcome of who does not have the key, or for another hello", () => {
		const { fields, welcome } = handshake(random(32));
		expect(decodeWelcome(welcome, fields, key)).toBeNull();
		const other = handshake();
		expect(decodeWelcome(handshake().welcome, other.fields, key)).toBeNull();
	});

	it("never throws, whatever comes in", () => {
		const { fields } = handshake();
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 1300 }), (bytes) => {
				decodeHello(bytes);
				expect(decodeRetry(bytes, fields.connection)).toBeNull();
				expect(decodeWelcome(bytes, fields, key)).toBeNull();
				connectionOf(bytes);
			}),
		);
	});
});

describe("a cookie", () => {
	it("is right for its sender alone, and not for long", () => {
		const cookies = new DatagramCookies(random);
		const from = { ip: "8.8.8.8", port: 1000 };
		const connection = random(8);
		const cookie = cookies.make(from, connection, 0);
		expect(cookies.isValid(cookie, from, connection, 9999)).toBe(true);
		expect(cookies.isValid(cookie, { ...from, port: 1001 }, connection, 0)).toBe(false);
		expect(cookies.isValid(cookie, from, random(8), 0)).toBe(false);
		expect(cookies.isValid(cookie, from, connection, 15_000)).toBe(true);
		expect(cookies.isValid(cookie, from, connection, 26_000)).toBe(false);
	});
});

describe("encrypted datagrams", () => {
	const secrets = {
		key,
		secret: random(32),
		connection: random(8),
		clientEphemeral: random(32),
		serverEphemeral: random(32),
	};
	const pair = () =>
		[
			new DatagramCipher({ ...secrets, side: "client" }),
			new DatagramCipher({ ...secrets, side: "server" }),
		] as const;

	it("are taken once, in any order", () => {
		const [a, b] = pair();
		const sent = Array.from({ length: 100 }, (_, index) => a.seal(Buffer.of(index)));
		for (const one of [...sent].reverse()) expect(b.open(one)).not.toBeNull();
		for (const one of sent) expect(b.open(one)).toBeNull();
	});

	it("are refused after any change of one bit, and a forged counter does not move the window", () => {
		const [a, b] = pair();
		const sealed = a.seal(Buffer.from("content"));
		for (let bit = 0; bit < sealed.length * 8; bit++) {
			const forged = Buffer.from(sealed);
			forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
			expect(b.open(forged)).toBeNull();
		}
		expect(b.open(sealed)).toEqual(Buffer.from("content"));
	});
});
