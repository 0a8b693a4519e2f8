import { createSocket, type Socket } from "node:dgram";
import { IpAddress } from "@p2pd/address";
import type { DescriptorPlan } from "../libc/descriptor.js";
import type { UdpOptions } from "../types.js";
import { checkPort, checkTtl } from "./check-options.js";
import { closeDescriptor, descriptorFor } from "./deps.js";
import type { KernelAnswers } from "./kernel-answers.js";
import { anyIp, placeFor } from "./place.js";
import type { Seat, SocketDeps } from "./types.js";
import { endpointText, toSocketError, until } from "./until.js";

/** What a UDP socket is made to be. */
interface UdpPlan extends DescriptorPlan {
	readonly bind: { readonly ip: IpAddress; readonly port: number };
	readonly ttl: number | undefined;
	readonly broadcast: boolean;
}

/** A UDP socket of a seat, bound. See {@link SocketFactory.udp}. */
export async function openUdp(
	seat: Seat,
	options: UdpOptions,
	deps: SocketDeps,
	answers: KernelAnswers,
): Promise<Socket> {
	const { signal } = options;
	signal?.throwIfAborted();
	const plan = planUdp(seat, options, answers);
	const reason = whyDescriptor(plan, deps);
	const socket = createSocket({
		type: seat.af === 4 ? "udp4" : "udp6",
		reuseAddr: plan.reusePort === true,
		ipv6Only: seat.af === 6 && plan.v6only === true,
	});
	const [address, port] = [plan.bind.ip.toString(), plan.bind.port];
	await until(socket, {
		event: "listening",
		start: () => {
			if (reason === null) socket.bind({ address, port, exclusive: true });
			else adopt(socket, plan, reason, deps);
		},
		abandon: () => socket.close(),
		call: "bind",
		subject: endpointText(address, port),
		signal,
	});
	if (reason === null) setUp(socket, plan);
	return socket;
}

function planUdp(seat: Seat, options: UdpOptions, answers: KernelAnswers): UdpPlan {
	const port = checkPort("port", options.port ?? seat.port);
	const ttl = checkTtl(options.ttl);
	const place = placeFor(seat, options.to === undefined ? null : IpAddress.parse(options.to));
	answers.refuseUnreachable(place);
	const reuse = options.reuse === true;
	return {
		af: seat.af,
		type: "dgram",
		device: place.device,
		bind: { ip: place.ip ?? anyIp(seat.af), port },
		freeBind: place.freeBind,
		reuseAddress: reuse,
		reusePort: reuse,
		broadcast: options.broadcast === true,
		ttl,
		v6only: options.v6only ?? true,
	};
}

/** The option for which the descriptor is made with libc; null if Node's own socket will do. */
function whyDescriptor({ device, freeBind, reusePort }: UdpPlan, deps: SocketDeps): string | null {
	if (device !== null) return "deviceBinding";
	if (freeBind === true) return "freeBind";
	// Without libc Node's own reuseAddr has to do, and does for sockets that all have it.
	return reusePort === true && deps.libc().available ? "reuse" : null;
}

/** The plan's descriptor has its options set: Node takes one for IPv4's in setTTL, whatever its family. */
function adopt(socket: Socket, plan: UdpPlan, reason: string, deps: SocketDeps): void {
	const fd = descriptorFor(deps, reason, plan);
	try {
		socket.bind({ fd, exclusive: true });
	} catch (error) {
		closeDescriptor(deps, fd);
		throw error;
	}
}

function setUp(socket: Socket, { ttl, broadcast }: UdpPlan): void {
	try {
		if (ttl !== undefined) socket.setTTL(ttl);
		if (broadcast) socket.setBroadcast(true);
	} catch (cause) {
		socket.close();
		throw toSocketError("setsockopt", null, cause);
	}
}
