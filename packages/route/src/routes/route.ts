import { inspect } from "node:util";
import { IPRange, IpAddress } from "@p2pd/address";
import { type Family, is, type NicRef } from "@p2pd/net";
import { isNicOrNull } from "../arguments.js";
import { ALTERNATIVES_LIMIT, MAX_ALTERNATIVES } from "../defaults.js";
import { RoutePoolMissingError, refuse } from "../errors.js";
import { type SocketDeps, systemDeps } from "../kernel/system.js";
import type { LocalBinding } from "../sockets/local-binding.js";
import { BoundSockets } from "../sockets/nic-sockets.js";
import type { BindOptions, RouteInit, RouteJson } from "../types.js";
import { bindSides, readBindArguments } from "./bind.js";
import { readRouteJson, routeToJson } from "./route-json.js";
import { checkRoute, chooseSource } from "./route-sides.js";
import { routeText } from "./route-text.js";

/** What a route uses of the pool that it belongs to. */
export interface RouteSet {
	/** The external addresses outside the ranges, each as a route, in order, made one by one. */
	except(taken: readonly IPRange[]): Iterable<Route>;
}

/**
 * Which external addresses stand behind which addresses of a NIC: `[NIC ranges] -> [external ranges]`. An
 * immutable value. `bind()` returns a socket factory.
 */
export class Route {
	readonly af: Family;
	/** The NIC; null where the kernel chooses. */
	readonly nic: NicRef | null;
	/** The NIC's side. In IPv6 these are the link-locals if the external address is on the NIC itself. */
	readonly nicIps: readonly IPRange[];
	/** The external side; empty where it is not known, and `reason` says why. */
	readonly extIps: readonly IPRange[];
	/** The NIC's link-local addresses (IPv6). */
	readonly linkLocals: readonly IPRange[];
	/** The NIC address that is bound, if it does not follow from the lists. */
	readonly source: string | null;
	/** Whether only one server saw the external address, with no second one to agree. */
	readonly singleServer: boolean;
	/** Why the external side is empty; null if it is not. */
	readonly reason: string | null;
	/** What the verdict rests on, as the observer gave it. */
	readonly evidence: unknown;
	readonly #pool: RouteSet | null;

	/**
	 * @param pool - The pool that the route belongs to, if any.
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`): no NIC address, mixed families, an impossible external address, a
	 * source on neither side
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

	/** Whether the external side is known and globally routable. Behind carrier-grade NAT it can be known and not routable. */
	get isPublic(): boolean {
		return this.isVerified && this.extIps.every((range) => range.isPublic);
	}

	/** The address that {@link Route.bind} uses by default. */
	get sourceIp(): string {
		return chooseSource(this).toString();
	}

	/** The first external address; null where it is not known. */
	get extIp(): string | null {
		return this.extIps[0]?.first.toString() ?? null;
	}

	/** Whether an address or range lies on the NIC's side. */
	hasNicIp(ip: string | IpAddress | IPRange): boolean {
		refuse(isIpOrRange(ip, "ip"));
		return this.nicIps.some((range) => range.contains(ip));
	}

	/** Whether the two lead to the same external ranges, whatever their NIC addresses. False if either is unknown. */
	hasSameExternal(other: Route): boolean {
		refuse(isRoute(other, "other"));
		if (!this.isVerified || this.extIps.length !== other.extIps.length) return false;
		return this.extIps.every((range) => other.extIps.some((theirs) => theirs.equals(range)));
	}

	/** A text that is equal for two routes exactly if their dictionaries and the names of their NICs are equal. */
	get key(): string {
		return JSON.stringify([this.nic?.name ?? null, this]);
	}

	/** Whether both are the same route: see {@link Route.key}. */
	equals(other: Route): boolean {
		refuse(isRoute(other, "other"));
		return this.key === other.key;
	}

