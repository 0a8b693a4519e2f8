import type { Dependence, HostPort } from "../../../src/index.js";
import { Asker, type UdpSockets } from "./asker.js";

/** What the packets show of a NAT or firewall. */
export interface NatObservation {
	readonly externalIp: string;
	readonly mapping: Dependence;
	readonly filtering: Dependence;
	/** Whether the first mapping's external port is the local one. */
	readonly keepsPort: boolean;
}

const same = (a: HostPort, b: HostPort): boolean => a.ip === b.ip && a.port === b.port;

async function observeMapping(sockets: UdpSockets, endpoints: readonly HostPort[]) {
	const [ap, aq, bp] = endpoints as [HostPort, HostPort, HostPort, HostPort];
	const asker = await Asker.open(sockets, ap);
	const first = await asker.seenBy(ap);
	const otherPort = await asker.seenBy(aq);
	const otherIp = await asker.seenBy(bp);
	const mapping: Dependence = !same(first, otherPort)
		? "address-and-port-dependent"
		: !same(first, otherIp)
			? "address-dependent"
			: "endpoint-independent";
	const keepsPort = first.port === asker.localPort;
	asker.close();
	return { mapping, keepsPort, externalIp: first.ip };
}

async function observeFiltering(sockets: UdpSockets, endpoints: readonly HostPort[]): Promise<Dependence> {
	const [ap] = endpoints as [HostPort];
	const asker = await Asker.open(sockets, ap);
	const came = await asker.letIn({ from: endpoints });
	asker.close();
	const open = endpoints.flatMap((one, i) => (came.some((other) => same(one, other)) ? [i] : [])).join();
	const known: Readonly<Record<string, Dependence>> = {
		"0": "address-and-port-dependent",
		"0,1": "address-dependent",
		"0,1,2,3": "endpoint-independent",
	};
	const filtering = known[open];
	if (filtering === undefined) throw new Error(`RFC 4787 has no name for a filter that lets in ${open}`);
	return filtering;
}

/**
 * Observes a NAT by packets alone, against a reflector on two addresses and two ports each, in the order
 * A:p, A:q, B:p, B:q (RFC 5780 sections 4.3 and 4.4, without its waiting).
 */
export async function observeNat(
	sockets: UdpSockets,
	endpoints: readonly HostPort[],
): Promise<NatObservation> {
	const mapping = await observeMapping(sockets, endpoints);
	return { ...mapping, filtering: await observeFiltering(sockets, endpoints) };
}
