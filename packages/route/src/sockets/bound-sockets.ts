import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket as TcpSocket } from "node:net";
import { type Family, IpAddress } from "@p2pd/address";
import type {
	ConnectOptions,
	DeviceBinding,
	ListenOptions,
	RouteNic,
	SocketFactory,
	UdpOptions,
} from "../types.js";
import { KernelAnswers } from "./kernel-answers.js";
import { openConnection } from "./open-connection.js";
import { openServer } from "./open-server.js";
import { openUdp } from "./open-udp.js";
import { placeFor } from "./place.js";
import { Places } from "./places.js";
import { type Reachability, reachabilityOf } from "./reachability.js";
import type { Seat, SocketDeps } from "./types.js";

/** The socket factory of a seat: an immutable plan, which holds no descriptor. */
export class BoundSockets implements SocketFactory {
	/** Why sockets are not bound to the device; null if they are. */
	readonly deviceBindingReason: string | null;
	readonly #seat: Seat;
	readonly #deps: SocketDeps;
	readonly #answers: KernelAnswers;
	readonly #places: Places;

	/** @internal Made by `bind()`, {@link sourceRoute} and {@link kernelRoute}. */
	constructor(seat: Seat, deviceBindingReason: string | null, deps: SocketDeps) {
		this.#seat = seat;
		this.#deps = deps;
		this.#answers = new KernelAnswers(deps);
		this.#places = new Places(seat);
		this.deviceBindingReason = deviceBindingReason;
	}

	get af(): Family {
		return this.#seat.af;
	}

	get nic(): RouteNic | null {
		return this.#seat.nic;
	}

	/** The address that sockets are bound to; has a zone if it is link-local. */
	get localIp(): string {
		return this.#seat.ip.toString();
	}

	/** The port of sockets that are not told another; 0 gives each one of its own. */
	get port(): number {
		return this.#seat.port;
	}

	/**
	 * How sockets are tied to the NIC. Sockets for a loopback address are never tied to a device, whatever this
	 * says: they could not reach it.
	 */
	get deviceBinding(): DeviceBinding {
		return this.#seat.binding;
	}

	/**
	 * Whether packets to `ip` get anywhere by the NIC that sockets are bound to, and answers back, as far as the
	 * kernel can tell without sending any. `connect` asks this itself.
	 * @throws AddressSyntaxError, RouteFamilyError, RouteZoneError, RouteNoAddressError; DeviceBindingError for a
	 * loopback in strict mode.
	 */
	reachability(ip: string): Reachability {
		return reachabilityOf(placeFor(this.#seat, IpAddress.parse(ip)), this.#deps);
	}

	/**
	 * A bound UDP socket, the caller's to close.
	 * @throws SocketError (`ERR_ROUTE_SOCKET`), RouteValueError, NativeMissingError; `to`'s as in `connect`.
	 */
	udp(options: UdpOptions = {}): Promise<UdpSocket> {
		return openUdp(this.#seat, options, this.#deps, this.#answers);
	}

	/**
	 * A connected TCP socket, the caller's to close. There is no time-out: give a signal.
	 * @throws SocketError (`ERR_ROUTE_SOCKET`, with the system's `errno`, as ECONNREFUSED), UnreachableError
	 * before a wait that could only end in a time-out, RouteFamilyError, RouteZoneError, RouteNoAddressError,
	 * RouteValueError, DeviceBindingError (a loopback in strict mode), NativeMissingError, or the signal's reason.
	 */
	connect(options: ConnectOptions): Promise<TcpSocket> {
		return openConnection(this.#seat, options, this.#deps, this.#answers, this.#places);
	}

	/**
	 * A listening TCP server, the caller's to close.
	 * @throws SocketError (`ERR_ROUTE_SOCKET`), RouteValueError, NativeMissingError, or the signal's reason.
	 */
	listen(options: ListenOptions = {}): Promise<Server> {
		return openServer(this.#seat, options, this.#deps);
	}
}
