import { inspect } from "node:util";
import type { IPRange } from "@p2pd/address";
import { BoundSockets } from "../sockets/bound-sockets.js";
import type { Seat, SocketDeps } from "../sockets/types.js";
import type { BindOptions } from "../types.js";
import type { Route } from "./route.js";

/**
 * A route with an address and a port to make sockets on: what `route.bind()` gives. An immutable plan, which
 * holds no descriptor; the route that it came from stays as it was.
 */
export class BoundRoute extends BoundSockets {
	/** The route that was bound. */
	readonly route: Route;
	readonly #deps: SocketDeps;

	/** @internal Made by `route.bind()`. */
	constructor(route: Route, seat: Seat, deviceBindingReason: string | null, deps: SocketDeps) {
		super(seat, deviceBindingReason, deps);
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

	/** Binds the same route anew: another bound route, with nothing of this one's port and address. */
	bind(options: BindOptions = {}): Promise<BoundRoute> {
		return this.route.bind(options, this.#deps);
	}

	override toString(): string {
		return `${this.route} on ${this.localIp} port ${this.port}`;
	}

	[inspect.custom](): string {
		return `BoundRoute(${this})`;
	}
}
