import type { Endpoint } from "@p2pd/net";
import type { Pipe, PipeOptions, PipeProtocol } from "@p2pd/pipe";
import type { NodePath } from "../types.js";

/**
 * A secured path to the peer that is not a connection yet: several may come about, and the dialer chooses one. Whoever has
 * it closes it or makes it a pipe.
 */
export interface SecureLink {
	readonly transport: PipeProtocol;
	readonly local: Endpoint;
	readonly remote: Endpoint;
	/**
	 * The dialer's choice of this link, which the peer acknowledges.
	 *
	 * @returns the round trip in ms
	 * @throws NodeHandshakeError (`ERR_NODE_HANDSHAKE`) if the peer ends the link, or the signal's reason
	 */
	select(path: NodePath, signal: AbortSignal): Promise<number>;
	/**
	 * Waits on the other side for the dialer's choice, which {@link accept} acknowledges.
	 *
	 * @throws as {@link select}
	 */
	selected(signal: AbortSignal): Promise<NodePath>;
	/** Acknowledges the dialer's choice. */
	accept(): void;
	/** The pipe; the link is its own from then on. */
	open(options: PipeOptions): Promise<Pipe>;
	/** Ends it at once. */
	close(): void;
	/** Ends it at once, and its pipe with this error. */
	lose(error: Error): void;
}
