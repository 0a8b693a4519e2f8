import type { LinkSpec } from "../../topology.js";
import { CORE, CORE_IP4, CORE_IP6, FORWARDING } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import type { LabTopology } from "../types.js";
import { attachedTo, gatewayOf, routesTo, serialsOf } from "./addressing.js";
import { planGateway } from "./plan-gateway.js";
import { planHost, planOutsideHost } from "./plan-host.js";
import { planServices } from "./services.js";
import type { LabPlan, NamespacePlan, PlanContext } from "./types.js";

/**
 * What building a topology does, as data: pure, so the same topology gives the same plan.
 * @throws LabTopologyError `ERR_LAB_TOPOLOGY` for a contradiction, or for what the kernel cannot do.
 */
export function planLab(topology: LabTopology): LabPlan {
	checkTopology(topology);
	const { daemons, services } = planServices(topology);
	const context: PlanContext = {
		topology,
		serial: serialsOf(topology),
		dns: services.filter((service) => service.kind === "dns"),
		links: [],
	};
	const namespaces = [
		planCore(context),
		...topology.outside.map((host) => planOutsideHost(context, host)),
		...topology.gateways.map((gateway) => planGateway(context, gateway)),
		...topology.hosts.map((host) => planHost(context, host.name, host.nics)),
	];
	return { namespaces, links: context.links, daemons, services };
}

/** The core: a route to every address outside, and to no other. */
function planCore({ topology, serial, links }: PlanContext): NamespacePlan {
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

/** This kernel has no netem: a link is as fast and as faithful as memory. */
function checkLink(name: string, link: LinkSpec = {}): void {
	const { reorderBy: _how, ...properties } = link;
	const wanted = Object.entries(properties).filter(([, value]) => value !== 0);
	if (wanted.length === 0) return;
	throw new LabTopologyError(
		`${name}: links have no ${wanted.map(([key]) => key).join(", ")} here; run it in memory`,
	);
}

function checkNesting(topology: LabTopology, name: string, inner: readonly string[]): void {
	if (inner.includes(name)) throw new LabTopologyError(`the gateway ${name} is behind itself`);
	const { behind } = gatewayOf(topology, name);
	if (behind !== undefined) checkNesting(topology, behind, [...inner, name]);
}

/** Names that can be used in commands, each once, and nothing that only the in-memory half has. @throws LabTopologyError `ERR_LAB_TOPOLOGY`. */
function checkTopology(topology: LabTopology): void {
	const names = [
		CORE,
		...[...topology.outside, ...topology.gateways, ...topology.hosts].map((one) => one.name),
	];
	for (const name of names) {
		if (!/^[a-z][a-z0-9-]*$/i.test(name)) throw new LabTopologyError(`"${name}" is not a valid host name`);
		if (names.indexOf(name) !== names.lastIndexOf(name))
			throw new LabTopologyError(`the name "${name}" is used twice`);
	}
	for (const host of topology.hosts) {
		for (const [i, nic] of host.nics.entries()) {
			if (host.nics.findIndex((other) => other.name === nic.name) !== i) {
				throw new LabTopologyError(`${host.name} has two NICs ${nic.name}`);
			}
			if (!/^[a-z][a-z0-9.-]{0,14}$/i.test(nic.name) || nic.name === "lo") {
				throw new LabTopologyError(`"${nic.name}" is not a valid NIC name`);
			}
			checkLink(`${host.name} ${nic.name}`, nic.link);
		}
	}
	for (const gateway of topology.gateways) {
		checkLink(gateway.name, gateway.link);
		checkNesting(topology, gateway.name, []);
	}
	for (const host of topology.outside) checkLink(host.name, host.link);
}
