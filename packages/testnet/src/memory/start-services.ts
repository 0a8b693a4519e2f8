import type { OutsideTopology, ServiceTopology } from "../topology.js";
import { TopologyError } from "./errors.js";
import type { Host } from "./host.js";
import { parseAddress } from "./prefix.js";
import type { DatagramHandler, Family, HostPort } from "./types.js";

/** Where a service of one family answers. */
export interface ServicePlace {
	/** The outside host. */
	readonly name: string;
	readonly af: Family;
	readonly primary: HostPort;
	/** The other address and port, where the host has two of each (RFC 5780). */
	readonly alternate: HostPort | null;
}

/** What each kind of service runs; `echo` has a maker of its own that sends everything back. */
export type ServiceMakers = Partial<
	Record<ServiceTopology["kind"], (place: ServicePlace) => DatagramHandler>
>;

const echo: DatagramHandler = (data) => [{ data }];

/** Starts what an outside host serves. @throws TopologyError when nobody said what the service runs */
export function startServices(host: Host, spec: OutsideTopology, makers: ServiceMakers): void {
	const ips = spec.ips.map((text) => parseAddress(text).ip);
	for (const { kind, port, alternatePort } of spec.services ?? []) {
		const make = makers[kind] ?? (kind === "echo" ? () => echo : undefined);
		if (make === undefined) throw new TopologyError(spec.name, `no maker for the service ${kind} was given`);
		for (const af of [4, 6] as const) {
			const [first, second] = ips.filter((ip) => ip.af === af).map(({ text }) => text);
			if (first === undefined) continue;
			const hosts = second === undefined ? [first] : [first, second];
			const ports = alternatePort === undefined ? [port] : [port, alternatePort];
			const alternate =
				second === undefined || alternatePort === undefined ? null : { ip: second, port: alternatePort };
			const place: ServicePlace = { name: spec.name, af, primary: { ip: first, port }, alternate };
			host.serve(
				hosts.flatMap((ip) => ports.map((each) => ({ ip, port: each }))),
				make(place),
			);
		}
	}
}
