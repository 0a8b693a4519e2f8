/*
 * A second opinion: what RFC 8489 says of a message's frame and of the addresses in it, written as directly as can
 * be and without any of the package's code.
 */

const INTEGRITY = 0x0008;
const INTEGRITY_256 = 0x001c;
const FINGERPRINT = 0x8028;

function crc(bytes: Buffer): number {
	let rest = 0xffffffff;
	for (const byte of bytes) {
		for (let bit = 0; bit < 8; bit++) {
			const carry = (rest ^ (byte >> bit)) & 1;
			rest = (rest >>> 1) ^ (carry === 1 ? 0xedb88320 : 0);
		}
	}
	return ~rest >>> 0;
}

/** The attributes that count, or undefined when the frame is not a message's. */
export function frame(bytes: Buffer): { type: number; value: Buffer }[] | undefined {
	if (bytes.length < 20 || bytes.readUInt8(0) > 0x3f) return undefined;
	if (bytes.readUInt16BE(2) + 20 !== bytes.length || bytes.length % 4 !== 0) return undefined;
	const found: { type: number; value: Buffer }[] = [];
	let sealed = 0;
	for (let at = 20; at < bytes.length; ) {
		const type = bytes.readUInt16BE(at);
		const length = bytes.readUInt16BE(at + 2);
		const padded = Math.ceil(length / 4) * 4;
		if (at + 4 + padded > bytes.length || sealed === FINGERPRINT) return undefined;
		const value = bytes.subarray(at + 4, at + 4 + length);
		const counts = sealed === 0 || type === FINGERPRINT || (sealed === INTEGRITY && type === INTEGRITY_256);
		if (counts) found.push({ type, value });
		if (counts && [INTEGRITY, INTEGRITY_256, FINGERPRINT].includes(type)) sealed = type;
		if (type === FINGERPRINT) {
			if (length !== 4 || value.readUInt32BE(0) !== (crc(bytes.subarray(0, at)) ^ 0x5354554e) >>> 0)
				return undefined;
		}
		at += 4 + padded;
	}
	return found;
}

/** The address bytes and the port in an attribute; `key` is what they are XORed with, 16 bytes of zeros for nothing. */
export function address(value: Buffer, key: Buffer): { bytes: number[]; port: number } {
	const port = value.readUInt16BE(2) ^ key.readUInt16BE(0);
	return { bytes: [...value.subarray(4)].map((byte, at) => byte ^ (key[at] ?? 0)), port };
}
