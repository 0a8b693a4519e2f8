import type { PeerCertificate, SecureVersion } from "node:tls";

/** A certificate or key as PEM text, or several. */
export type Pem = string | Uint8Array | readonly (string | Uint8Array)[];

/** Wishes for TLS, on clients and servers. */
export interface TlsOptions {
	/** Client: the name that the certificate must be for, and that is sent as SNI. @default the destination's host */
	readonly name?: string;
	/** Who may have signed the peer's certificate. @default Node's own list */
	readonly ca?: Pem;
	/** The own certificate with its chain. A server must have one. */
	readonly cert?: Pem;
	/** The key of `cert`. */
	readonly key?: Pem;
	/** The passphrase of `key`. */
	readonly passphrase?: string;
	/** Application protocols (ALPN), best first. @default none */
	readonly alpn?: readonly string[];
	/** Client: take any certificate, whoever has signed it and for whatever name. @default false */
	readonly insecure?: boolean;
	/** Server: `required` turns away clients without a certificate that `ca` has signed; `optional` lets those without one in. @default none asked for */
	readonly clientCertificate?: "required" | "optional";
	/** @default Node's, TLSv1.2 */
	readonly minVersion?: SecureVersion;
}

/** What came of a handshake. */
export interface TlsInfo {
	/** Such as `TLSv1.3`. */
	readonly version: string;
	/** The standard name of the cipher suite. */
	readonly cipher: string;
	/** The application protocol agreed on; null for none. */
	readonly alpn: string | null;
	/** Whether the peer's certificate was verified: on a server, whether the client had a good one. */
	readonly verified: boolean;
	/** The peer's certificate; null if it has none. */
	readonly peerCertificate: PeerCertificate | null;
}
