import { EventEmitter } from "node:events";
import { isPublicIp } from "@p2pd/address";
import { type Clock, type Endpoint, endpointText, MAX_TIMER } from "@p2pd/net";
import { PortMapClosedError } from "./errors.js";
import { Lease } from "./lease.js";
import { isGrant, type MapMethod, type MapRequest } from "./methods.js";
import type { ExternalReach, Grant, PortMapMethod, PortMapProtocol, PortMapVerified } from "./types.js";

/** What a mapping is made of. */
export interface PortMappingParts {
	readonly method: MapMethod;
	readonly request: MapRequest;
	readonly grant: Grant;
	readonly clock: Clock;
	readonly checkInterval: number;
	readonly verified: PortMapVerified;
}

/** The events of a {@link PortMapping}. */
export interface PortMappingEvents {
	/** The router granted it again; `external` may have changed. */
	renewed: [external: Endpoint];
	/** The router forgot it or its lease ended, and it could not be had again at once; it is tried further. */
	lost: [reason: string];
}

/** Longest time that deleting a mapping may take, in ms. */
const CLOSE_TIMEOUT = 3_000;

/**
 * A port that the router forwards, kept until it is closed: renewed at half its lease, made again when the router
 * restarted, deleted by `close()`. Its timer keeps the process alive no longer than other work does.
 */
export class PortMapping extends EventEmitter<PortMappingEvents> implements AsyncDisposable {
	readonly protocol: PortMapProtocol;
	readonly internalPort: number;
	readonly method: PortMapMethod;
	/** Whether the port was reached from outside when it was mapped. */
	readonly verified: PortMapVerified;
	readonly #parts: PortMappingParts;
	readonly #lease: Lease;
	readonly #ended = new AbortController();
	#external: Endpoint;
	#timer: unknown = null;
	#working: Promise<void> = Promise.resolve();
	#closing: Promise<void> | null = null;

	/** For {@link mapPort}: takes over a mapping that the router granted. */
	constructor(parts: PortMappingParts) {
		super();
		this.#parts = parts;
		this.protocol = parts.request.protocol;
		this.internalPort = parts.request.internalPort;
		this.method = parts.grant.method;
		this.verified = parts.verified;
		this.#external = parts.grant.external;
		this.#lease = new Lease(parts.clock.now(), parts.checkInterval);
		this.#lease.granted(parts.clock.now(), parts.grant.lifetime);
		this.#arm();
	}

	/** The address and port outside. */
	get external(): Endpoint {
		return this.#external;
	}

	/** What the external address is good for. */
	get reach(): ExternalReach {
		if (this.#external.port === 0) return "unknown";
		return isPublicIp(this.#external.ip) ? "public" : "second-nat";
	}

	/** Milliseconds until the router forgets the mapping; Infinity for a permanent one, 0 if it is lost. */
	get timeLeft(): number {
		if (this.#lease.isLost) return 0;
		return Math.max(0, this.#lease.expires - this.#parts.clock.now());
	}

	/** Whether the mapping was lost and not yet had again. */
	get isLost(): boolean {
		return this.#lease.isLost;
	}

	/**
	 * Asks for the mapping again, for example after the network changed.
	 *
	 * @returns whether the router granted it
	 * @throws PortMapClosedError (ERR_PORT_MAP_CLOSED)
	 */
	async refresh(): Promise<boolean> {
		if (this.#closing !== null) throw new PortMapClosedError();
		await this.#run(() => this.#renew());
		return !this.#lease.isLost;
	}

	/** Deletes the mapping at the router and ends. Never rejects; a router that does not answer forgets it by its lease. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	/** Closes it. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** `tcp 203.0.113.7:4000 -> 4000 (pcp)`. */
	override toString(): string {
		return `${this.protocol} ${endpointText(this.#external)} -> ${this.internalPort} (${this.method})`;
	}

	async #close(): Promise<void> {
		const { clock, method, request } = this.#parts;
		clock.clearTimeout(this.#timer);
		this.#ended.abort(new PortMapClosedError());
		await this.#working;
		const deadline = new AbortController();
		const timer = clock.setTimeout(
			() => deadline.abort(new Error("the router does not answer")),
			CLOSE_TIMEOUT,
		);
		try {
			await method.unmap(request, this.#external, deadline.signal);
		} catch (error) {
			if (!deadline.signal.aborted) throw error;
		} finally {
			clock.clearTimeout(timer);
		}
	}

	#arm(): void {
		if (this.#closing !== null) return;
		const { clock } = this.#parts;
		clock.clearTimeout(this.#timer);
		const { at } = this.#lease.next();
		this.#timer = clock.setTimeout(
			() => void this.#run(() => this.#step()),
			Math.min(MAX_TIMER, Math.max(0, at - clock.now())),
		);
		if (typeof this.#timer === "object" && this.#timer !== null && "unref" in this.#timer) {
			(this.#timer as { unref(): void }).unref();
		}
	}

	/** Runs one piece of work at a time, and sets the timer for the next. */
	#run(work: () => Promise<void>): Promise<void> {
		this.#working = this.#working.then(async () => {
			if (this.#ended.signal.aborted) return;
			try {
				await work();
			} catch (error) {
				if (!this.#ended.signal.aborted) throw error;
			}
			this.#arm();
		});
		return this.#working;
	}

	async #step(): Promise<void> {
		const { clock, method, request } = this.#parts;
		const { action, at } = this.#lease.next();
		if (at > clock.now()) return;
		if (action === "expire") this.#lose("its lease ended");
		else if (action === "renew") await this.#renew();
		else {
			const forgotten = await method.hasForgotten(request, this.#external, this.#ended.signal);
			if (forgotten === true) await this.#renew("the router restarted");
			else this.#lease.checked(clock.now());
		}
	}

	async #renew(cause?: string): Promise<void> {
		const { clock, method, request } = this.#parts;
		const wanted = { ...request, externalPort: this.#external.port };
		const outcome = await method.map(wanted, this.#ended.signal);
		if (isGrant(outcome)) {
			this.#external = outcome.external;
			this.#lease.granted(clock.now(), outcome.lifetime);
			this.emit("renewed", outcome.external);
			return;
		}
		if (cause !== undefined) this.#lose(`${cause}: ${outcome.reason}`);
		this.#lease.renewalFailed(clock.now());
	}

	#lose(reason: string): void {
		if (this.#lease.isLost) return;
		this.#lease.lost(this.#parts.clock.now());
		this.emit("lost", reason);
	}
}
