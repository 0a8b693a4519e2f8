/// <reference path="./stun-modules.d.ts" />
import type { Endpoint } from "@p2pd/net";
import StunAddressAttribute from "stun/src/node_modules/attributes/stun-address-attribute.js";
import StunXorAddressAttribute from "stun/src/node_modules/attributes/stun-xor-address-attribute.js";
import attributes from "stun/src/node_modules/lib/attributes.js";
import messages from "stun/src/node_modules/lib/create-message.js";
import encode from "stun/src/node_modules/message/encode.js";
import type { RawAttribute } from "./types.js";

/*
 * The only module that imports the npm package "stun". It uses the package to write the header and the attribute
 * frame, to read and write plain and XORed addresses, and to write byte strings and integers. It does not use what the
 * package gets wrong or lacks: reading ERROR-CODE, integrity and fingerprint checks (the package re-encodes what it
 * read), RFC 3489 ids and attributes, and all checks of the frame. The files beside this one do that, over the raw
 * bytes. They also refuse the values that the package would change silently (port 0, long texts).
 */

/** The symbols under which the package keeps the fields of a message. */
const COOKIE = Symbol.for("kCookie");
const ATTRIBUTES = Symbol.for("kAttributes");

const asBuffer = (bytes: Uint8Array): Buffer =>
	Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Writes a message. An id of 16 bytes is an RFC 3489 one; its first 4 bytes take the place of the cookie. */
export function packFrame(type: number, transactionId: Uint8Array, values: readonly RawAttribute[]): Buffer {
	const id = asBuffer(transactionId);
	const classic = id.length === 16;
	const message = messages.createMessage(type, classic ? id.subarray(4) : id);
	if (classic) message[COOKIE] = id.readUInt32BE(0);
	message[ATTRIBUTES] = values.map(({ type, value }) => ({ type, toBuffer: () => asBuffer(value) }));
	return encode(message);
}

/** The value bytes of an address attribute: `0, family, port, address`. Undefined if the package refuses the IP. */
export function packAddress(type: number, { ip, port }: Endpoint): Buffer | undefined {
	const attribute = new StunAddressAttribute(type, ip, port);
	return attribute.value.address === null ? undefined : attribute.toBuffer();
}

/** The fields of an address attribute of a known family and the right length. */
export function unpackAddress(value: Uint8Array): { readonly port: number; readonly address: Uint8Array } {
	return StunAddressAttribute.decode(asBuffer(value));
}

/** The same as {@link packAddress}, XORed with the magic cookie and the 12-byte id. */
export function packXorAddress(type: number, { ip, port }: Endpoint, id: Uint8Array): Buffer | undefined {
	const attribute = new StunXorAddressAttribute(type, ip, port);
	if (attribute.value.address === null) return undefined;
	attribute.setOwner({ transactionId: asBuffer(id) });
	return attribute.toBuffer();
}

/** The address in an XORed attribute of a known family and the right length. Its text may not be canonical. */
export function unpackXorAddress(type: number, value: Uint8Array, id: Uint8Array): Endpoint {
	const attribute = StunXorAddressAttribute.from(type, asBuffer(value), { transactionId: asBuffer(id) });
	return { ip: attribute.value.address ?? "", port: attribute.value.port };
}

/** The value bytes of an attribute whose type the package knows: texts, bytes, integers, lists of types. */
export function packValue(type: number, ...values: readonly unknown[]): Buffer {
	return attributes.create(type, ...values).toBuffer();
}
