import type { TLSSocket } from "node:tls";
import type { TlsInfo } from "./types.js";

/** Reads what a finished handshake came to. */
export function tlsInfo(socket: TLSSocket): TlsInfo {
	const certificate = socket.getPeerCertificate();
	return {
		version: socket.getProtocol() ?? "unknown",
		cipher: socket.getCipher().standardName,
		alpn: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : null,
		verified: socket.authorized,
		// Node gives an empty object for no certificate.
		peerCertificate: certificate && Object.keys(certificate).length > 0 ? certificate : null,
	};
}
