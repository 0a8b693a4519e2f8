import type { Socket as UdpSocket } from "node:dgram";
import type { Server as TcpServer, Socket as TcpSocket } from "node:net";
import type { Pipe } from "../pipe.js";
import type { Settings } from "../settings.js";
import type { TlsInfo } from "../tls/types.js";
import type { DataTransport, Transport } from "../transport.js";
import type {
	ConnectCallback,
	EndCallback,
	ErrorCallback,
	MessageCallback,
	PipeRole,
	Protocol,
} from "../types.js";
import type { PipeCore } from "./pipe-core.js";

/** The callbacks that a pipe starts with; an accepted pipe starts with a copy of its server's. */
export interface InitialCallbacks {
	readonly message: readonly MessageCallback[];
	readonly connect: readonly ConnectCallback[];
	readonly end: readonly EndCallback[];
	readonly error: readonly ErrorCallback[];
}

/** The socket under a pipe. */
export type PipeSocket = TcpSocket | TcpServer | UdpSocket;

/** The halves of a pipe that depend on its protocol and role. */
interface PipeParts {
	readonly transport: Transport;
	/** The transport again, where it carries data itself. */
	readonly data: DataTransport | null;
}

/** What a pipe is made with, once its socket is there. */
export interface PipeInit {
	readonly protocol: Protocol;
	readonly role: PipeRole;
	readonly settings: Settings;
	readonly socket: PipeSocket;
	/** The NIC whose name is the zone of link-local destinations; null where the kernel chooses. */
	readonly nic: { readonly name: string } | null;
	readonly callbacks: InitialCallbacks;
	/** Closes the pipe when it aborts. */
	readonly signal: AbortSignal | null;
	readonly tls: TlsInfo | null;
	/** Makes the transport over `socket`, with the core as its sink. */
	parts(core: PipeCore): PipeParts;
	/** Told once the pipe is closed. */
	readonly onClosed: ((pipe: Pipe) => void) | null;
}
