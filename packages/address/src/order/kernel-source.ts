import { createSocket, type Socket } from "node:dgram";
import { IP4 } from "../family.js";
import { IpAddress } from "../ip/ip-address.js";

/** Any port will do: nothing is sent. */
const PORT = 9;
/** The kernel's words for "no way there". */
const UNREACHABLE = new Set([
	"ENETUNREACH",
	"EHOSTUNREACH",
	"ENETDOWN",
	"EADDRNOTAVAIL",
	"EAFNOSUPPORT",
	"EINVAL",
]);

/** The source address for a destination: null if there is no way there, undefined if it cannot be told. */
export type SourceLookup = (destination: IpAddress) => Promise<IpAddress | null | undefined>;

/** The source that the kernel would take. It connects a UDP socket, which sends nothing. */
export const kernelSource: SourceLookup = async (destination) => {
	const socket = createSocket(destination.af === IP4 ? "udp4" : "udp6");
	try {
		await connectTo(socket, destination.toString());
		return IpAddress.parse(socket.address().address);
	} catch (error) {
		const isNoWay = error instanceof Error && "code" in error && UNREACHABLE.has(String(error.code));
		return isNoWay ? null : undefined;
	} finally {
		socket.close();
	}
};

function connectTo(socket: Socket, ip: string): Promise<void> {
	return new Promise((resolve, reject) => {
		socket.on("error", reject);
		socket.connect(PORT, ip, (error?: Error) => (error ? reject(error) : resolve()));
	});
}
