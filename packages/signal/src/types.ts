/**
 * The life of a signal. `connecting`: no connection to the server now; it is being made. `open`: messages come and go.
 * `closed`: ended by `close()`.
 */
export type SignalState = "connecting" | "open" | "closed";

/** Options of a call that waits. */
export interface SignalCallOptions {
	readonly signal?: AbortSignal;
}

/** A node's inbox, and the way to the inboxes of others, before there is a connection. It carries opaque bytes. */
export interface Signal {
	/** The id of the node whose inbox this is. */
	readonly id: string;
	/** Where it is, for people and for comparing: a URL without user and password, or `memory`. */
	readonly url: string;
	readonly state: SignalState;
	/**
	 * Resolves once messages come and go; at once if they do already.
	 *
	 * @throws SignalConnectError (`ERR_SIGNAL_...`) if the last try to connect failed; the signal itself goes on trying.
	 * SignalClosedError, or the caller's reason
	 */
	ready(options?: SignalCallOptions): Promise<void>;
	/**
	 * Sends bytes to the inbox of a node, at most 8192. Resolves when the server has taken them; that says nothing of the
	 * node. It does not wait for a connection: {@link ready} does.
	 *
	 * @throws SignalSendError (`ERR_SIGNAL_SEND`), SignalClosedError, SignalArgumentError, or the caller's reason
	 */
	send(to: string, bytes: Uint8Array, options?: SignalCallOptions): Promise<void>;
	/**
	 * What arrives in the inbox, for `for await`; one reader. Anyone may have sent it. When the reader is behind, the oldest
	 * are dropped. Ends with `close()`.
	 */
	messages(): AsyncIterableIterator<Uint8Array>;
	/** Ends it. Resolves when nothing is left open. */
	close(): Promise<void>;
}
