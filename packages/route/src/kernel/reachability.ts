import { getSystemErrorName } from "node:util";
import type { IpAddress } from "@p2pd/address";
import type { NicRef } from "@p2pd/net";
import type { UnreachableProblem } from "../errors.js";
import { askRoutes, type RouteQuestion } from "./route-query.js";
import type { SocketDeps } from "./system.js";

/** The path of a socket's packets, as far as the kernel is asked about it. */
export interface KernelPath {
	/** The NIC that the socket is bound to; null for none. */
	readonly device: NicRef | null;
	/** The source address; null leaves it to the kernel. */
	readonly ip: IpAddress | null;
	/** The destination; null for several, or an unknown one. */
	readonly to: IpAddress | null;
}

/**
 * What the kernel says about a destination beforehand. `"unchecked"` is not `"reachable"`: the kernel could not be asked,
 * or its routing table decides anyway, and then a connection fails at once if the table has no route.
 */
export type Reachability =
	| { readonly status: "reachable" }
	| { readonly status: "unreachable"; readonly problem: UnreachableProblem; readonly reason: string }
	| { readonly status: "unchecked"; readonly reason: string };

/**
 * The reverse-path filter's error for a packet (Linux, fib_validate_source). Newer kernels (such as 6.18) say EINVAL for
 * anything that they would drop, so there the setting decides.
 */
const EXDEV = 18;
const EINVAL = 22;

/**
 * Whether a socket that is bound to its device can reach a destination. If the device has no route to it, Linux takes
 * any IPv4 address for a neighbour and sends ARP requests until a time-out; and a strict rp_filter drops answers that
 * arrive by another NIC than the kernel would send by. The kernel is asked about both beforehand, so that they are
 * reported instead of waited for. Sends nothing.
 */
export function reachabilityOf(path: KernelPath, deps: SocketDeps): Reachability {
	const { device, to, ip } = path;
	if (device === null || to === null)
		return { status: "unchecked", reason: "the socket is not bound to a device" };
	const access = deps.libc();
	if (!access.available) return { status: "unchecked", reason: `no native part: ${access.reason}` };
	if (access.numbers.os !== "linux")
		return { status: "unchecked", reason: "only Linux answers this question" };
	if (to.isMulticast || to.isLinkLocal) return { status: "reachable" };
	const index = device.index ?? access.libc.nicIndex(device.name);
	// The socket itself reports a NIC that is gone: ENODEV.
	if (index === 0) return { status: "unchecked", reason: `there is no NIC ${device.name}` };
	const from = ip === null || ip.isUnspecified ? null : ip.withZone(null);

	const questions: RouteQuestion[] = [{ direction: "out", device: index, from, to }];
	// IPv6 has no reverse-path filter of this kind.
	if (to.af === 4 && from !== null) questions.push({ direction: "in", device: index, from: to, to: from });
	const [out = 0, back = 0] = askRoutes(access.libc, questions).map((answer) => answer.errno);
	if (out !== 0)
		return unreachable("no-gateway", `no route by this NIC leads there (${getSystemErrorName(-out)})`);
	if (back !== EXDEV && !(back === EINVAL && deps.reversePathFilter(device.name) === 1))
		return { status: "reachable" };
	return unreachable(
		"rp-filter",
		"the kernel would drop the answers, because its own route there leaves by another NIC: net.ipv4.conf.*.rp_filter is 1 and must be 2 or 0",
	);
}

function unreachable(problem: UnreachableProblem, reason: string): Reachability {
	return { status: "unreachable", problem, reason };
}
