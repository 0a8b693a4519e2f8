/** The numbers that one operating system uses for what the calls take. */
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
	/** SO_LINGER in seconds, for which macOS has a number of its own. */
	readonly SO_LINGER_SECONDS: number;
	readonly IPPROTO_IP: number;
	readonly IPPROTO_IPV6: number;
	readonly IP_TTL: number;
	readonly IPV6_UNICAST_HOPS: number;
	readonly IPV6_V6ONLY: number;
	/** Whether a sockaddr begins with its own length. */
	readonly sockaddrHasLength: boolean;
}

/** Linux, on every architecture that the native part exists for (asm-generic/socket.h). */
export const LINUX: SocketNumbers = {
	os: "linux",
	AF_INET: 2,
	AF_INET6: 10,
	SOCK_STREAM: 1,
	SOCK_DGRAM: 2,
	// SOCK_NONBLOCK | SOCK_CLOEXEC: a child process must not inherit the socket.
	SOCK_FLAGS: 0o4000 | 0o2000000,
	SOL_SOCKET: 1,
	SO_REUSEADDR: 2,
	SO_REUSEPORT: 15,
	SO_BROADCAST: 6,
	SO_LINGER_SECONDS: 13,
	IPPROTO_IP: 0,
	IPPROTO_IPV6: 41,
	IP_TTL: 2,
	IPV6_UNICAST_HOPS: 16,
	IPV6_V6ONLY: 26,
	sockaddrHasLength: false,
};

/** macOS (sys/socket.h, netinet/in.h, netinet6/in6.h). */
export const DARWIN: SocketNumbers = {
	os: "darwin",
	AF_INET: 2,
	AF_INET6: 30,
	SOCK_STREAM: 1,
	SOCK_DGRAM: 2,
	SOCK_FLAGS: 0,
	SOL_SOCKET: 0xffff,
	SO_REUSEADDR: 0x4,
	SO_REUSEPORT: 0x200,
	SO_BROADCAST: 0x20,
	SO_LINGER_SECONDS: 0x1080,
	IPPROTO_IP: 0,
	IPPROTO_IPV6: 41,
	IP_TTL: 4,
	IPV6_UNICAST_HOPS: 4,
	IPV6_V6ONLY: 27,
	sockaddrHasLength: true,
};

/** SOL_SOCKET option of Linux: tie a socket to a device, by name. Needs no root since Linux 5.7. */
export const LINUX_SO_BINDTODEVICE = 25;
/** IPPROTO_IP option of Linux, for both families: the port is chosen by connect(). Linux 4.2. */
export const LINUX_IP_BIND_ADDRESS_NO_PORT = 24;
/** IPPROTO_IP option of Linux, for both families: bind an address that no NIC has. Needs no privilege. */
export const LINUX_IP_FREEBIND = 15;
/** IPPROTO_IP option of macOS: tie a socket to a device, by index. */
export const DARWIN_IP_BOUND_IF = 25;
/** IPPROTO_IPV6 option of macOS: the same. */
export const DARWIN_IPV6_BOUND_IF = 125;
/** fcntl command and its flag, the same on both: close the descriptor when a child process starts. */
export const F_SETFD = 2;
export const FD_CLOEXEC = 1;
