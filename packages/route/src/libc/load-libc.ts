import { createRequire } from "node:module";
import { DARWIN, LINUX } from "./numbers.js";
import type { Libc, LibcAccess, SocketNumbers } from "./types.js";

/** What of koffi's native part is used. It is a plain CommonJS package a platform, and has no JavaScript of note. */
interface Koffi {
	readonly version: string;
	load(path: null): { func(signature: string): (...args: unknown[]) => number };
	errno(): number;
}

/** The version that the signatures below were tried with; optionalDependencies pins the same one. */
const KOFFI_VERSION = "3.3.4";

let loaded: LibcAccess | undefined;

/**
 * libc of this process, loaded at the first call (some ms) and kept. Importing this package loads nothing.
 * Never throws: where there is no native part, the answer says why.
 */
export function loadLibc(): LibcAccess {
	loaded ??= load(process.platform, process.arch, createRequire(import.meta.url));
	return loaded;
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

/** The calls by their C signatures, out of the libc that Node itself is linked with. */
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
