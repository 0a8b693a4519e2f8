import type { SecureContextOptions, TLSSocket } from "node:tls";
import type { PipePem, PipeTlsInfo, PipeTlsOptions } from "./types.js";

/** The options that are the same for clients and servers, in Node's terms. */
export function contextOptions(options: PipeTlsOptions): SecureContextOptions {
	return {
		...(options.ca !== undefined && { ca: pem(options.ca) }),
		...(options.cert !== undefined && { cert: pem(options.cert) }),
		...(options.key !== undefined && { key: pem(options.key) }),
		...(options.passphrase !== undefined && { passphrase: options.passphrase }),
		...(options.minVersion !== undefined && { minVersion: options.minVersion }),
	};
}

function pem(value: PipePem): Buffer[] {
	const parts = typeof value === "string" || value instanceof Uint8Array ? [value] : value;
	return parts.map((part) => Buffer.from(part));
}

/** The result of a finished handshake. */
export function tlsInfo(socket: TLSSocket): PipeTlsInfo {
	const certificate = socket.getPeerCertificate();
	return {
		version: socket.getProtocol() ?? "unknown",
		// Unknown while the handshake of an adopted socket is not over.
		cipher: socket.getCipher()?.standardName ?? "unknown",
		alpn: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : null,
		verified: socket.authorized,
		// Node gives an empty object for no certificate.
		peerCertificate: certificate && Object.keys(certificate).length > 0 ? certificate : null,
	};
}
