import { CORE, CORE_IP4, CORE_IP6 } from "../defaults.js";
import { attachedTo, routesTo } from "./addressing.js";
import type { PlanContext } from "./context.js";
import { FORWARDING } from "./sysctls.js";
import type { NamespacePlan } from "./types.js";

/** The core: a route to every address outside, and to no other. */
export function planCore({ topology, serial, links }: PlanContext): NamespacePlan {
	const ports = attachedTo(topology, null, serial).map((attached, i) => {
		const dev = `port${i}`;
		links.push([
			{ namespace: CORE, name: dev },
			{ namespace: attached.namespace, name: attached.nic },
		]);
		return [`link set ${dev} up`, `addr add ${CORE_IP6}/64 dev ${dev} nodad`, ...routesTo(attached, [], dev)];
	});
	const ip = ["link set lo up", `addr add ${CORE_IP4}/32 dev lo`, ...ports.flat()];
	return { name: CORE, sysctls: FORWARDING, lateSysctls: new Map(), ip, nft: "", resolvConf: "" };
}
