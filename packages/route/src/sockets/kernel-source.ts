import { createSocket } from "node:dgram";
import type { IpAddress } from "@p2pd/address";
import { openDescriptor } from "../libc/descriptor.js";
import { int32, ipOfSockaddr, sockaddr } from "../libc/sockaddr.js";
import type { LibcAccess } from "../libc/types.js";
import type { SocketDeps } from "./types.js";
import { endpointText, until } from "./until.js";

/** Connecting a UDP socket sends nothing, so any port but 0 serves. */
const ANY_PORT = 9;

/**
 * The source address that the kernel would choose towards a destination, without its zone; null where it has
 * no route there. Sends nothing: a UDP socket is connected and asked for its own address.
 */
export async function kernelSource(to: IpAddress, deps: SocketDeps): Promise<string | null> {
	const access = deps.libc();
	return access.available ? sourceByLibc(to, access) : sourceByNode(to);
}

function sourceByLibc(
	to: IpAddress,
	{ libc, numbers }: Extract<LibcAccess, { available: true }>,
): string | null {
	const fd = openDescriptor(libc, numbers, { af: to.af, type: "dgram", device: null, bind: null });
	try {
		const scope = to.zone === null ? 0 : libc.nicIndex(to.zone);
		const there = sockaddr(numbers, to, ANY_PORT, scope);
		if (libc.connect(fd, there, there.length) !== 0) return null;
		const here = new Uint8Array(there.length);
		if (libc.getsockname(fd, here, int32(here.length)) !== 0) return null;
		return ipOfSockaddr(to.af, here).toString();
	} finally {
		libc.close(fd);
	}
}

async function sourceByNode(to: IpAddress): Promise<string | null> {
	const socket = createSocket(to.af === 4 ? "udp4" : "udp6");
	try {
		await until(socket, {
			event: "connect",
			start: () => socket.connect(ANY_PORT, to.toString()),
			abandon: () => undefined,
			call: "connect",
			subject: endpointText(to.toString(), ANY_PORT),
			signal: undefined,
		});
		return socket.address().address;
	} catch {
		return null;
	} finally {
		socket.close();
	}
}
