import { PipeRelayError } from "../errors.js";
import { peerText } from "../peer.js";
import type { Pipe } from "../pipe.js";
import type { Peer } from "../types.js";

/** What a relay needs of its source. */
export interface RelayHost {
	/** Whether the source can wait; if not, what the target cannot take is dropped. */
	readonly lossless: boolean;
	stall(by: Relay): void;
	release(by: Relay): void;
	/** A message was dropped, because too much is under way. */
	dropped(): void;
	report(error: Error): void;
}

/** One link: what its source receives is sent on by `target`. */
export class Relay {
	readonly target: Pipe;
	/** Where to, on a UDP target that has no destination of its own. */
	readonly to: Peer | undefined;
	readonly name: string;
	readonly #host: RelayHost;
	readonly #limit: number;
	#pending = 0;
	#stalling = false;

	constructor(target: Pipe, to: Peer | undefined, limit: number, host: RelayHost) {
		this.target = target;
		this.to = to;
		this.#limit = limit;
		this.#host = host;
		const peer = to ?? target.remote;
		this.name = peer === null ? "unknown" : peerText(peer);
	}

	forward(data: Buffer): void {
		if (!this.#host.lossless && this.#pending > 0 && this.#pending + data.length > this.#limit) {
			this.#host.dropped();
			return;
		}
		this.#pending += data.length;
		this.target.send(data, this.to).then(
			() => this.#sent(data.length),
			(cause: unknown) => {
				this.#sent(data.length);
				// Its end has unlinked it and is known; anything else is news.
				if (this.target.state === "open") {
					this.#host.report(new PipeRelayError(`the relay to ${this.name} lost a message`, { cause }));
				}
			},
		);
		if (this.#host.lossless && !this.#stalling && this.#pending >= this.#limit) {
			this.#stalling = true;
			this.#host.stall(this);
		}
	}

	/** Lets the source read on, whatever is still under way. */
	drop(): void {
		if (!this.#stalling) return;
		this.#stalling = false;
		this.#host.release(this);
	}

	#sent(bytes: number): void {
		this.#pending -= bytes;
		if (this.#stalling && this.#pending * 2 <= this.#limit) this.drop();
	}
}
