import type { NatSpec } from "../../topology.js";
import { NAT_PORTS, UDP_LIFETIME_MS } from "../defaults.js";
import { TopologyError } from "../errors.js";

/** A NAT's settings with every default filled in; a binding rate of null means no limit. */
export interface NatSettings extends Required<Omit<NatSpec, "kind" | "bindingRate">> {
	readonly bindingRate: NonNullable<NatSpec["bindingRate"]> | null;
}

/** Fills in the defaults and refuses what makes no sense. @throws TopologyError */
export function natSettings(where: string, spec: NatSpec): NatSettings {
	const settings: NatSettings = {
		mapping: spec.mapping,
		filtering: spec.filtering,
		allocation: spec.allocation ?? { kind: "random" },
		onCollision: spec.onCollision ?? "next-free",
		ports: spec.ports ?? NAT_PORTS,
		pooling: spec.pooling ?? "paired",
		hairpinning: spec.hairpinning ?? false,
		lifetime: spec.lifetime ?? { ms: UDP_LIFETIME_MS, refresh: "outbound" },
		bindingRate: spec.bindingRate ?? null,
	};
	const fail = (message: string): never => {
		throw new TopologyError(where, message);
	};
	const [first, last] = settings.ports;
	if (!Number.isInteger(first) || !Number.isInteger(last) || first < 1 || last > 65_535 || first > last) {
		fail(`ports ${first} to ${last} are no range of ports`);
	}
	const { allocation } = settings;
	if ("step" in allocation && (!Number.isInteger(allocation.step) || allocation.step === 0)) {
		fail(`a step of ${allocation.step} is not a whole number other than 0`);
	}
	if (settings.onCollision === "overload" && settings.mapping !== "address-and-port-dependent") {
		fail("only mappings of one remote endpoint each can share a port");
	}
	if (!(settings.lifetime.ms > 0)) fail("a lifetime is more than 0 ms");
	const rate = settings.bindingRate;
	if (rate !== null && !(rate.perSecond >= 0 && rate.burst >= 1)) fail("a binding rate allows at least one");
	return settings;
}
