import { createSocket, type Socket } from "node:dgram";
import { IpAddress } from "@p2pd/address";
import { endpointText, type UdpOptions } from "@p2pd/net";
import { RouteDeviceBindingError } from "../errors.js";
import type { KernelAnswers } from "../kernel/answers.js";
import type { DescriptorPlan } from "../kernel/descriptor.js";
import { closeDescriptor, descriptorFor, type SocketDeps } from "../kernel/system.js";
import { NO_UDP_DESCRIPTORS } from "./device-binding.js";
import { anyIp, type LocalBinding, sourceTo } from "./local-binding.js";
import { checkUdp } from "./options.js";
import { toSocketError, waitForSocket } from "./wait.js";

/** A UDP socket to make. */
interface UdpPlan extends DescriptorPlan {
	readonly bind: { readonly ip: IpAddress; readonly port: number };
	readonly ttl: number | undefined;
	readonly broadcast: boolean;
}

/** Makes a bound UDP socket. See {@link SocketFactory.udp}. */
export async function openUdp(
	binding: LocalBinding,
	options: UdpOptions,
	deps: SocketDeps,
	answers: KernelAnswers,
): Promise<Socket> {
	checkUdp(options);
	const { signal } = options;
	signal?.throwIfAborted();
	const plan = planUdp(binding, options, answers);
	const reason = whyDescriptor(plan, binding, deps);
	const socket = createSocket({
		type: binding.af === 4 ? "udp4" : "udp6",
		reuseAddr: plan.reusePort === true,
		ipv6Only: binding.af === 6 && plan.v6only === true,
	});
	const [address, port] = [plan.bind.ip.toString(), plan.bind.port];
	await waitForSocket(socket, {
		event: "listening",
		start: () => {
			if (reason === null) socket.bind({ address, port, exclusive: true });
			else adopt(socket, plan, reason, deps);
		},
		abandon: () => socket.close(),
		call: "bind",
		subject: endpointText({ ip: address, port }),
		signal,
	});
	if (reason === null) setUp(socket, plan);
	return socket;
}

function planUdp(binding: LocalBinding, options: UdpOptions, answers: KernelAnswers): UdpPlan {
	const source = sourceTo(binding, options.to === undefined ? null : IpAddress.parse(options.to));
	answers.refuseUnreachable(source);
	const reuse = options.reuse === true;
	return {
		af: binding.af,
		type: "dgram",
		device: source.device,
		bind: { ip: source.ip ?? anyIp(binding.af), port: options.port ?? binding.port },
		freeBind: source.freeBind,
		reuseAddress: reuse,
		reusePort: reuse,
		broadcast: options.broadcast === true,
		ttl: options.ttl,
		v6only: options.v6only ?? true,
	};
}

/** The option for which the descriptor is made with libc; null if Node's own socket will do. */
function whyDescriptor(
	{ device, freeBind, reusePort }: UdpPlan,
	{ strict }: LocalBinding,
	deps: SocketDeps,
): string | null {
	if (device === null && freeBind !== true && reusePort !== true) return null;
	if (deps.udpDescriptors?.() === false) {
		if (device !== null && strict) throw new RouteDeviceBindingError(device.name, NO_UDP_DESCRIPTORS);
		return null;
	}
	if (device !== null) return "deviceBinding";
	if (freeBind === true) return "freeBind";
	// Without libc Node's own reuseAddr must do. It works between sockets that all have it.
	return deps.libc().available ? "reuse" : null;
}

/** The options are set on the descriptor, because Node's setTTL takes every adopted descriptor for an IPv4 one. */
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
