import type { IpAddress } from "@p2pd/address";
import { failure } from "./descriptor.js";
import type { Libc } from "./libc.js";
import { int32, LITTLE, readInt32, readUint16 } from "./sockaddr.js";

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
/** An answer has some 100 bytes. One with many next hops is cut off, but only its header is read. */
const ANSWER_BYTES = 1024;
const HEADER_BYTES = 16;
const RTMSG_BYTES = 12;
/** Offset of the destination's kind in an rtmsg. */
const KIND_AT = 7;

/** A question to the kernel about a packet that it would send by a device, or receive on it. */
export interface RouteQuestion {
	readonly direction: "out" | "in";
	/** The device's index; null lets the kernel choose. */
	readonly device: number | null;
	readonly from: IpAddress | null;
	readonly to: IpAddress;
}

/** The kernel's answer. */
export interface RouteAnswer {
	/** The error number; 0 for none. */
	readonly errno: number;
	/** The kind of the route's destination: RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST, ...; 0 without a route. */
	readonly kind: number;
}

/** The destination is an address of this machine. */
export const RTN_LOCAL = 2;
/** The destination is the broadcast address of a network that this machine is on. */
export const RTN_BROADCAST = 3;

/**
 * Asks Linux's routing (its rules, tables and reverse-path filter) what it would do with packets. Sends nothing and
 * needs no privilege. Returns one answer for each question, in order.
 * @throws RouteSocketError (`ERR_ROUTE_SOCKET`) if the kernel cannot be asked
 */
export function askRoutes(libc: Libc, questions: readonly RouteQuestion[]): RouteAnswer[] {
	const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, 0);
	if (fd < 0) throw failure(libc, "socket", "netlink");
	try {
		const answer = new Uint8Array(ANSWER_BYTES);
		return questions.map((question) => {
			const request = routeRequest(question);
			if (libc.send(fd, request, request.length, 0) < 0) throw failure(libc, "send", "netlink");
			// The kernel answers during send(), so the answer is there already.
			const size = libc.recv(fd, answer, answer.length, MSG_DONTWAIT);
			if (size < HEADER_BYTES + 4) throw failure(libc, "recv", "netlink");
			return readUint16(answer, 4) === NLMSG_ERROR
				? { errno: -readInt32(answer, HEADER_BYTES), kind: 0 }
				: { errno: 0, kind: answer[HEADER_BYTES + KIND_AT] ?? 0 };
		});
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
 * Everything but the addresses is in the machine's own byte order.
 */
export function routeRequest({ direction, device, from, to }: RouteQuestion): Uint8Array {
	const [family, bits] = to.af === 4 ? [2, 32] : [10, 128];
	const attributes: [number, Uint8Array][] = [[RTA_DST, to.toBytes()]];
	if (from !== null) attributes.push([RTA_SRC, from.toBytes()]);
	if (device !== null) attributes.push([direction === "out" ? RTA_OIF : RTA_IIF, int32(device)]);
	const size = attributes.reduce((sum, [, value]) => sum + 4 + value.length, HEADER_BYTES + RTMSG_BYTES);

	const bytes = new Uint8Array(size);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, size, LITTLE);
	view.setUint16(4, RTM_GETROUTE, LITTLE);
	view.setUint16(6, NLM_F_REQUEST, LITTLE);
	bytes.set([family, bits, from === null ? 0 : bits], HEADER_BYTES);
	view.setUint32(HEADER_BYTES + 8, direction === "out" ? RTM_F_FIB_MATCH : 0, LITTLE);
	let at = HEADER_BYTES + RTMSG_BYTES;
	for (const [type, value] of attributes) {
		view.setUint16(at, value.length + 4, LITTLE);
		view.setUint16(at + 2, type, LITTLE);
		bytes.set(value, at + 4);
		at += value.length + 4;
	}
	return bytes;
}
