import type { LabTopology } from "../types.js";
import { OUTSIDE } from "./outside.js";

/** More would leave the ranges that {@link peersLab} moves addresses in. */
const MOST = 60;

/**
 * One laboratory for many peers: the host and the routers of each preset, on addresses of their own, around the same
 * servers. The host `client` of the preset named `left` is called `left`, its `router` `left-router`.
 *
 * @param presets each with one host, by the name of its peer
 */
export function peersLab(presets: Readonly<Record<string, LabTopology>>): LabTopology {
	const entries = Object.entries(presets);
	if (entries.length > MOST) throw new RangeError(`at most ${MOST} peers, not ${entries.length}`);
	const moved = entries.map(([name, preset], index) => moveTo(name, preset, index));
	return {
		...OUTSIDE,
		gateways: moved.flatMap(({ gateways }) => gateways),
		hosts: moved.flatMap(({ hosts }) => hosts),
	};
}

/** The same network with other names and other addresses outside; what is inside of a NAT stays as it is. */
function moveTo(
	name: string,
	{ gateways, hosts }: LabTopology,
	index: number,
): Pick<LabTopology, "gateways" | "hosts"> {
	const hex = (base: number): string => (base + index).toString(16);
	const text = JSON.stringify({ gateways, hosts })
		.replaceAll('"client"', `"${name}"`)
		.replaceAll('"router"', `"${name}-router"`)
		.replaceAll('"provider"', `"${name}-provider"`)
		// The kind of a gateway that only routes is called "router" too.
		.replaceAll(`"kind":"${name}-router"`, '"kind":"router"')
		.replaceAll("81.2.69.", `81.2.${69 + index}.`)
		.replaceAll("185.12.64.", `185.12.${64 + index}.`)
		.replaceAll("2a02:8010:", `2a02:${hex(0x8010)}:`)
		.replaceAll("2a01:4f9:2b:", `2a01:4f9:${hex(0x2b)}:`)
		.replaceAll("2020:deed:", `2020:${hex(0xdeed)}:`);
	return JSON.parse(text);
}
