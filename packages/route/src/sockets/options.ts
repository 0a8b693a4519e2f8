import {
	type ConnectOptions,
	type Fields,
	is,
	type ListenOptions,
	objectProblem,
	type UdpOptions,
} from "@p2pd/net";
import { refuse } from "../errors.js";

/** As much as the kernel's 16-bit count of seconds has always taken. */
const MAX_LINGER = 32_767;

const common: Fields = { reuse: is.boolean, ttl: is.whole(1, 255), signal: is.signal };

const udp: Fields = {
	...common,
	port: is.port,
	broadcast: is.boolean,
	v6only: is.boolean,
	to: is.filledText,
};

const connect: Fields = {
	...common,
	ip: is.filledText,
	port: is.remotePort,
	localPort: is.port,
	lingerSeconds: is.whole(0, MAX_LINGER),
};

const listen: Fields = {
	...common,
	port: is.port,
	backlog: is.whole(1, 2 ** 31 - 1),
	v6only: is.boolean,
	lingerSeconds: is.whole(0, MAX_LINGER),
};

/** Names that users of Node or P2PD type. */
const renamed = {
	host: "ip",
	address: "ip",
	lingerTime: "lingerSeconds",
	reuseAddr: "reuse",
	ipv6Only: "v6only",
};

/** @throws RouteValueError (`ERR_ROUTE_VALUE`) naming the option */
export function checkUdp(options: UdpOptions): void {
	refuse(objectProblem(options, "", udp, { renamed: { ...renamed, ip: "to", host: "to" } }));
}

/** @throws RouteValueError (`ERR_ROUTE_VALUE`) naming the option */
export function checkConnect(options: ConnectOptions): void {
	refuse(objectProblem(options, "", connect, { required: ["ip", "port"], renamed }));
}

/** @throws RouteValueError (`ERR_ROUTE_VALUE`) naming the option */
export function checkListen(options: ListenOptions): void {
	refuse(objectProblem(options, "", listen, { renamed }));
}
