import type { PeerCertificate, SecureVersion } from "node:tls";

/** A certificate or key as PEM text, or several. */
export type PipePem = string | Uint8Array | readonly (string | Uint8Array)[];

/** TLS options, of clients and servers. */
export interface PipeTlsOptions {
	/** Client: the name that the certificate must be valid for, also sent as SNI. @default the destination's host */
	readonly name?: string;
	/** The authorities that may have signed the peer's certificate. @default Node's own list */
	readonly ca?: PipePem;
	/** This side's certificate with its chain. A server must have one. */
	readonly cert?: PipePem;
	/** The key of `cert`. */
	readonly key?: PipePem;
	/** The passphrase of `key`. */
	readonly passphrase?: string;
	/** Application protocols (ALPN), best first. @default none */
	readonly alpn?: readonly string[];
	/** Client: accept any certificate, whoever signed it and for whatever name. @default false */
	readonly insecure?: boolean;
	/**
	 * Server: whether clients need a certificate that `ca` has signed. `required`: a client without one is refused.
	 * `optional`: a client may have none, but an invalid one (self-signed, expired) is refused.
	 * @default clients are not asked for one
	 */
	readonly clientCertificate?: "required" | "optional";
	/** @default Node's, TLSv1.2 */
	readonly minVersion?: SecureVersion;
}

/** The result of a handshake. */
export interface PipeTlsInfo {
	/** Such as `TLSv1.3`. */
	readonly version: string;
	/** The standard name of the cipher suite. */
	readonly cipher: string;
	/** The application protocol that was agreed on; null for none. */
	readonly alpn: string | null;
	/** Whether the peer's certificate was verified. On a server: whether the client had a valid one. */
	readonly verified: boolean;
	/** The peer's certificate; null if it has none. */
	readonly peerCertificate: PeerCertificate | null;
}
