import { type Endpoint, endpointText, type Family, type RandomBytes } from "@p2pd/net";
import {
	attributeValue,
	mappedAddressOf,
	type RawAttribute,
	type StunMessage,
} from "@p2pd/stun-client/codec";
import {
	attribute,
	connectionIdOf,
	lifetimeOf,
	METHODS,
	peerOf,
	relayedAddressesOf,
	reservationTokenOf,
	type TRANSPORTS,
} from "../codec/attributes.js";
import {
	ALLOCATION_LIFETIME,
	CHANNEL_LIFETIME,
	CHANNEL_RETRY,
	CONNECT_TIMEOUT,
	FIRST_CHANNEL,
	LAST_CHANNEL,
	MAX_LIFETIME,
	MAX_PERMISSIONS,
	PERMISSION_LIFETIME,
	PERMISSIONS_PER_REQUEST,
	RETRY_PAUSE,
	SILENCE_LIMIT,
} from "../defaults.js";
import { responseError, TurnLostError, TurnProtocolError, TurnTimeoutError } from "../errors.js";
import type { TurnAllocationInfo, TurnCredentials } from "../types.js";
import { Lease } from "./lease.js";
import { type RequestEvent, type RequestsPlan, TurnRequests } from "./requests.js";

/** What is allocated, and how. */
export interface AllocationPlan extends RequestsPlan {
	/** What the relay speaks to peers. */
	readonly relay: keyof typeof TRANSPORTS;
	/** REQUESTED-ADDRESS-FAMILY; null asks for the server's default, IPv4. */
	readonly family: Family | null;
	/** ADDITIONAL-ADDRESS-FAMILY, or null. */
	readonly additionalFamily: Family | null;
	readonly evenPort: boolean | "pair";
	readonly reservationToken: Uint8Array | null;
	readonly dontFragment: boolean;
	/** Milliseconds between refreshes while nothing else is asked. */
	readonly keepAlive: number;
}

/** Counts a peer's datagrams, so that a channel without any is not refreshed. */
export interface ChannelUse {
	readonly traffic: number;
}

/** What there is to do, or what has happened. */
export type AllocationEvent =
	| { readonly kind: "send"; readonly bytes: Buffer }
	| { readonly kind: "allocated"; readonly info: TurnAllocationInfo }
	/** The server says 300: ask there. */
	| {
			readonly kind: "redirected";
			readonly to: Endpoint;
			readonly domain: string | null;
			readonly error: Error;
	  }
	/** There is no allocation. */
	| { readonly kind: "failed"; readonly error: Error }
	| { readonly kind: "permitted"; readonly ip: string }
	/** The server refuses the peer; `granted` if it was permitted before. */
	| { readonly kind: "refused"; readonly ip: string; readonly granted: boolean; readonly error: Error }
	/** The permission was given up for another peer's. */
	| { readonly kind: "dropped"; readonly ip: string }
	| { readonly kind: "bound"; readonly peer: Endpoint; readonly channel: number }
	/** The channel is no longer refreshed, or was refused: datagrams go by indications. */
	| { readonly kind: "unbound"; readonly peer: Endpoint; readonly channel: number }
	/** Other credentials are asked for; see `replaceCredentials`. */
	| { readonly kind: "credentials" }
	| { readonly kind: "connected"; readonly peer: Endpoint; readonly connectionId: number }
	| { readonly kind: "unconnected"; readonly peer: Endpoint; readonly error: Error }
	/** A peer has connected to the relayed address. */
	| { readonly kind: "attempt"; readonly peer: Endpoint; readonly connectionId: number }
	/** The allocation is gone. */
	| { readonly kind: "lost"; readonly error: TurnLostError }
	/** The end was asked for, and the server has confirmed it or did not answer. */
	| { readonly kind: "released" };

type Purpose =
	| { readonly kind: "allocate" }
	| { readonly kind: "refresh" }
	| { readonly kind: "release" }
	| { readonly kind: "permit"; readonly ips: readonly string[] }
	| { readonly kind: "channel"; readonly channel: Channel }
	| { readonly kind: "connect"; readonly peer: Endpoint };

class Permission extends Lease {
	/** Asked for by the user: never given up. */
	explicit = false;
}

class Channel extends Lease {
	readonly peer: Endpoint;
	readonly number: number;
	readonly use: ChannelUse;
	/** The traffic that had been counted when it was last granted. */
	traffic = 0;
	/** When it may be asked for again after the server refused it. */
	retryAt = 0;

