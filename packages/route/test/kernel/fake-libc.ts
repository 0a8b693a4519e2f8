import type { Libc } from "@p2pd/route/kernel";

/** A libc that keeps a record of its calls, and fails the one that it is told to. */
export function fakeLibc(
	failing: string | null = null,
	errno = 1,
): { libc: Libc; calls: string[]; open: Set<number> } {
	const calls: string[] = [];
	const open = new Set<number>();
	const call = (name: string, ...args: (number | Uint8Array)[]): number => {
		const text = `${name} ${args.map((arg) => (typeof arg === "number" ? arg : Buffer.from(arg).toString("hex"))).join(" ")}`;
		calls.push(text);
		return failing !== null && text.startsWith(failing) ? -1 : 0;
	};
	const libc: Libc = {
		socket: (domain, type, protocol) => {
			if (call("socket", domain, type, protocol) !== 0) return -1;
			open.add(7);
			return 7;
		},
		setsockopt: (_fd, level, option, value) => call("setsockopt", level, option, value),
		bind: (_fd, address) => call("bind", address),
		listen: (_fd, backlog) => call("listen", backlog),
		connect: (_fd, address) => call("connect", address),
		getsockname: () => call("getsockname"),
		send: (_fd, data) => call("send", data),
		recv: () => call("recv"),
		close: (fd) => {
			open.delete(fd);
			return call("close");
		},
		fcntl: (_fd, command, value) => call("fcntl", command, value),
		nicIndex: (name) => (name === "gone0" ? 0 : 5),
		errno: () => errno,
	};
	return { libc, calls, open };
}
