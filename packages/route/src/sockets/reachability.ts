import { getSystemErrorName } from "node:util";
import type { UnreachableProblem } from "../errors.js";
import { askRoutes, type RouteQuestion } from "../libc/ask-route.js";
import type { Place, SocketDeps } from "./types.js";

/**
 * What the kernel says of a destination beforehand. `"unchecked"` is not `"reachable"`: nobody could be asked, or
 * the kernel's routing table decides anyway, and a connection fails at once where it has nothing.
 */
export type Reachability =
	| { readonly status: "reachable" }
	| { readonly status: "unreachable"; readonly problem: UnreachableProblem; readonly reason: string }
	| { readonly status: "unchecked"; readonly reason: string };

/**
 * What the reverse-path filter fails a packet with (Linux, fib_validate_source). Newer kernels (6.18 does) say
 * EINVAL for whatever they would drop, so that there the setting decides.
 */
const EXDEV = 18;
const EINVAL = 22;

/**
 * Whether a socket that is bound to its device gets anywhere with a destination. On such a socket IPv4 takes any
 * address for a neighbour when the device has no route to it, and asks for it by ARP until a time-out; and where
 * answers come in by another way than the kernel would send, a strict rp_filter drops them. Both are asked of
 * the kernel, so that they are reported and not waited for. Sends nothing.
 */
export function reachabilityOf(place: Place, deps: SocketDeps): Reachability {
	const { device, to, ip } = place;
	if (device === null || to === null)
		return { status: "unchecked", reason: "the socket is not bound to a device" };
	const access = deps.libc();
	if (!access.available) return { status: "unchecked", reason: `no native part: ${access.reason}` };
	if (access.numbers.os !== "linux") return { status: "unchecked", reason: "only Linux can be asked" };
	if (to.isMulticast || to.isLinkLocal) return { status: "reachable" };
	const index = device.index ?? access.libc.nicIndex(device.name);
	// A NIC that is gone is for the socket itself to find out: ENODEV.
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
		"the kernel would drop the answers, since its own way there is by another NIC: net.ipv4.conf.*.rp_filter is 1 and must be 2 or 0",
	);
}

function unreachable(problem: UnreachableProblem, reason: string): Reachability {
	return { status: "unreachable", problem, reason };
}
