import type { IpAddress } from "@p2pd/address";
import { failure } from "./descriptor.js";
import { int32, readInt32, readUint16 } from "./sockaddr.js";
import type { Libc } from "./types.js";

// linux/netlink.h and linux/rtnetlink.h; the same on every architecture.
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NLM_F_REQUEST = 1;
const NLMSG_ERROR = 2;
const RTM_GETROUTE = 26;
/** Answer with the entry of the routing table, and with an error where there is none. Linux 4.13. */
const RTM_F_FIB_MATCH = 0x2000;
const RTA_DST = 1;
const RTA_SRC = 2;
const RTA_IIF = 3;
const RTA_OIF = 4;
const MSG_DONTWAIT = 0x40;
/** An answer is some 100 bytes; one with many next hops is cut, and its header is all that is read. */
const ANSWER_BYTES = 4096;
const HEADER_BYTES = 16;

/** What the kernel is asked: a packet that it would send by a device, or one that it would receive on it. */
export interface RouteQuestion {
	readonly direction: "out" | "in";
	/** The device's index. */
	readonly device: number;
	readonly from: IpAddress | null;
	readonly to: IpAddress;
}

/**
 * Asks the kernel's routing (its rules, tables and reverse-path filter, Linux) what it would do with a packet.
 * Nothing is sent, and no right is needed. 0 if it would pass, else the error number that it would fail with.
 * @throws SocketError where the kernel cannot be asked.
 */
export function askRoute(libc: Libc, question: RouteQuestion): number {
	const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, 0);
	if (fd < 0) throw failure(libc, "socket", "netlink");
	try {
		const request = routeRequest(question);
		if (libc.send(fd, request, request.length, 0) < 0) throw failure(libc, "send", "netlink");
		const answer = new Uint8Array(ANSWER_BYTES);
		// The kernel answers within send(): there is nothing to wait for.
		const size = libc.recv(fd, answer, answer.length, MSG_DONTWAIT);
		if (size < HEADER_BYTES + 4) throw failure(libc, "recv", "netlink");
		return readUint16(answer, 4) === NLMSG_ERROR ? -readInt32(answer, HEADER_BYTES) : 0;
	} finally {
		libc.close(fd);
	}
}

/**
 * ```text
 * nlmsghdr   length:32  type:16  flags:16  sequence:32  port:32
 * rtmsg      family:8  dst_len:8  src_len:8  tos:8  table:8  protocol:8  scope:8  type:8  flags:32
 * rtattr     length:16  type:16  value
 * ```
 * All in the machine's own byte order, but for the addresses.
 */
export function routeRequest({ direction, device, from, to }: RouteQuestion): Uint8Array {
	const bits = to.af === 4 ? 32 : 128;
	const flags = direction === "out" ? RTM_F_FIB_MATCH : 0;
	const body = [
		...[to.af === 4 ? 2 : 10, bits, from === null ? 0 : bits, 0, 0, 0, 0, 0],
		...int32(flags),
		...attribute(RTA_DST, to.toBytes()),
		...(from === null ? [] : attribute(RTA_SRC, from.toBytes())),
		...attribute(direction === "out" ? RTA_OIF : RTA_IIF, int32(device)),
	];
	const kind = pair(RTM_GETROUTE, NLM_F_REQUEST);
	return new Uint8Array([...int32(HEADER_BYTES + body.length), ...kind, ...int32(1), ...int32(0), ...body]);
}

function attribute(type: number, value: Uint8Array): number[] {
	return [...pair(value.length + 4, type), ...value];
}

/** Two 16-bit integers in the machine's byte order. */
function pair(first: number, second: number): Uint8Array {
	return new Uint8Array(new Uint16Array([first, second]).buffer);
}
