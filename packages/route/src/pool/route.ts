import { inspect } from "node:util";
import type { Family, IPRange } from "@p2pd/address";
import { RoutePoolMissingError } from "../errors.js";
import { systemDeps } from "../sockets/deps.js";
import type { SocketDeps } from "../sockets/types.js";
import type { BindOptions, RouteNic } from "../types.js";
import { bindRoute } from "./bind-route.js";
import type { BoundRoute } from "./bound-route.js";
import { checkRoute } from "./check-route.js";
import { chooseSource } from "./choose-source.js";
import { readRouteJson, routeToJson } from "./route-json.js";
import { routeText } from "./route-text.js";
import type { RouteInit, RouteJson } from "./types.js";

/** What a route needs of its pool. */
export interface RouteSet {
	/** The external addresses that are in none of the ranges, each as a route, in order, made one by one. */
	except(taken: readonly IPRange[]): Iterable<Route>;
}

/**
 * Which external addresses stand behind which addresses of a NIC: `[NIC ranges] -> [external ranges]`. An
 * immutable value. `bind()` gives the sockets.
 */
export class Route {
	readonly af: Family;
	/** The NIC; null where the kernel chooses. */
	readonly nic: RouteNic | null;
	/** The NIC's side. In IPv6 this is the link-locals, where the external address is on the NIC itself. */
	readonly nicIps: readonly IPRange[];
	/** The external side; empty where it is not known, and `reason` says why. */
	readonly extIps: readonly IPRange[];
	/** The NIC's link-local addresses (IPv6). */
	readonly linkLocals: readonly IPRange[];
	/** The NIC address that is bound, if it is not the one that follows from the lists. */
	readonly source: string | null;
	/** Whether one server alone saw the external address, with no second one to agree. */
	readonly singleServer: boolean;
	/** Why the external side is empty; null where it is not. */
	readonly reason: string | null;
	/** What the verdict rests on, as the observer gave it. */
	readonly evidence: unknown;
	readonly #pool: RouteSet | null;

	/**
	 * @param pool - The pool that the route belongs to, if any.
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`): no NIC address, mixed families, an external address that can
	 * be nobody's, a source on neither side.
	 */
	constructor(init: RouteInit, pool: RouteSet | null = null) {
		checkRoute(init);
		this.af = init.af;
		this.nic = init.nic ?? null;
		this.nicIps = Object.freeze([...init.nicIps]);
		this.extIps = Object.freeze([...init.extIps]);
		this.linkLocals = Object.freeze([...(init.linkLocals ?? [])]);
		this.source = init.source ?? null;
		this.singleServer = init.singleServer ?? false;
		this.reason = init.reason ?? null;
		this.evidence = init.evidence;
		this.#pool = pool;
		Object.freeze(this);
	}

	/** How many external addresses the route has. */
	get size(): bigint {
		return this.extIps.reduce((sum, range) => sum + range.size, 0n);
	}

	/** Whether the external side is known. */
	get isVerified(): boolean {
		return this.extIps.length > 0;
	}

	/** Whether the external side is known and globally routable: behind carrier-grade NAT it can be seen and is not. */
	get isPublic(): boolean {
		return this.isVerified && this.extIps.every((range) => range.isPublic);
	}

	/** The address that {@link Route.bind} takes when it is told no other. */
	get sourceIp(): string {
		return chooseSource(this).toString();
	}

	/** The first external address; null where it is not known. */
	get extIp(): string | null {
		return this.extIps[0]?.first.toString() ?? null;
	}

	/** Whether an address or range lies on the NIC's side. */
	hasNicIp(ip: string | IPRange): boolean {
		return this.nicIps.some((range) => range.contains(ip));
	}

	/** Whether the two lead to the same external ranges, whatever their NIC addresses. False if either is unknown. */
	hasSameExternal(other: Route): boolean {
		if (!this.isVerified || this.extIps.length !== other.extIps.length) return false;
		return this.extIps.every((range) => other.extIps.some((theirs) => theirs.equals(range)));
	}

	/** A text that two routes have in common exactly where they are the same in every part of the dictionary, and of NICs of one name. */
	get key(): string {
		return JSON.stringify([this.nic?.name ?? null, this]);
	}

	/** Whether both are the same route: see {@link Route.key}. */
	equals(other: Route): boolean {
		return this.key === other.key;
	}

	/**
	 * Routes of the pool to other external addresses than this one's and those of `exclusions`: one for each
	 * address, in the pool's order, `limit` of them at most.
	 * @throws RoutePoolMissingError (`ERR_ROUTE_NO_POOL`) for a route that is in no pool.
	 */
	alternatives(limit: number, exclusions: readonly Route[] = []): Route[] {
		if (this.#pool === null) throw new RoutePoolMissingError();
		const taken = [this, ...exclusions].flatMap((route) => route.extIps);
		const found: Route[] = [];
		for (const route of this.#pool.except(taken)) {
			if (found.length >= limit) break;
			found.push(route);
		}
		return found;
	}

	/** The first alternative, or null. Throws as {@link Route.alternatives}. */
	invert(): Route | null {
		return this.alternatives(1)[0] ?? null;
	}

	/** This route as a member of a pool; the route itself stays as it is. */
	inPool(pool: RouteSet): Route {
		return new Route(this, pool);
	}

	/** The same route with one external address out of its external side, as a pool's index gives it. */
	withExternal(ip: IPRange): Route {
		return new Route({ ...this.#init(), extIps: [ip] }, this.#pool);
	}

	/**
	 * Chooses the address and port that sockets are made with, and how they are tied to the NIC.
	 * @throws RouteValueError, RouteFamilyError, RouteZoneError, AddressSyntaxError for options that cannot be;
	 * RouteNoAddressError for a host of a block that the OS does not have as its own; DeviceBindingError where
	 * `strict` cannot be kept.
	 */
	bind(options: BindOptions = {}, deps: SocketDeps = systemDeps): Promise<BoundRoute> {
		return bindRoute(this, options, deps);
	}

	/** P2PD's dictionary. */
	toJSON(): RouteJson {
		return routeToJson(this);
	}

	/**
	 * Takes the dictionary back, ours or P2PD's own, for a NIC.
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`) with the path to the fault.
	 */
	static fromJSON(json: unknown, nic: RouteNic | null = null): Route {
		return new Route({ ...readRouteJson(json), nic });
	}

	/** `[192.168.0.20/32, 193.168.0.0/16] -> [1.3.3.7/32]` */
	toString(): string {
		return routeText(this);
	}

	[inspect.custom](): string {
		return `Route(${this})`;
	}

	#init(): RouteInit {
		const { af, nic, nicIps, linkLocals, source, singleServer, reason, evidence } = this;
		return { af, nic, nicIps, extIps: this.extIps, linkLocals, source, singleServer, reason, evidence };
	}
}
