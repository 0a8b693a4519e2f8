import { getSystemErrorName } from "node:util";
import type { IpAddress } from "@p2pd/address";
import { endpointText, type Family, type NicRef } from "@p2pd/net";
import { RouteSocketError } from "../errors.js";
import type { Libc } from "./libc.js";
import {
	DARWIN_IP_BOUND_IF,
	DARWIN_IPV6_BOUND_IF,
	F_SETFD,
	FD_CLOEXEC,
	LINUX_IP_BIND_ADDRESS_NO_PORT,
	LINUX_IP_FREEBIND,
	LINUX_SO_BINDTODEVICE,
	type SocketNumbers,
} from "./numbers.js";
import { int32, sockaddr } from "./sockaddr.js";

/** A socket to make, and what to set on it. */
export interface DescriptorPlan {
	readonly af: Family;
	readonly type: "stream" | "dgram";
	/** Tie it to this NIC. */
	readonly device: NicRef | null;
	/** Bind it here; port 0 lets the kernel choose. Null: no bind. */
	readonly bind: { readonly ip: IpAddress; readonly port: number } | null;
	/** Let connect() choose the port instead of bind(), where the system can (IP_BIND_ADDRESS_NO_PORT). */
	readonly portAtConnect?: boolean;
	/** Bind it even though no NIC has the address (IP_FREEBIND, Linux): the kernel routes it to this machine. */
	readonly freeBind?: boolean;
	/** SO_REUSEADDR, as Node sets it on every TCP server. */
	readonly reuseAddress?: boolean;
	/** SO_REUSEPORT. */
	readonly reusePort?: boolean;
	readonly broadcast?: boolean;
	readonly ttl?: number | undefined;
	readonly lingerSeconds?: number | undefined;
	readonly v6only?: boolean | undefined;
	/** Listen, with at most this many connections waiting to be accepted. */
	readonly backlog?: number;
}

/**
 * Makes the socket and returns its descriptor, which the caller closes. If a call fails, nothing stays open. All of it
 * happens in one turn of the event loop, so that no child process can be started between the calls.
 * @throws RouteSocketError (`ERR_ROUTE_SOCKET`) with the call and the system's reason.
 */
export function openDescriptor(libc: Libc, numbers: SocketNumbers, plan: DescriptorPlan): number {
	const domain = plan.af === 4 ? numbers.AF_INET : numbers.AF_INET6;
	const type = plan.type === "stream" ? numbers.SOCK_STREAM : numbers.SOCK_DGRAM;
	const fd = libc.socket(domain, type | numbers.SOCK_FLAGS, 0);
	if (fd < 0) throw failure(libc, "socket", `IPv${plan.af} ${plan.type}`);
	try {
		configure(libc, numbers, plan, fd);
		return fd;
	} catch (error) {
		libc.close(fd);
		throw error;
	}
}

function configure(libc: Libc, numbers: SocketNumbers, plan: DescriptorPlan, fd: number): void {
	const set = (name: string, level: number, option: number, value: Uint8Array): void => {
		if (libc.setsockopt(fd, level, option, value, value.length) !== 0)
			throw failure(libc, `setsockopt ${name}`, null);
	};
	const { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6 } = numbers;
	if (numbers.SOCK_FLAGS === 0 && libc.fcntl(fd, F_SETFD, FD_CLOEXEC) !== 0) {
		throw failure(libc, "fcntl FD_CLOEXEC", null);
	}
	if (plan.device !== null) bindToDevice(libc, numbers, plan.af, fd, plan.device);
	if (plan.reuseAddress === true) set("SO_REUSEADDR", SOL_SOCKET, numbers.SO_REUSEADDR, int32(1));
	if (plan.reusePort === true) set("SO_REUSEPORT", SOL_SOCKET, numbers.SO_REUSEPORT, int32(1));
	if (plan.broadcast === true) set("SO_BROADCAST", SOL_SOCKET, numbers.SO_BROADCAST, int32(1));
	if (plan.af === 6 && plan.v6only !== undefined) {
		set("IPV6_V6ONLY", IPPROTO_IPV6, numbers.IPV6_V6ONLY, int32(plan.v6only ? 1 : 0));
	}
	if (plan.ttl !== undefined) {
		if (plan.af === 4) set("IP_TTL", IPPROTO_IP, numbers.IP_TTL, int32(plan.ttl));
		else set("IPV6_UNICAST_HOPS", IPPROTO_IPV6, numbers.IPV6_UNICAST_HOPS, int32(plan.ttl));
	}
	if (plan.lingerSeconds !== undefined) {
		const linger = new Uint8Array([...int32(1), ...int32(plan.lingerSeconds)]);
		set("SO_LINGER", SOL_SOCKET, numbers.SO_LINGER_SECONDS, linger);
	}
	if (plan.bind === null) return;
	if (plan.portAtConnect === true && numbers.os === "linux") {
		set("IP_BIND_ADDRESS_NO_PORT", IPPROTO_IP, LINUX_IP_BIND_ADDRESS_NO_PORT, int32(1));
	}
	if (plan.freeBind === true) set("IP_FREEBIND", IPPROTO_IP, LINUX_IP_FREEBIND, int32(1));
	bindAddress(libc, numbers, fd, plan.bind.ip, plan.bind.port);
	if (plan.backlog !== undefined && libc.listen(fd, plan.backlog) !== 0) {
		throw failure(libc, "listen", endpointText({ ip: `${plan.bind.ip}`, port: plan.bind.port }));
	}
}

function bindAddress(libc: Libc, numbers: SocketNumbers, fd: number, ip: IpAddress, port: number): void {
	const scope = ip.zone === null ? 0 : scopeOf(libc, ip.zone);
	const address = sockaddr(numbers, ip, port, scope);
	if (libc.bind(fd, address, address.length) !== 0) {
		throw failure(libc, "bind", endpointText({ ip: `${ip}`, port }));
	}
}

/** The index of a zone, which is a NIC's index or its name. */
function scopeOf(libc: Libc, zone: string): number {
	if (/^\d+$/.test(zone)) return Number(zone);
	const index = libc.nicIndex(zone);
	if (index === 0) throw failure(libc, "if_nametoindex", zone);
	return index;
}

/** Ties a socket to a NIC: by name on Linux, by index on macOS. */
function bindToDevice(libc: Libc, numbers: SocketNumbers, af: Family, fd: number, nic: NicRef): void {
	if (numbers.os === "linux") {
		const name = new TextEncoder().encode(`${nic.name}\0`);
		if (libc.setsockopt(fd, numbers.SOL_SOCKET, LINUX_SO_BINDTODEVICE, name, name.length) !== 0) {
			throw failure(libc, "setsockopt SO_BINDTODEVICE", nic.name);
		}
		return;
	}
	const index = int32(nic.index ?? scopeOf(libc, nic.name));
	const [level, option, name] =
		af === 4
			? [numbers.IPPROTO_IP, DARWIN_IP_BOUND_IF, "IP_BOUND_IF"]
			: [numbers.IPPROTO_IPV6, DARWIN_IPV6_BOUND_IF, "IPV6_BOUND_IF"];
	if (libc.setsockopt(fd, level, option, index, index.length) !== 0)
		throw failure(libc, `setsockopt ${name}`, nic.name);
}

/** The last call's failure as an error. */
export function failure(libc: Libc, call: string, subject: string | null): RouteSocketError {
	return new RouteSocketError(call, errnoName(libc.errno()), subject);
}

function errnoName(errno: number): string {
	return errno > 0 ? getSystemErrorName(-errno) : "EUNKNOWN";
}
