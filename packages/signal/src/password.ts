import { createHash } from "node:crypto";
import type { RandomBytes } from "@p2pd/net";
import type { PeerIdentity } from "@p2pd/peer";
import { nodeIdOf, verifySignature } from "@p2pd/peer/protocol";

/*
 * The password of a node at our broker, base64url of: signing key 32 | time 6 (ms since 1970) | random 16 | signature 64.
 * The signature covers the first three and the broker's `host:port`, so that a broker cannot use the password elsewhere.
 */
const KEY = 32;
const TIME = 6;
const RANDOM = 16;
const SIGNATURE = 64;
const SIGNED = KEY + TIME + RANDOM;
const DOMAIN = "broker password 1";

/** Makes a password for the broker that the node knows as `host:port`. */
export function makePassword(
	identity: PeerIdentity,
	broker: string,
	now: number,
	random: RandomBytes,
): string {
	const signed = Buffer.alloc(SIGNED);
	signed.set(identity.signing);
	signed.writeUIntBE(Math.round(now), KEY, TIME);
	signed.set(random(RANDOM), KEY + TIME);
	return Buffer.concat([signed, identity.sign(DOMAIN, signedWith(signed, broker))]).toString("base64url");
}

/** What a password says, if its signature is right. */
export interface PasswordFacts {
	readonly id: string;
	/** Milliseconds since 1970. */
	readonly time: number;
	/** The same for the same password alone. */
	readonly nonce: string;
}

/** Checks the form and the signature of a password. Null if it is not one for any of these brokers. */
export function readPassword(password: string, brokers: readonly string[]): PasswordFacts | null {
	if (password.length !== Math.ceil(((SIGNED + SIGNATURE) * 4) / 3)) return null;
	const data = Buffer.from(password, "base64url");
	if (data.length !== SIGNED + SIGNATURE) return null;
	const signed = data.subarray(0, SIGNED);
	const signing = data.subarray(0, KEY);
	const signature = data.subarray(SIGNED);
	if (!brokers.some((broker) => verifySignature(DOMAIN, signedWith(signed, broker), signature, signing)))
		return null;
	return {
		id: nodeIdOf(signing),
		time: data.readUIntBE(KEY, TIME),
		// Of the signed part: a signature could be varied.
		nonce: createHash("sha256").update(signed).digest("base64url"),
	};
}

function signedWith(signed: Uint8Array, broker: string): Buffer {
	return Buffer.concat([signed, Buffer.from(broker.toLowerCase())]);
}
