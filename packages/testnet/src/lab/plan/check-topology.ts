import { CORE } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import type { LabTopology } from "../types.js";

/** Names that can be used in commands, each once, and nothing that only the in-memory half has. @throws LabTopologyError `ERR_LAB_TOPOLOGY`. */
export function checkTopology(topology: LabTopology): void {
	const names = [
		CORE,
		...[...topology.outside, ...topology.gateways, ...topology.hosts].map((one) => one.name),
	];
	for (const name of names) {
		if (!/^[a-z][a-z0-9-]*$/i.test(name)) throw new LabTopologyError(`"${name}" is no name for a host`);
		if (names.indexOf(name) !== names.lastIndexOf(name))
			throw new LabTopologyError(`the name "${name}" is used twice`);
	}
	for (const nic of topology.hosts.flatMap((host) => host.nics)) {
		if (!/^[a-z][a-z0-9.-]{0,14}$/i.test(nic.name) || nic.name === "lo")
			throw new LabTopologyError(`"${nic.name}" is no name for a NIC`);
		if (nic.link !== undefined)
			throw new LabTopologyError(
				`${nic.name}: this kernel's links have no latency or loss; run it in memory`,
			);
	}
	const linked = topology.gateways.find((gateway) => gateway.link !== undefined);
	if (linked)
		throw new LabTopologyError(
			`${linked.name}: this kernel's links have no latency or loss; run it in memory`,
		);
}
