import { createRequire } from "node:module";
import { DARWIN, LINUX, type SocketNumbers } from "./numbers.js";

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
	/** The index of a NIC by name; 0 if there is no such NIC. */
	nicIndex(name: string): number;
	/** The error number of the last call. */
	errno(): number;
}

/** libc, or why it cannot be called here. */
export type LibcAccess =
	| { readonly available: true; readonly libc: Libc; readonly numbers: SocketNumbers }
	| { readonly available: false; readonly reason: string; readonly cause: unknown };

/** The part of koffi's native module that is used: a plain CommonJS package per platform with hardly any JavaScript. */
interface Koffi {
	readonly version: string;
	load(path: null): { func(signature: string): (...args: unknown[]) => number };
	errno(): number;
}

/** The version that the signatures below were tested with; optionalDependencies pins the same one. */
const KOFFI_VERSION = "3.3.4";

let loaded: LibcAccess | undefined;

/**
 * This process's libc, loaded at the first call (some ms) and kept. Importing this package loads nothing.
 * Never throws: where the native part is missing, the result says why.
 */
export function loadLibc(): LibcAccess {
	loaded ??= load(process.platform, process.arch, createRequire(home()));
	return loaded;
}

/** Where to look for the native part: beside this module, or beside the program where a bundler made that CommonJS. */
function home(): string {
	// A CommonJS bundle has no `import.meta.url`, whatever the types say.
	const url: string | undefined = import.meta.url;
	return url ?? process.argv[1] ?? `${process.cwd()}/`;
}

/** Whether {@link loadLibc} was called. */
export function isLibcLoaded(): boolean {
	return loaded !== undefined;
}

/** {@link loadLibc} for a platform and a way to load modules. */
export function load(platform: string, arch: string, require: (id: string) => unknown): LibcAccess {
	const numbers = numbersOf(platform);
	if (numbers === null) return absent(`there is none for ${platform}`);
	const id = `@koromix/koffi-${platform}-${arch}`;
	try {
		const koffi = require(id) as Koffi;
		if (koffi.version !== KOFFI_VERSION) {
			return absent(`${id} is version ${koffi.version}, and ${KOFFI_VERSION} is needed`);
		}
		return { available: true, libc: declare(koffi), numbers };
	} catch (cause) {
		return absent(`${id} cannot be loaded`, cause);
	}
}
function numbersOf(platform: string): SocketNumbers | null {
	if (platform === "linux") return LINUX;
	return platform === "darwin" ? DARWIN : null;
}

function absent(reason: string, cause?: unknown): LibcAccess {
	return { available: false, reason, cause };
}

/** The calls by their C signatures, from the libc that Node itself is linked with. */
function declare(koffi: Koffi): Libc {
	const process = koffi.load(null);
	const fn = <A extends unknown[]>(signature: string): ((...args: A) => number) => process.func(signature);
	return {
		socket: fn("int socket(int, int, int)"),
		setsockopt: fn("int setsockopt(int, int, int, const void *, uint32_t)"),
		bind: fn("int bind(int, const void *, uint32_t)"),
		listen: fn("int listen(int, int)"),
		connect: fn("int connect(int, const void *, uint32_t)"),
		getsockname: fn("int getsockname(int, void *, void *)"),
		send: fn("long send(int, const void *, size_t, int)"),
		recv: fn("long recv(int, void *, size_t, int)"),
		close: fn("int close(int)"),
		fcntl: fcntlOf(fn("int fcntl(int, int, ...)")),
		nicIndex: fn("unsigned int if_nametoindex(const char *)"),
		errno: () => koffi.errno(),
	};
}

/** A variadic call takes the type of each extra argument before it. */
function fcntlOf(call: (fd: number, command: number, type: string, value: number) => number): Libc["fcntl"] {
	return (fd, command, value) => call(fd, command, "int", value);
}
