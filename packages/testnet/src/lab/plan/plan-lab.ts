import type { LabTopology } from "../types.js";
import { serialsOf } from "./addressing.js";
import { checkTopology } from "./check-topology.js";
import type { PlanContext } from "./context.js";
import { planCore } from "./plan-core.js";
import { planGateway } from "./plan-gateway.js";
import { planHost, planOutsideHost } from "./plan-host.js";
import { planServices } from "./services.js";
import type { LabPlan } from "./types.js";

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
