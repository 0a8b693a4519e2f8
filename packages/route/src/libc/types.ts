/** The calls of libc that this package makes. Each returns -1 on failure; `errno()` then says why. */
export interface Libc {
	socket(domain: number, type: number, protocol: number): number;
	setsockopt(fd: number, level: number, option: number, value: Uint8Array, size: number): number;
	bind(fd: number, address: Uint8Array, size: number): number;
	listen(fd: number, backlog: number): number;
	connect(fd: number, address: Uint8Array, size: number): number;
	/** `size` holds the buffer's size as a native 32-bit integer, and receives the address's. */
	getsockname(fd: number, address: Uint8Array, size: Uint8Array): number;
	send(fd: number, data: Uint8Array, size: number, flags: number): number;
	recv(fd: number, data: Uint8Array, size: number, flags: number): number;
	close(fd: number): number;
	/** Sets a descriptor's flags (`fcntl` with one int). */
	fcntl(fd: number, command: number, value: number): number;
	/** The index of a NIC by name; 0 if there is none. */
	nicIndex(name: string): number;
	/** The error number of the last call. */
	errno(): number;
}

/** libc, or why it cannot be called here. */
export type LibcAccess =
	| { readonly available: true; readonly libc: Libc; readonly numbers: SocketNumbers }
	| { readonly available: false; readonly reason: string; readonly cause: unknown };

/** The numbers that one OS has for what the calls take. */
export interface SocketNumbers {
	readonly os: "linux" | "darwin";
	readonly AF_INET: number;
	readonly AF_INET6: number;
	readonly SOCK_STREAM: number;
	readonly SOCK_DGRAM: number;
	/** Or-ed to the type where `socket()` takes flags; 0 where `fcntl` must set them. */
	readonly SOCK_FLAGS: number;
	readonly SOL_SOCKET: number;
	readonly SO_REUSEADDR: number;
	readonly SO_REUSEPORT: number;
	readonly SO_BROADCAST: number;
	/** SO_LINGER in seconds, which macOS has under another number than the standard one. */
	readonly SO_LINGER_SECONDS: number;
	readonly IPPROTO_IP: number;
	readonly IPPROTO_IPV6: number;
	readonly IP_TTL: number;
	readonly IPV6_UNICAST_HOPS: number;
	readonly IPV6_V6ONLY: number;
	/** Whether a sockaddr begins with its own length. */
	readonly sockaddrHasLength: boolean;
}
