import { requireIp } from "./ip.js";
import type { UdpPacket } from "./packet.js";
import type { DatagramHandler, HostPort } from "./types.js";
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