	constructor(peer: Endpoint, number: number, use: ChannelUse) {
		super();
		this.peer = peer;
		this.number = number;
		this.use = use;
	}
}

/**
 * One allocation (RFC 8656, RFC 6062): its requests, permissions, channels and all their timers. It has no socket and
 * no clock: it is told what happened and when, says what to do, and when it wants to be asked again.
 */
export class AllocationCore {
	readonly #plan: AllocationPlan;
	readonly #requests: TurnRequests<Purpose>;
	readonly #lease = new Lease();
	readonly #permissions = new Map<string, Permission>();
	/** By peer. A number stays with its peer for good, so that no datagram can be taken for another's. */
	readonly #channels = new Map<string, Channel>();
	#phase: "new" | "allocating" | "open" | "releasing" | "over" = "new";
	#info: TurnAllocationInfo | null = null;
	/** When the last request was answered. */
	#answeredAt = 0;
	/** Since when requests have had no answer; Infinity while all have. */
	#silentSince = Number.POSITIVE_INFINITY;

	constructor(plan: AllocationPlan, random: RandomBytes) {
		this.#plan = plan;
		this.#requests = new TurnRequests(plan, random);
	}

	/** What was granted; null before. */
	get info(): TurnAllocationInfo | null {
		return this.#info;
	}

	/** Asks for the allocation. */
	start(now: number): AllocationEvent[] {
		this.#phase = "allocating";
		return this.#ask({ kind: "allocate" }, now);
	}