	/**
	 * Routes of the pool to other external addresses than this one's and those of `exclusions`: one for each address, in
	 * the pool's order.
	 * @param limit - the most to return. @default 100
	 * @throws RoutePoolMissingError (`ERR_ROUTE_NO_POOL`) for a route that is in no pool, RouteValueError
	 */
	alternatives(limit: number = ALTERNATIVES_LIMIT, exclusions: readonly Route[] = []): Route[] {
		refuse(is.whole(0, MAX_ALTERNATIVES)(limit, "limit") ?? is.listOf(isRoute)(exclusions, "exclusions"));
		if (this.#pool === null) throw new RoutePoolMissingError();
		const taken = [this, ...exclusions].flatMap((route) => route.extIps);
		const found: Route[] = [];
		if (limit === 0) return found;
		for (const route of this.#pool.except(taken)) {
			if (found.push(route) === limit) break;
		}
		return found;
	}

	/** The first alternative, or null. Throws as {@link Route.alternatives}. */
	invert(): Route | null {
		return this.alternatives(1)[0] ?? null;
	}

	/** A copy of this route that belongs to a pool. @throws RouteValueError (`ERR_ROUTE_VALUE`) */
	inPool(pool: RouteSet): Route {
		refuse(is.a("a RoutePool", (value) => value instanceof Object && "except" in value)(pool, "pool"));
		return makeRoute(this, pool);
	}

	/** A copy of this route with one address as its external side, as a pool's index returns it. */
	withExternal(ip: IPRange): Route {
		return makeRoute({ ...this.#init(), extIps: [ip] }, this.#pool);
	}

	/**
	 * Chooses the address and port that sockets are made with, and how they are tied to the NIC. Also takes P2PD's
	 * positional arguments: `bind(port)`, `bind(ips)`, `bind(port, ips)`.
	 * @throws RouteValueError, RouteFamilyError, RouteZoneError for invalid arguments; RouteNoAddressError for a host of a
	 * block that the system does not have as its own address; RouteDeviceBindingError if `strict` is not possible
	 */
	bind(port: number, ips?: string): Promise<BoundRoute>;
	bind(ips: string): Promise<BoundRoute>;
	bind(options?: BindOptions, deps?: SocketDeps): Promise<BoundRoute>;
	async bind(first?: BindOptions | number | string, second?: SocketDeps | string): Promise<BoundRoute> {
		const { options, deps } = readBindArguments(first, second, systemDeps);
		const { binding, reason } = await bindSides(this, options, deps);
		return new BoundRoute(this, binding, reason, deps);
	}

	/** P2PD's dictionary. */
	toJSON(): RouteJson {
		return routeToJson(this);
	}

	/**
	 * Makes a route of a NIC from its dictionary, ours or P2PD's own.
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`) with the path to the fault
	 */
	static fromJSON(json: unknown, nic: NicRef | null = null): Route {
		refuse(isNicOrNull(nic, "nic"));
		return makeRoute({ ...readRouteJson(json), nic });
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

/** Outside of the class: esbuild renames a class that names itself inside its body (`Route.name` would be `_Route`). */
function makeRoute(init: RouteInit, pool: RouteSet | null = null): Route {
	return new Route(init, pool);
}

const isRoute = is.a("a Route", (value) => value instanceof Route);

const isIpOrRange = is.either(
	"an IP address or an IPRange",
	is.text,
	is.a("an address", (value) => value instanceof IpAddress || value instanceof IPRange),
);

/**
 * A route with an address and a port to make sockets on, as `route.bind()` returns it. An immutable plan that holds no
 * descriptor.
 */
export class BoundRoute extends BoundSockets {
	/** The route that was bound. */
	readonly route: Route;
	readonly #deps: SocketDeps;

	/** @internal Made by `route.bind()`. */
	constructor(route: Route, binding: LocalBinding, deviceBindingReason: string | null, deps: SocketDeps) {
		super(binding, deviceBindingReason, deps);
		this.route = route;
		this.#deps = deps;
	}

	/** The NIC's side of the route. */
	get nicIps(): readonly IPRange[] {
		return this.route.nicIps;
	}

	/** The external side of the route. */
	get extIps(): readonly IPRange[] {
		return this.route.extIps;
	}

	/** The NIC's link-local addresses (IPv6). */
	get linkLocals(): readonly IPRange[] {
		return this.route.linkLocals;
	}

	/** Binds the same route again, independent of this one's port and address. See {@link Route.bind}. */
	bind(port: number, ips?: string): Promise<BoundRoute>;
	bind(ips: string): Promise<BoundRoute>;
	bind(options?: BindOptions): Promise<BoundRoute>;
	async bind(first?: BindOptions | number | string, second?: string): Promise<BoundRoute> {
		const { options } = readBindArguments(first, second, this.#deps);
		return this.route.bind(options, this.#deps);
	}

	override toString(): string {
		return `${this.route} on ${this.localIp} port ${this.port}`;
	}

	[inspect.custom](): string {
		return `BoundRoute(${this})`;
	}
}
