import { inspect } from "node:util";
import { type Family, IPRange } from "@p2pd/address";
import { RoutePoolEndError, RouteValueError } from "../errors.js";
import type { RouteNic } from "../types.js";
import { BlockIndex } from "./block-index.js";
import { Route, type RouteSet } from "./route.js";
import { poolText } from "./route-text.js";
import { sliceBounds, type Walk } from "./slice-bounds.js";
import type { RouteJson } from "./types.js";

/**
 * The routes of one NIC and family, and over them every external address that they lead to: address number i
 * of the pool is a route of its own. Addresses are made when they are asked for, so that a /64 costs what a
 * /32 does. Routes keep the order that they are given in.
 */
export class RoutePool implements RouteSet, Iterable<Route> {
	/** The routes as they were given, linked to this pool; one that occurs twice is there once. */
	readonly routes: readonly Route[];
	/** The NIC's link-local addresses (IPv6). */
	readonly linkLocals: readonly IPRange[];
	readonly #index: BlockIndex;
	#cursor = 0n;

	/** @throws RouteValueError (`ERR_ROUTE_VALUE`) for routes of both families. */
	constructor(routes: Iterable<Route>, linkLocals: readonly IPRange[] = []) {
		const unique = new Map<string, Route>();
		let af: Family | undefined;
		for (const route of routes) {
			af ??= route.af;
			if (route.af !== af) throw new RouteValueError("routes", "a pool has one family");
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
	 * undefined outside. O(log blocks). Throws RangeError for a number that is no integer.
	 */
	at(index: number | bigint): Route | undefined {
		const wanted = BigInt(index);
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
	 * The addresses from `start` up to and without `end`, each `step`th, made one by one; bounds as those of
	 * `Array.slice`. With a negative step it goes backwards, from the last address unless `start` says otherwise.
	 * @throws RangeError for a step of 0 or a number that is no integer.
	 */
	slice(start?: number | bigint, end?: number | bigint, step: number | bigint = 1): IterableIterator<Route> {
		return this.#walk(sliceBounds(this.length, start, end, step));
	}

	/**
	 * The route whose external side has an address of `target`, undefined if none has. Of several, the one of the
	 * lowest address; of blocks that lie in each other, the widest. O(log blocks).
	 */
	locate(target: string | IPRange | Route): Route | undefined {
		for (const range of externalOf(target)) {
			const owner = range.af === this.routes[0]?.af ? this.#index.locate(range) : undefined;
			if (owner !== undefined) return this.routes[owner];
		}
		return undefined;
	}

	/** Whether some route's external side has an address of `target`. */
	contains(target: string | IPRange | Route): boolean {
		return this.locate(target) !== undefined;
	}

	/**
	 * The next address: a cursor that moves through the pool, which itself stays as it is.
	 * @throws RoutePoolEndError (`ERR_ROUTE_POOL_END`) after the last one.
	 */
	pop(): Route {
		const next = this.#at(this.#cursor);
		if (next === undefined) throw new RoutePoolEndError();
		this.#cursor++;
		return next;
	}

	/** The addresses that are in none of the ranges, in the pool's order, made one by one. */
	*except(taken: readonly IPRange[]): IterableIterator<Route> {
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
	 * Takes the dictionary back, ours or P2PD's own, for a NIC.
	 * @throws RouteValueError (`ERR_ROUTE_VALUE`) with the path to the fault.
	 */
	static fromJSON(json: unknown, nic: RouteNic | null = null): RoutePool {
		if (!Array.isArray(json)) throw new RouteValueError("routes", "is not a list");
		const routes = json.map((item: unknown) => Route.fromJSON(item, nic));
		const linkLocals = new Map(
			routes.flatMap((route) => route.linkLocals).map((range) => [`${range}`, range]),
		);
		return new RoutePool(routes, [...linkLocals.values()]);
	}

	/** P2PD's drawing: both lists with their counts, then the routes. */
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

/** The external ranges of what can be looked for. */
function externalOf(target: string | IPRange | Route): readonly IPRange[] {
	if (target instanceof Route) return target.extIps;
	return [typeof target === "string" ? IPRange.parse(target) : target];
}
