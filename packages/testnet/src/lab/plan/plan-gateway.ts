import { isBlock, isLinkLocal, withLength } from "../../ip.js";
import { CORE_IP6, FAMILIES, FIRST_METRIC, FORWARDING } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import type { LabGateway } from "../types.js";
import { attachedTo, gatewayOf, ofFamily, readCidr, routesTo } from "./addressing.js";
import { gatewayRules } from "./gateway-rules.js";
import { addressLines, defaultLines, hopsOf } from "./plan-host.js";
import { type GatewayFamily, lifetimeOf } from "./rule-pieces.js";
import type { NamespacePlan, PlanContext } from "./types.js";

/** The inside of a gateway: one NIC, or a bridge where more than one thing hangs on it. */
function planInside(context: PlanContext, gateway: LabGateway): string[] {
	const inside = attachedTo(context.topology, gateway.name, context.serial);
	const bridged = inside.length !== 1;
	inside.forEach((attached, i) => {
		context.links.push([
			{ namespace: gateway.name, name: bridged ? `port${i}` : "lan" },
			{ namespace: attached.namespace, name: attached.nic },
		]);
	});
	const prefixes = gateway.inside.map(readCidr);
	return [
		...(bridged ? ["link add lan type bridge mcast_snooping 0"] : []),
		"link set lan up",
		...(bridged ? inside.flatMap((_, i) => [`link set port${i} master lan`, `link set port${i} up`]) : []),
		...addressLines(prefixes, readCidr(`${CORE_IP6}/64`), "lan", true),
		...inside.flatMap((attached) => routesTo(attached, prefixes, "lan")),
	];
}

const NO_UDP = `table inet blocked {
chain forward {
	type filter hook forward priority -10; policy accept;
	meta l4proto udp drop
}
}`;

/** Connection tracking has one lifetime for both families, and counts an answered flow apart from an unanswered one. */
function conntrackLifetime(families: readonly GatewayFamily[]): ReadonlyMap<string, string> {
	const tracked = families.filter(({ spec }) => spec.kind !== "router");
	const lifetimes = new Set(tracked.map(({ gateway, spec }) => lifetimeOf(gateway, spec)));
	if (lifetimes.size > 1) {
		throw new LabTopologyError(
			`${families[0]?.gateway}: the kernel has one mapping lifetime for both families`,
		);
	}
	const paths = ["netfilter/nf_conntrack_udp_timeout", "netfilter/nf_conntrack_udp_timeout_stream"];
	return new Map([...lifetimes].flatMap((seconds) => paths.map((path) => [path, `${seconds}`] as const)));
}

/** A gateway: its outside, its inside, and its rules for both families. */
export function planGateway(context: PlanContext, gateway: LabGateway): NamespacePlan {
	const { topology, serial } = context;
	const parent = gateway.behind === undefined ? null : gatewayOf(topology, gateway.behind);
	const neighbours = (parent?.inside ?? []).map(readCidr);
	const outside = gateway.outside.map((ip) => {
		const single = readCidr(ip);
		const neighbour = neighbours.find((cidr) => cidr.af === single.af);
		return neighbour === undefined ? single : withLength(single, neighbour.prefix.length);
	});
	const linkLocal = readCidr(`fe80::${serial(gateway.name, "wan").toString(16)}/64`);
	const ip = [
		"link set lo up",
		"link set wan up",
		...addressLines(outside, linkLocal, "wan", parent !== null),
		// Without an address of its own outside it still forwards: the next hop is link-local.
		...defaultLines(
			[...outside, ...ofFamily(gateway.inside, 6)],
			hopsOf(topology, parent?.name ?? null),
			"wan",
			FIRST_METRIC,
		),
		...planInside(context, gateway),
	];
	const insiders = attachedTo(topology, gateway.name, serial).flatMap((attached) =>
		attached.addresses.filter((cidr) => !isBlock(cidr) && !isLinkLocal(cidr)),
	);
	const routed = (gateway.routed ?? []).map(readCidr);
	const families = FAMILIES.map(
		(af): GatewayFamily => ({
			gateway: gateway.name,
			af,
			spec: (af === 4 ? gateway.ipv4 : gateway.ipv6) ?? { kind: "router" },
			outside: ofFamily(gateway.outside, af).map((cidr) => cidr.ip.text),
			insiders: insiders.filter((cidr) => cidr.af === af).map((cidr) => cidr.ip.text),
			routed: routed.filter((cidr) => cidr.af === af),
			unsolicited: gateway.unsolicited ?? "drop",
		}),
	);
	return {
		name: gateway.name,
		sysctls: FORWARDING,
		lateSysctls: conntrackLifetime(families),
		ip,
		nft: [...families.map(gatewayRules), ...(gateway.udpBlocked === true ? [NO_UDP] : [])].join("\n"),
		resolvConf: "",
	};
}
