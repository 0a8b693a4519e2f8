import { inspect } from "node:util";
import { IPRange, IpAddress } from "@p2pd/address";
import { type Family, is, type NicRef } from "@p2pd/net";
import { RoutePoolEndError, RouteValueError, refuse } from "../errors.js";
import type { RouteJson } from "../types.js";
import { BlockIndex } from "./block-index.js";
import { Route, type RouteSet } from "./route.js";
import { poolText } from "./route-text.js";

/** What can be looked for in a pool: an address or range, or the external side of a route. */
export type PoolTarget = string | IpAddress | IPRange | Route;

/**
 * The routes of one NIC and family, as a sequence of all external addresses that they lead to: element number i is a
 * route to external address number i. Elements are made when they are asked for, so a /64 costs no more than a /32.
 * Routes keep the order that they are given in.
 */
export class RoutePool implements RouteSet, Iterable<Route> {
	/** The routes as they were given, linked to this pool, without duplicates. */
	readonly routes: readonly Route[];
	/** The NIC's link-local addresses (IPv6). */
	readonly linkLocals: readonly IPRange[];
	readonly #index: BlockIndex;
	#cursor = 0n;

	/** @throws RouteValueError (`ERR_ROUTE_VALUE`) for routes of both families */
	constructor(routes: Iterable<Route>, linkLocals: readonly IPRange[] = []) {
		refuse(isIterable(routes, "routes") ?? isRanges(linkLocals, "linkLocals"));
		const unique = new Map<string, Route>();
		let af: Family | undefined;
		for (const route of routes) {
			refuse(isRoute(route, "routes"));
			af ??= route.af;
			if (route.af !== af) throw new RouteValueError("routes", "must be of one family");
			if (!unique.has(route.key)) unique.set(route.key, route.inPool(this));
		}
		this.routes = Object.freeze([...unique.values()]);
		this.linkLocals = Object.freeze([...linkLocals]);
		this.#index = new BlockIndex(this.routes.map((route) => route.extIps));
	}

	/** How many external addresses there are. A bigint: a /64 has more than a number can count. */
	get length(): bigint {
		return this.#index.length;
	}

	/**
	 * The route to external address number `index`, counted from 0 over all blocks, or from the end if negative;
	 * undefined outside. O(log blocks).
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`) for anything but a whole number
	 */
	at(index: number | bigint): Route | undefined {
		const wanted = toBigInt(index, "index");
		return this.#at(wanted < 0n ? wanted + this.length : wanted);
	}

	/** The addresses from the first on, made one by one. */
	[Symbol.iterator](): IterableIterator<Route> {
		return this.slice();
	}

	/** The addresses from the last back, made one by one. */
	reversed(): IterableIterator<Route> {
		return this.slice(undefined, undefined, -1);
	}

	/**
	 * The addresses from `start` up to but not including `end`, each `step`th, made one by one. Bounds work as in
	 * `Array.slice`: negative ones count from the end, those outside are moved to the edge. With a negative step it goes
	 * backwards, by default from the last address.
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`) for a step of 0 or anything but whole numbers
	 */
	slice(start?: number | bigint, end?: number | bigint, step: number | bigint = 1): IterableIterator<Route> {
		return this.#walk(sliceBounds(this.length, start, end, step));
	}

	/**
	 * The route whose external side has an address of `target`, or undefined. Of several, the one of the lowest address;
	 * of nested blocks, the widest. O(log blocks).
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`) for anything but an address, a range or a route
	 */
	locate(target: PoolTarget): Route | undefined {
		for (const range of externalOf(target)) {
			const owner = range.af === this.routes[0]?.af ? this.#index.locate(range) : undefined;
			if (owner !== undefined) return this.routes[owner];
		}
		return undefined;
	}

	/** Whether some route's external side has an address of `target`. */
	contains(target: PoolTarget): boolean {
		return this.locate(target) !== undefined;
	}

	/**
	 * The next address. Moves a cursor and removes nothing.
	 * @throws RoutePoolEndError (`ERR_ROUTE_POOL_END`) after the last one
	 */
	pop(): Route {
		const next = this.#at(this.#cursor);
		if (next === undefined) throw new RoutePoolEndError();
		this.#cursor++;
		return next;
	}

	/**
	 * The addresses outside the ranges, in the pool's order, made one by one.
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`) for anything but a list of ranges
	 */
	except(taken: readonly IPRange[]): IterableIterator<Route> {
		refuse(isRanges(taken, "taken"));
		return this.#except(taken);
	}

