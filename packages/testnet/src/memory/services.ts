import { parseCidr, requireIp } from "../ip.js";
import type { OutsideTopology, ServiceTopology } from "../topology.js";
import { TopologyError } from "./errors.js";
import type { UdpPacket } from "./packet.js";
import type { DatagramHandler, Family, HostPort } from "./types.js";
import type { UdpEndpoint, UdpStack } from "./udp-stack.js";

/**
 * Runs a datagram handler on a host's addresses. What it answers leaves from where it says, also from
 * addresses that are not the host's.
 * @returns what stops it
 * @throws SystemError `EADDRINUSE`, `EADDRNOTAVAIL`
 */
export function serve(stack: UdpStack, endpoints: readonly HostPort[], handler: DatagramHandler): () => void {
	const added = endpoints.map(({ ip, port }) => {
		const { af, text } = requireIp(ip);
		const localPort = stack.claim({ af, localIp: text, port, nic: null, reuse: false });
		const endpoint: UdpEndpoint = {
			localIp: text,
			localPort,
			nic: null,
			reuse: false,
			remote: null,
			receive: (packet) => answer(stack, packet, handler),
			refused: () => undefined,
		};
		stack.add(af, endpoint);
		return { af, endpoint };
	});
	return () => {
		for (const { af, endpoint } of added) stack.remove(af, endpoint);
	};
}

function answer(stack: UdpStack, packet: UdpPacket, handler: DatagramHandler): void {
	const from = { ip: packet.src, port: packet.srcPort };
	const localTo = { ip: packet.dst, port: packet.dstPort };
	for (const reply of handler(packet.data, from, localTo)) {
		const send = (): void => stack.send(reply.from ?? localTo, reply.to ?? from, reply.data);
		if (reply.afterMs === undefined || reply.afterMs <= 0) send();
		else stack.ip.fabric.clock.schedule(send, reply.afterMs);
	}
}

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

/** What the services need of a host. */
interface ServingHost {
	serve(endpoints: readonly HostPort[], handler: DatagramHandler): () => void;
}

/** Starts what an outside host serves. @throws TopologyError if no maker was given for a service */
export function startServices(host: ServingHost, spec: OutsideTopology, makers: ServiceMakers): void {
	const ips = spec.ips.map((text) => parseCidr(text).ip);
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