	/** Takes a message from the server that carries no peer's data. */
	receive(message: StunMessage, now: number): AllocationEvent[] {
		if (this.#phase === "over") return [];
		if (message.class === "indication") return this.#indication(message);
		const before = this.#requests.answers;
		const events = this.#requests.receive(message, now);
		const answered = this.#requests.answers !== before;
		if (answered) this.#answeredAt = now;
		const out = this.#settle(events, now);
		if (answered) this.#silentSince = this.#requests.size === 0 ? Number.POSITIVE_INFINITY : now;
		return out;
	}

	/** What is due at `now`: requests to send again, leases to refresh, what has lapsed. */
	tick(now: number): AllocationEvent[] {
		if (this.#phase === "over") return [];
		const events = this.#settle(this.#requests.due(now), now);
		if (this.#phase !== "open") return events;
		if (now >= this.#lease.expiresAt) {
			return [
				...events,
				...this.#lost(new TurnTimeoutError(this.#plan.server, "Refresh", now - this.#answeredAt)),
			];
		}
		if (now - this.#silentSince >= SILENCE_LIMIT) {
			return [
				...events,
				...this.#lost(new TurnTimeoutError(this.#plan.server, "Refresh", now - this.#silentSince)),
			];
		}
		const idle = this.#requests.size === 0 && now - this.#answeredAt >= this.#plan.keepAlive;
		if (this.#lease.due(now) || (idle && !this.#lease.asking))
			events.push(...this.#ask({ kind: "refresh" }, now));
		events.push(...this.#tickPermissions(now), ...this.#tickChannels(now));
		return events;
	}

	/** When {@link AllocationCore.tick} has something next; Infinity if never. */
	nextAt(): number {
		if (this.#phase === "over") return Number.POSITIVE_INFINITY;
		let next = this.#requests.nextAt();
		if (this.#phase !== "open") return next;
		next = Math.min(next, this.#lease.nextAt(), this.#silentSince + SILENCE_LIMIT);
		if (this.#requests.size === 0) next = Math.min(next, this.#answeredAt + this.#plan.keepAlive);
		for (const { asking, refreshAt } of this.#permissions.values())
			if (!asking) next = Math.min(next, refreshAt);
		for (const channel of this.#channels.values()) next = Math.min(next, channel.nextAt());
		return next;
	}

	/** Whether datagrams of a peer are relayed now. */
	permits(ip: string): boolean {
		return this.#permissions.get(ip)?.granted === true;
	}

	/** Asks for a permission, which then is refreshed. `explicit` ones are never given up for others. */
	permit(ip: string, explicit: boolean, now: number): AllocationEvent[] {
		const known = this.#permissions.get(ip);
		if (known !== undefined) {
			known.explicit ||= explicit;
			return [];
		}
		const dropped = this.#makeRoom();
		const permission = new Permission();
		permission.explicit = explicit;
		this.#permissions.set(ip, permission);
		return [...dropped, ...this.#askPermissions([ip], now)];
	}

	/** Asks for a channel to a peer, which is refreshed as long as `use` counts datagrams. */
	bindChannel(peer: Endpoint, use: ChannelUse, now: number): AllocationEvent[] {
		const key = endpointText(peer);
		let channel = this.#channels.get(key);
		if (channel === undefined) {
			const number = FIRST_CHANNEL + this.#channels.size;
			if (number > LAST_CHANNEL) return [];
			channel = new Channel(peer, number, use);
			this.#channels.set(key, channel);
		} else if (channel.asking || channel.granted || now < channel.retryAt) return [];
		return this.#ask({ kind: "channel", channel }, now);
	}

	/** Asks the server to connect to a peer (RFC 6062 section 4.3). */
	connect(peer: Endpoint, now: number): AllocationEvent[] {
		return this.#ask({ kind: "connect", peer }, now);
	}

	/** Gives up what the server does not accept (null) or replaces it. */
	replaceCredentials(credentials: TurnCredentials | null, now: number): AllocationEvent[] {
		return this.#settle(this.#requests.replaceCredentials(credentials, now), now);
	}

	/** Asks the server whether the allocation is still there: something on the way says that it may not be. */
	probe(now: number): AllocationEvent[] {
		if (this.#phase !== "open" || this.#lease.asking) return [];
		return this.#ask({ kind: "refresh" }, now);
	}

	/** The way to the server is gone. */
	fail(error: Error): AllocationEvent[] {
		if (this.#phase === "over") return [];
		if (this.#phase === "open") return this.#lost(error);
		const event: AllocationEvent =
			this.#phase === "releasing" ? { kind: "released" } : { kind: "failed", error };
		this.#end();
		return [event];
	}

	/** Ends the allocation: a refresh with a lifetime of 0. */
	release(now: number): AllocationEvent[] {
		if (this.#phase !== "open") {
			this.#end();
			return [{ kind: "released" }];
		}
		this.#phase = "releasing";
		this.#requests.clear(now);
		return this.#ask({ kind: "release" }, now);
	}

	#ask(purpose: Purpose, now: number): AllocationEvent[] {
		this.#begin(purpose, now);
		if (this.#silentSince === Number.POSITIVE_INFINITY) this.#silentSince = now;
		return this.#settle(this.#requests.due(now), now);
	}

	#begin(purpose: Purpose, now: number): void {
		const { plan, requests } = { plan: this.#plan, requests: this.#requests };
		switch (purpose.kind) {
			case "allocate":
				requests.begin({ tag: purpose, method: "Allocate", attributes: () => allocateAttributes(plan) }, now);
				return;
			case "refresh":
			case "release": {
				this.#lease.asking = true;
				const attributes = purpose.kind === "release" ? [attribute.lifetime(0)] : [];
				// An allocation of two families, or of another than the default: a refresh is for all (RFC 8656 section 8.1).
				requests.begin({ tag: purpose, method: "Refresh", attributes: () => attributes }, now);
				return;
			}
			case "permit": {
				const { ips } = purpose;
				requests.begin(
					{
						tag: purpose,
						method: "CreatePermission",
						attributes: (id) => ips.map((ip) => attribute.peer({ ip, port: 0 }, id)),
					},
					now,
				);
				return;
			}
			case "channel": {
				const { channel } = purpose;
				channel.asking = true;
				requests.begin(
					{
						tag: purpose,
						method: "ChannelBind",
						attributes: (id) => [attribute.channel(channel.number), attribute.peer(channel.peer, id)],
					},
					now,
				);
				return;
			}
			case "connect": {
				const { peer } = purpose;
				requests.begin(
					{
						tag: purpose,
						method: "Connect",
						attributes: (id) => [attribute.peer(peer, id)],
						timeout: CONNECT_TIMEOUT,
					},
					now,
				);
			}
		}
	}

	/** Turns what became of requests into what became of the allocation. */
	#settle(events: readonly RequestEvent<Purpose>[], now: number): AllocationEvent[] {
		const out: AllocationEvent[] = [];
		for (const event of events) {
			if (this.#phase === "over") break;
			if (event.kind === "send" || event.kind === "credentials") out.push(event);
			else if (event.kind === "answer") out.push(...this.#answered(event.tag, event.message, now));
			else out.push(...this.#refusedOrFailed(event, now));
		}
		// What was begun in answer to something is sent at once.
		if (this.#phase !== "over" && this.#requests.nextAt() <= now)
			out.push(...this.#settle(this.#requests.due(now), now));
		return out;
	}

	#answered(purpose: Purpose, message: StunMessage, now: number): AllocationEvent[] {
		switch (purpose.kind) {
			case "allocate":
				return this.#allocated(message, now);
			case "refresh": {
				const lifetime = lifetimeIn(message);
				if (lifetime === 0)
					return this.#lost(new TurnProtocolError(this.#plan.server, "it granted a lifetime of 0"));
				this.#lease.grant(lifetime, now);
				return [];
			}
			case "release":
				this.#end();
				return [{ kind: "released" }];
			case "permit":
				return purpose.ips.flatMap((ip) => {
					const permission = this.#permissions.get(ip);
					if (permission === undefined) return [];
					const isNew = !permission.granted;
					permission.grant(PERMISSION_LIFETIME, now);
					return isNew ? [{ kind: "permitted", ip } as const] : [];
				});
			case "channel": {
				const { channel } = purpose;
				const isNew = !channel.granted;
				channel.grant(CHANNEL_LIFETIME, now);
				channel.traffic = channel.use.traffic;
				return isNew ? [{ kind: "bound", peer: channel.peer, channel: channel.number }] : [];
			}
			case "connect": {
				const { peer } = purpose;
				const connectionId = connectionIdOf(message);
				if (connectionId !== null) return [{ kind: "connected", peer, connectionId }];
				const error = new TurnProtocolError(this.#plan.server, "its answer to Connect has no CONNECTION-ID");
				return [{ kind: "unconnected", peer, error }];
			}
		}
	}

	#allocated(message: StunMessage, now: number): AllocationEvent[] {
		const relayed = relayedAddressesOf(message);
		const lifetime = lifetimeIn(message);
		const wanted = this.#plan.family;
		const fits = relayed.some(({ ip }) => wanted === null || familyOf(ip) === wanted);
		if (!fits || lifetime === 0) {
			return this.fail(
				new TurnProtocolError(this.#plan.server, "its answer to Allocate has no relayed address"),
			);
		}
		const mapped = mappedAddressOf(message);
		this.#phase = "open";
		this.#lease.grant(lifetime, now);
		this.#info = {
			relayed,
			mapped: mapped === undefined ? null : { ip: mapped.ip, port: mapped.port },
			lifetime,
			reservationToken: reservationTokenOf(message),
		};
		return [{ kind: "allocated", info: this.#info }];
	}

	#refusedOrFailed(
		event: Extract<RequestEvent<Purpose>, { kind: "refused" | "failed" }>,
		now: number,
	): AllocationEvent[] {
		const { tag: purpose } = event;
		const status = event.kind === "refused" ? event.status : null;
		const error = (peer?: string): Error =>
			event.kind === "failed" ? event.error : responseError({ ...event, server: this.#plan.server }, peer);
		// Whatever was asked: the server knows no such allocation (RFC 8656 section 5).
		if (status === 437 && purpose.kind !== "allocate" && purpose.kind !== "release")
			return this.#lost(error());
		switch (purpose.kind) {
			case "allocate":
				if (event.kind === "refused" && status === 300) return this.#redirected(event.message, error());
				return this.fail(error());
			case "release":
				this.#end();
				return [{ kind: "released" }];
			case "refresh":
				// No answer, or a server in trouble: it is asked again until the allocation lapses.
				if (status !== null && status < 500) return this.#lost(error());
				this.#lease.retry(status === null ? now : now + RETRY_PAUSE);
				return [];
			case "permit":
				return this.#notPermitted(purpose.ips, status, error, now);
			case "channel": {
				const { channel } = purpose;
				const lapsed = channel.granted && (status !== null || now >= channel.expiresAt);
				if (channel.granted && !lapsed) {
					channel.retry(now);
					return [];
				}
				channel.end();
				channel.retryAt = now + CHANNEL_RETRY;
				return lapsed ? [{ kind: "unbound", peer: channel.peer, channel: channel.number }] : [];
			}
			case "connect":
				return [{ kind: "unconnected", peer: purpose.peer, error: error(endpointText(purpose.peer)) }];
		}
	}

	#notPermitted(
		ips: readonly string[],
		status: number | null,
		error: (peer: string) => Error,
		now: number,
	): AllocationEvent[] {
		const events: AllocationEvent[] = [];
		for (const ip of ips) {
			const permission = this.#permissions.get(ip);
			if (permission === undefined) continue;
			if (permission.granted && now < permission.expiresAt && (status === null || status >= 500)) {
				permission.retry(status === null ? now : now + RETRY_PAUSE);
			} else if (ips.length > 1) {
				// One peer that is refused fails them all: each is asked for on its own.
				events.push(...this.#askPermissions([ip], now));
			} else {
				this.#permissions.delete(ip);
				events.push({ kind: "refused", ip, granted: permission.granted, error: error(ip) });
			}
		}
		return events;
	}

	#redirected(message: StunMessage, error: Error): AllocationEvent[] {
		const to = attributeValue(message, "ALTERNATE-SERVER");
		if (to === undefined || to.port === 0) return this.fail(error);
		this.#end();
		const domain = attributeValue(message, "ALTERNATE-DOMAIN") ?? null;
		return [{ kind: "redirected", to: { ip: to.ip, port: to.port }, domain, error }];
	}

	#indication(message: StunMessage): AllocationEvent[] {
		if (message.method !== METHODS.ConnectionAttempt || this.#phase !== "open") return [];
		const peer = peerOf(message);
		const connectionId = connectionIdOf(message);
		return peer === null || connectionId === null ? [] : [{ kind: "attempt", peer, connectionId }];
	}

	#askPermissions(ips: readonly string[], now: number): AllocationEvent[] {
		for (const ip of ips) {
			const permission = this.#permissions.get(ip);
			if (permission !== undefined) permission.asking = true;
		}
		return this.#ask({ kind: "permit", ips }, now);
	}

	#tickPermissions(now: number): AllocationEvent[] {
		const events: AllocationEvent[] = [];
		const due: string[] = [];
		for (const [ip, permission] of this.#permissions) {
			if (permission.due(now)) due.push(ip);
		}
		for (let at = 0; at < due.length; at += PERMISSIONS_PER_REQUEST) {
			events.push(...this.#askPermissions(due.slice(at, at + PERMISSIONS_PER_REQUEST), now));
		}
		return events;
	}

	#tickChannels(now: number): AllocationEvent[] {
		const events: AllocationEvent[] = [];
		for (const channel of this.#channels.values()) {
			if (!channel.granted) continue;
			if (now >= channel.expiresAt) {
				channel.end();
				events.push({ kind: "unbound", peer: channel.peer, channel: channel.number });
			} else if (channel.due(now)) {
				if (channel.use.traffic === channel.traffic) channel.refreshAt = Number.POSITIVE_INFINITY;
				else events.push(...this.#ask({ kind: "channel", channel }, now));
			}
		}
		return events;
	}

	/** Gives up the oldest permission that nobody asked for, if there are too many. */
	#makeRoom(): AllocationEvent[] {
		if (this.#permissions.size < MAX_PERMISSIONS) return [];
		for (const [ip, { explicit, asking }] of this.#permissions) {
			if (explicit || asking) continue;
			this.#permissions.delete(ip);
			return [{ kind: "dropped", ip }];
		}
		return [];
	}

	#lost(cause: Error): AllocationEvent[] {
		const [relayed = this.#plan.server] = this.#info?.relayed ?? [];
		this.#end();
		return [{ kind: "lost", error: new TurnLostError(relayed, cause) }];
	}

	#end(): void {
		this.#phase = "over";
	}
}

const familyOf = (ip: string): Family => (ip.includes(":") ? 6 : 4);

function allocateAttributes(plan: AllocationPlan): RawAttribute[] {
	const { relay, family, additionalFamily, evenPort, reservationToken, dontFragment } = plan;
	return [
		attribute.transport(relay),
		...(family === null ? [] : [attribute.family(family)]),
		...(additionalFamily === null ? [] : attribute.additionalFamily(additionalFamily)),
		...(evenPort === false ? [] : [attribute.evenPort(evenPort === "pair")]),
		...(reservationToken === null ? [] : [attribute.reservation(reservationToken)]),
		...(dontFragment ? [attribute.dontFragment()] : []),
	];
}

/** LIFETIME in ms, the default where it is absent, and never longer than is believed. */
function lifetimeIn(message: StunMessage): number {
	const seconds = lifetimeOf(message);
	return seconds === null ? ALLOCATION_LIFETIME : Math.min(seconds * 1000, MAX_LIFETIME);
}
