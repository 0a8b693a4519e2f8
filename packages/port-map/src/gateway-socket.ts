import type { Socket } from "node:dgram";
import { IpAddress } from "@p2pd/address";
import { type Clock, kernelSourceAddress, type SocketFactory } from "@p2pd/net";
import { EXCHANGE_TIMEOUT, PCP_PORT, RETRANSMIT, RETRANSMIT_MOST } from "./defaults.js";
import { PortMapDecodeError } from "./errors.js";

/** What a socket to the gateway needs. */
export interface GatewaySocketDeps {
	readonly gateway: string;
	readonly sockets: Pick<SocketFactory, "af" | "localIp" | "udp">;
	readonly clock: Clock;
}

/** How an exchange with the gateway ended. */
export type Exchange<T> =
	| { readonly answered: true; readonly value: T; readonly localIp: string }
	| { readonly answered: false; readonly reason: string };

/**
 * Sends one request to the gateway's port 5351, again and again until an answer is accepted, and closes the socket.
 * Only datagrams from that address and port count. Used by PCP and NAT-PMP.
 *
 * @param request made for the address that the socket has
 * @param read gives the answer, or null if the datagram is another one; a PortMapDecodeError passes it over
 * @throws the signal's reason
 */
export async function exchange<T>(
	{ gateway, sockets, clock }: GatewaySocketDeps,
	request: (localIp: string) => Uint8Array,
	read: (bytes: Uint8Array) => T | null,
	signal: AbortSignal,
): Promise<Exchange<T>> {
	let localIp: string;
	let socket: Socket;
	try {
		localIp = await localAddress(sockets.localIp, gateway);
		socket = await sockets.udp({ to: gateway, signal });
	} catch (error) {
		signal.throwIfAborted();
		return { answered: false, reason: error instanceof Error ? error.message : String(error) };
	}
	const bytes = request(localIp);
	const wanted = IpAddress.parse(gateway);
	let timer: unknown;
	let onAbort: (() => void) | undefined;
	try {
		return await new Promise<Exchange<T>>((resolve, reject) => {
			onAbort = () => reject(signal.reason);
			if (signal.aborted) return onAbort();
			signal.addEventListener("abort", onAbort, { once: true });
			const end = clock.now() + EXCHANGE_TIMEOUT;
			let wait = RETRANSMIT;
			let failure = "no answer";
			socket.on("error", (error) => resolve({ answered: false, reason: error.message }));
			socket.on("message", (data, from) => {
				if (from.port !== PCP_PORT || !sameAddress(wanted, from.address)) return;
				try {
					const value = read(data);
					if (value !== null) resolve({ answered: true, value, localIp });
				} catch (error) {
					if (!(error instanceof PortMapDecodeError)) return reject(error);
					failure = error.message;
				}
			});
			const send = (): void => {
				if (clock.now() >= end) {
					resolve({ answered: false, reason: failure });
					return;
				}
				socket.send(bytes, PCP_PORT, gateway, (error) => {
					if (error !== null) resolve({ answered: false, reason: error.message });
				});
				timer = clock.setTimeout(send, Math.min(wait, Math.max(0, end - clock.now())));
				wait = Math.min(wait * 2, RETRANSMIT_MOST);
			};
			send();
		});
	} finally {
		clock.clearTimeout(timer);
		if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
		socket.close();
	}
}

const sameAddress = (wanted: IpAddress, text: string): boolean => {
	const from = IpAddress.parse(text);
	return from.af === wanted.af && from.toBigInt() === wanted.toBigInt();
};

/** The address that the gateway sees: the factory's own, or the kernel's choice where the factory leaves it open. */
export async function localAddress(localIp: string, gateway: string): Promise<string> {
	if (!IpAddress.parse(localIp).isUnspecified) return localIp;
	const { ip, code } = await kernelSourceAddress(gateway);
	if (ip === null) throw new Error(`no route to the gateway ${gateway} (${code})`);
	return ip;
}
