import { PipeOptionError } from "../errors.js";
import type { BindableRoute, PipeRoute, PipeSockets, RouteOwner } from "../types.js";

/**
 * What sockets are made with: a bound route as it is, a route bound, the first route of an interface bound;
 * null where there is none.
 */
export async function socketsOf(route: PipeRoute, af: 4 | 6 | undefined): Promise<PipeSockets | null> {
	if (route === null || route === undefined) return null;
	if (typeof route !== "object") {
		throw new PipeOptionError("route", `not a route, an interface or a socket factory: ${String(route)}`);
	}
	const one = !isSockets(route) && isOwner(route) ? route.route(af) : route;
	if (isSockets(one)) return one;
	if (isBindable(one)) return one.bind();
	throw new PipeOptionError("route", "neither a route, an interface, nor a socket factory");
}

function isOwner(route: object): route is RouteOwner {
	return "route" in route && typeof route.route === "function";
}

function isSockets(route: object): route is PipeSockets {
	return "udp" in route && "connect" in route && "listen" in route;
}

function isBindable(route: object): route is BindableRoute {
	return "bind" in route && typeof route.bind === "function";
}
