import type { SecureContextOptions } from "node:tls";
import type { Pem, TlsOptions } from "./types.js";

/** The part of the wishes that is the same for clients and servers, in Node's terms. */
export function contextOptions(options: TlsOptions): SecureContextOptions {
	return {
		...(options.ca !== undefined && { ca: pem(options.ca) }),
		...(options.cert !== undefined && { cert: pem(options.cert) }),
		...(options.key !== undefined && { key: pem(options.key) }),
		...(options.passphrase !== undefined && { passphrase: options.passphrase }),
		...(options.minVersion !== undefined && { minVersion: options.minVersion }),
	};
}

function pem(value: Pem): Buffer[] {
	const parts = typeof value === "string" || value instanceof Uint8Array ? [value] : value;
	return parts.map((part) => Buffer.from(part));
}
