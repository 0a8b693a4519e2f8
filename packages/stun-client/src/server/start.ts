import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { StunConfigError } from "../errors.js";
import { canonicalIp, familyOf } from "../ip-text.js";
import type { HostPort } from "../types.js";
import { createStunResponder } from "./responder.js";
import type { StunServer, StunServerDeps, StunServerOptions } from "./types.js";

async function bind(ip: string, port: number): Promise<Socket> {
	const socket = createSocket({ type: familyOf(ip) === 4 ? "udp4" : "udp6", ipv6Only: familyOf(ip) === 6 });
	const listening = once(socket, "listening");
	socket.bind(port, ip);
	try {
		await listening;
	} catch (error) {
		socket.close();
		throw error;
	}
	return socket;
}

const close = (socket: Socket): Promise<void> => new Promise((resolve) => socket.close(() => resolve()));

function checkAddress({ ip, port }: HostPort): void {
	if (canonicalIp(ip) === undefined || !Number.isInteger(port) || port < 0 || port > 65535) {
		throw new StunConfigError(`${ip} port ${port} is no address to listen on`);
	}
}

interface Bound {
	readonly address: HostPort;
	readonly socket: Socket;
}

async function bindAll({ primary, alternate }: StunServerOptions): Promise<Bound[]> {
	const bound: Bound[] = [];
	const add = async (ip: string, port: number): Promise<number> => {
		const socket = await bind(ip, port);
		const address = { ip, port: socket.address().port };
		bound.push({ address, socket });
		return address.port;
	};
	try {
		const firstPort = await add(primary.ip, primary.port);
		if (alternate !== undefined) {
			const secondPort = await add(alternate.ip, alternate.port);
			await add(primary.ip, secondPort);
			await add(alternate.ip, firstPort);
		}
		return bound;
	} catch (error) {
		await Promise.all(bound.map(({ socket }) => close(socket)));
		throw error;
	}
}

/**
 * Runs a STUN server: on one address, or on the four of two IPs and two ports.
 *
 * @throws {StunConfigError} ERR_STUN_CONFIG when the addresses cannot be meant
 * @throws the system's error when an address cannot be bound
 */
export async function startStunServer(
	options: StunServerOptions,
	deps: StunServerDeps = {},
): Promise<StunServer> {
	checkAddress(options.primary);
	if (options.alternate !== undefined) checkAddress(options.alternate);
	const bound = await bindAll(options);
	const primary = bound[0]?.address ?? options.primary;
	const alternate = bound[1]?.address;
	const respond = createStunResponder({ ...options, primary, alternate }, deps);
	for (const { address, socket } of bound) {
		socket.on("message", (data, { address: ip, port }) => {
			for (const reply of respond(data, { ip, port }, address)) {
				const sender = bound.find(
					(each) => each.address.ip === reply.from.ip && each.address.port === reply.from.port,
				);
				// A reply that cannot be sent is a lost datagram: the client sends again.
				sender?.socket.send(reply.data, reply.to.port, reply.to.ip, () => undefined);
			}
		});
	}
	const stop = async (): Promise<void> => {
		await Promise.all(bound.map(({ socket }) => close(socket)));
	};
	return { primary, alternate, close: stop, [Symbol.asyncDispose]: stop };
}
