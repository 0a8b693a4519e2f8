/** 4 or 6: Node's own numbers for the address families. */
export type Family = 4 | 6;

/** An IP address as canonical text (RFC 5952, `%zone` where it is link-local) and a port. */
export interface HostPort {
	readonly ip: string;
	readonly port: number;
}

/** Time as the environment supplies it. All of this package's waiting goes through one of these. */
export interface Clock {
	/** Milliseconds from some fixed point; never goes back. */
	now(): number;
	/** Calls `fn` once after `ms` milliseconds; the handle is for {@link Clock.clearTimeout}. */
	setTimeout(fn: () => void, ms: number): unknown;
	clearTimeout(handle: unknown): void;
}

/** `size` bytes that nobody can guess. */
export type RandomBytes = (size: number) => Uint8Array;

/** What a UDP socket tells of the sender of a datagram. */
export interface Sender {
	readonly address: string;
	readonly port: number;
}

/** The part of Node's `dgram.Socket` that is used here. The socket is bound already. */
export interface UdpSocket {
	address(): Sender;
	send(data: Uint8Array, port: number, ip: string, callback: (error: Error | null) => void): void;
	/** For a connected socket. */
	send(data: Uint8Array, callback: (error: Error | null) => void): void;
	close(callback?: () => void): unknown;
	on(event: "message", listener: (data: Buffer, from: Sender) => void): unknown;
	on(event: "error", listener: (error: Error) => void): unknown;
	on(event: "close", listener: () => void): unknown;
	off(event: "message", listener: (data: Buffer, from: Sender) => void): unknown;
	off(event: "error", listener: (error: Error) => void): unknown;
	off(event: "close", listener: () => void): unknown;
}

/** The part of Node's `net.Socket` (and `tls.TLSSocket`) that is used here. It is connected already. */
export interface StreamSocket {
	readonly localAddress?: string | undefined;
	readonly localPort?: number | undefined;
	write(data: Uint8Array): unknown;
	destroy(error?: Error): unknown;
	on(event: "data", listener: (data: Buffer) => void): unknown;
	on(event: "error", listener: (error: Error) => void): unknown;
	on(event: "close", listener: () => void): unknown;
	off(event: "data", listener: (data: Buffer) => void): unknown;
	off(event: "error", listener: (error: Error) => void): unknown;
	off(event: "close", listener: () => void): unknown;
}

/** The part of a socket factory that UDP needs: a BoundRoute, `kernelRoute(af)` and an in-memory host have it. */
export interface UdpSockets {
	readonly af: Family;
	udp(options?: { signal?: AbortSignal }): Promise<UdpSocket>;
}

/** The part of a socket factory that TCP and TLS need. */
export interface StreamSockets {
	readonly af: Family;
	connect(options: { ip: string; port: number; signal?: AbortSignal }): Promise<StreamSocket>;
}

/** What the environment supplies; all of it has a default. */
export interface StunDeps {
	/** @default the system's monotonic clock */
	readonly clock?: Clock;
	/** @default `crypto.randomBytes` */
	readonly random?: RandomBytes;
}