	*#except(taken: readonly IPRange[]): Generator<Route, void> {
		for (const index of this.#index.except(taken)) {
			const route = this.#at(index);
			if (route !== undefined) yield route;
		}
	}

	/** P2PD's dictionary: the routes' own, in order. */
	toJSON(): RouteJson[] {
		return this.routes.map((route) => route.toJSON());
	}

	/**
	 * Makes a pool of a NIC from its dictionary, ours or P2PD's own.
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`) with the path to the fault
	 */
	static fromJSON(json: unknown, nic: NicRef | null = null): RoutePool {
		if (!Array.isArray(json)) throw new RouteValueError("routes", "must be an array");
		const routes = json.map((item: unknown, index) => readRoute(item, nic, index));
		const linkLocals = new Map(
			routes.flatMap((route) => route.linkLocals).map((range) => [`${range}`, range]),
		);
		return makePool(routes, [...linkLocals.values()]);
	}

	/** As P2PD's documentation prints a pool: both lists with their counts, then the routes. */
	toString(): string {
		return poolText(this.routes);
	}

	[inspect.custom](): string {
		return `RoutePool(${this.routes.map(String).join("; ")})`;
	}

	#at(index: bigint): Route | undefined {
		const place = this.#index.at(index);
		return place === undefined ? undefined : this.routes[place.owner]?.withExternal(new IPRange(place.ip));
	}

	*#walk({ from, to, step }: Walk): Generator<Route, void> {
		for (let index = from; step > 0n ? index < to : index > to; index += step) {
			const route = this.#at(index);
			if (route !== undefined) yield route;
		}
	}
}

/** Outside of the class: esbuild renames a class that names itself inside its body. */
function makePool(routes: readonly Route[], linkLocals: readonly IPRange[]): RoutePool {
	return new RoutePool(routes, linkLocals);
}

function readRoute(item: unknown, nic: NicRef | null, index: number): Route {
	try {
		return Route.fromJSON(item, nic);
	} catch (error) {
		if (!(error instanceof RouteValueError) || error.field === "nic") throw error;
		const path = error.field === "route" ? `routes[${index}]` : `routes[${index}].${error.field}`;
		throw new RouteValueError(path, error.message.slice(error.field.length + 1), { cause: error });
	}
}

/** The external ranges of a target. */
function externalOf(target: PoolTarget): readonly IPRange[] {
	if (target instanceof Route) return target.extIps;
	if (target instanceof IPRange) return [target];
	if (target instanceof IpAddress) return [new IPRange(target)];
	refuse(
		is.a("an IP address, an IPRange or a Route", (value) => typeof value === "string")(target, "target"),
	);
	try {
		return [IPRange.parse(target)];
	} catch (cause) {
		throw new RouteValueError(
			"target",
			`is not an IP address or range: ${JSON.stringify(target.slice(0, 60))}`,
			{
				cause,
			},
		);
	}
}

const isRoute = is.a("Route objects", (value) => value instanceof Route);
const isRanges = is.listOf(is.a("an IPRange", (value) => value instanceof IPRange));
const isIterable = is.a(
	"a list of routes",
	(value) => typeof value === "object" && value !== null && Symbol.iterator in value,
);

function toBigInt(value: number | bigint, path: string): bigint {
	if (typeof value === "bigint") return value;
	refuse(is.whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)(value, path));
	return BigInt(value);
}

/** A walk through a sequence: from `from`, by `step`, up to but not including `to`. */
interface Walk {
	readonly from: bigint;
	readonly to: bigint;
	readonly step: bigint;
}

/** The bounds of `Array.slice` for a sequence of any length, and with a step. A negative step walks backwards. */
function sliceBounds(
	length: bigint,
	start: number | bigint | undefined,
	end: number | bigint | undefined,
	step: number | bigint,
): Walk {
	const by = toBigInt(step, "step");
	if (by === 0n) throw new RouteValueError("step", "must not be 0");
	const [low, high] = by > 0n ? [0n, length] : [-1n, length - 1n];
	const bound = (value: number | bigint, path: string): bigint => {
		const index = toBigInt(value, path);
		const counted = index < 0n ? index + length : index;
		if (counted < low) return low;
		return counted > high ? high : counted;
	};
	const from = start === undefined ? (by > 0n ? low : high) : bound(start, "start");
	const to = end === undefined ? (by > 0n ? high : low) : bound(end, "end");
	return { from, to, step: by };
}
