import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket as TcpSocket } from "node:net";
import { IpAddress } from "@p2pd/address";
import {
	type ConnectOptions,
	type Family,
	is,
	type ListenOptions,
	type NicRef,
	type SocketFactory,
	type UdpOptions,
} from "@p2pd/net";
import { refuse } from "../errors.js";
import { KernelAnswers } from "../kernel/answers.js";
import { type Reachability, reachabilityOf } from "../kernel/reachability.js";
import type { SocketDeps } from "../kernel/system.js";
import type { DeviceBinding } from "../types.js";
import { openConnection } from "./connect.js";
import { openServer } from "./listen.js";
import { type LocalBinding, SourcesByDestination, sourceTo } from "./local-binding.js";
import { openUdp } from "./udp.js";

/** A socket factory of one NIC and address, and how its sockets are tied to the NIC. */
export interface NicSockets extends SocketFactory {
	/** The port of sockets that are not given another; 0 gives each socket a port of its own. */
	readonly port: number;
	/** How sockets are tied to the NIC. Sockets for a loopback address never are: they could not reach it. */
	readonly deviceBinding: DeviceBinding;
	/** Why sockets, or one kind of them, are not bound to the device; null if all are. */
	readonly deviceBindingReason: string | null;
	/**
	 * Whether packets to `ip` get anywhere by the NIC that sockets are bound to, and answers back, as far as the kernel
	 * can tell without sending any. `connect` asks this itself.
	 * @throws AddressSyntaxError, RouteFamilyError, RouteZoneError, RouteNoAddressError; RouteDeviceBindingError for
	 * loopback in strict mode
	 */
	reachability(ip: string): Reachability;
}

/** The socket factory of a local binding: an immutable plan that holds no descriptor. */
export class BoundSockets implements NicSockets {
	readonly deviceBindingReason: string | null;
	readonly #binding: LocalBinding;
	readonly #deps: SocketDeps;
	readonly #answers: KernelAnswers;
	readonly #sources: SourcesByDestination;

	constructor(binding: LocalBinding, deviceBindingReason: string | null, deps: SocketDeps) {
		this.#binding = binding;
		this.#deps = deps;
		this.#answers = new KernelAnswers(deps);
		this.#sources = new SourcesByDestination(binding);
		this.deviceBindingReason = deviceBindingReason;
	}

	get af(): Family {
		return this.#binding.af;
	}

	get nic(): NicRef | null {
		return this.#binding.nic;
	}

	/** The address that sockets are bound to. Has a zone if it is link-local. */
	get localIp(): string {
		return this.#binding.ip.toString();
	}

	get port(): number {
		return this.#binding.port;
	}

	get deviceBinding(): DeviceBinding {
		return this.#binding.binding;
	}

	reachability(ip: string): Reachability {
		refuse(is.text(ip, "ip"));
		return reachabilityOf(sourceTo(this.#binding, IpAddress.parse(ip)), this.#deps);
	}

	/**
	 * Makes a bound UDP socket, which the caller closes.
	 * @throws RouteSocketError (`ERR_ROUTE_SOCKET`), RouteValueError, RouteNativeMissingError, the signal's reason; for
	 * `to` also the errors of `connect`
	 */
	udp(options: UdpOptions = {}): Promise<UdpSocket> {
		return openUdp(this.#binding, options, this.#deps, this.#answers);
	}

	/**
	 * Makes a connected TCP socket, which the caller closes. It has no time-out: give a signal.
	 * @throws RouteSocketError (`ERR_ROUTE_SOCKET`, with the system's `errno` such as ECONNREFUSED), RouteUnreachableError
	 * instead of a wait that could only end in a time-out, RouteFamilyError, RouteZoneError, RouteNoAddressError,
	 * RouteValueError, RouteDeviceBindingError (loopback in strict mode), RouteNativeMissingError, or the signal's reason
	 */
	connect(options: ConnectOptions): Promise<TcpSocket> {
		return openConnection(this.#binding, options, this.#deps, this.#answers, this.#sources);
	}

	/**
	 * Makes a listening TCP server, which the caller closes.
	 * @throws RouteSocketError (`ERR_ROUTE_SOCKET`), RouteValueError, RouteNativeMissingError, or the signal's reason
	 */
	listen(options: ListenOptions = {}): Promise<Server> {
		return openServer(this.#binding, options, this.#deps);
	}
}
