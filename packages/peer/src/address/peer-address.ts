import { inspect } from "node:util";
import { printable } from "@p2pd/net";
import { fromBase64url } from "../bytes.js";
import { MAX_ADDRESS_BYTES, SIGNATURE_BYTES } from "../defaults.js";
import { PeerAddressError } from "../errors.js";
import { type PeerIdentity, verifySignature } from "../identity.js";
import { nodeIdOf } from "../keys.js";
import type { PeerAddressFields, PeerCandidate, PeerKeys } from "../types.js";
import { decodeAddress, encodeAddress } from "./codec.js";

/** What every address text begins with: the name and the version of the format. */
const PREFIX = "p2pd1";
const DOMAIN = "peer address 1";

/**
 * Where a node can be reached, signed by it: its keys, signal URLs and candidates. As text it is one line of letters,
 * digits, `-` and `_`, which e-mail and shells leave alone.
 */
export class PeerAddress implements PeerAddressFields, PeerKeys {
	/** Always true: `parse` refuses an address whose signature is wrong. */
	readonly signed = true;
	/** The node id, computed from the signing key. */
	readonly id: string;
	readonly signing: Uint8Array;
	readonly agreement: Uint8Array;
	readonly signals: readonly string[];
	readonly candidates: readonly PeerCandidate[];
	readonly sequence: number;
	readonly expires: number;
	readonly #text: string;

	private constructor(data: Buffer) {
		const fields = decodeAddress(data);
		this.signing = fields.signing;
		this.agreement = fields.agreement;
		this.signals = fields.signals;
		this.candidates = fields.candidates;
		this.sequence = fields.sequence;
		this.expires = fields.expires;
		this.id = nodeIdOf(fields.signing);
		this.#text = `${PREFIX}${data.toString("base64url")}`;
	}

	/**
	 * Signs an address.
	 *
	 * @throws PeerArgumentError (`ERR_PEER_ARGUMENT`) for what an address cannot hold
	 */
	static sign(identity: PeerIdentity, fields: PeerAddressFields): PeerAddress {
		const body = encodeAddress(identity, fields);
		return new PeerAddress(Buffer.concat([body, identity.sign(DOMAIN, body)]));
	}

	/**
	 * Reads the text of an address and checks its signature. Blanks around it are ignored. Whether it has expired is for
	 * {@link isExpired} to say: the id and the signal URLs of an expired address are still right.
	 *
	 * @throws PeerAddressError with the code of what is wrong; for P2PD's own text `ERR_PEER_ADDRESS_UNSIGNED`
	 */
	static parse(text: string): PeerAddress {
		const trimmed = text.trim();
		if (!trimmed.startsWith(PREFIX)) throw notAnAddress(trimmed);
		const payload = trimmed.slice(PREFIX.length);
		if (payload.length > Math.ceil((MAX_ADDRESS_BYTES * 4) / 3)) {
			throw new PeerAddressError("length", `the address has ${trimmed.length} characters, which is too long`);
		}
		const data = fromBase64url(payload);
		if (data === null) {
			const strange = /[^A-Za-z0-9_-]/u.exec(payload)?.[0];
			throw new PeerAddressError(
				"encoding",
				strange === undefined
					? "the address is cut off or damaged: its last character is impossible"
					: `the address has the character "${printable(strange)}", which cannot be in one`,
			);
		}
		const address = new PeerAddress(data);
		const body = data.subarray(0, -SIGNATURE_BYTES);
		if (!verifySignature(DOMAIN, body, data.subarray(-SIGNATURE_BYTES), address.signing)) {
			throw new PeerAddressError("signature", "the address is damaged or forged: its signature is wrong");
		}
		return address;
	}

	/** Whether the candidates are out of date. @param now milliseconds since 1970, as `Date.now()` */
	isExpired(now: number): boolean {
		return now >= this.expires * 1000;
	}

	/** The text. */
	toString(): string {
		return this.#text;
	}

	toJSON(): string {
		return this.#text;
	}

	[inspect.custom](): string {
		const { id, signals, candidates, sequence, expires } = this;
		return `PeerAddress ${inspect({ id, signals, candidates, sequence, expires }, { depth: 4 })}`;
	}
}

function notAnAddress(text: string): PeerAddressError {
	if (/^(?:None|\d[\d,]*)-(?:0|\[)/.test(text)) {
		return new PeerAddressError(
			"unsigned",
			"this is an address of P2PD, which is not signed: it can be read, but nobody can be recognised by it",
		);
	}
	const version = /^p2pd(\d+)/.exec(text)?.[1];
	if (version !== undefined) {
		return new PeerAddressError(
			"version",
			`the address is of version ${version}, which this program does not know`,
		);
	}
	const shown = text.length > 20 ? `${text.slice(0, 20)}...` : text;
	return new PeerAddressError(
		"prefix",
		`"${printable(shown)}" is not a peer address: those begin with "${PREFIX}"`,
	);
}
