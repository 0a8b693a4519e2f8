import type { IpAddress } from "@p2pd/address";
import { kernelSourceAddress } from "@p2pd/net";
import { ANSWER_MAX_AGE, ANSWERS_KEPT } from "../defaults.js";
import { RouteUnreachableError } from "../errors.js";
import { openDescriptor } from "./descriptor.js";
import type { LibcAccess } from "./libc.js";
import { type KernelPath, type Reachability, reachabilityOf } from "./reachability.js";
import { int32, ipOfSockaddr, sockaddr } from "./sockaddr.js";
import type { SocketDeps } from "./system.js";

/**
 * What the kernel says about destinations, for one socket factory. An answer is remembered for a moment, so that a
 * series of connections does not ask anew each time.
 */
export class KernelAnswers {
	readonly #deps: SocketDeps;
	readonly #sources: Remembered<Promise<string | null>>;
	readonly #reachability: Remembered<Reachability>;

	constructor(deps: SocketDeps) {
		this.#deps = deps;
		this.#sources = new Remembered(() => deps.clock.now());
		this.#reachability = new Remembered(() => deps.clock.now());
	}

	/** The source address that the kernel would choose, without its zone; null where it has no route. */
	source(to: IpAddress): Promise<string | null> {
		return this.#sources.get(to.toString(), () => sourceTowards(to, this.#deps));
	}

	/** Forgets the source address towards a destination, because it has changed. */
	forgetSource(to: IpAddress): void {
		this.#sources.forget(to.toString());
	}

	/** @throws RouteUnreachableError (`ERR_ROUTE_UNREACHABLE`) if the kernel says that the device leads nowhere */
	refuseUnreachable(path: KernelPath): void {
		const { device, to } = path;
		if (device === null || to === null) return;
		const answer = this.#reachability.get(to.toString(), () => reachabilityOf(path, this.#deps));
		if (answer.status !== "unreachable") return;
		throw new RouteUnreachableError(answer.problem, device.name, `${to}`, answer.reason);
	}
}

/** Answers by key, each for a moment. */
class Remembered<T> {
	readonly #now: () => number;
	readonly #kept = new Map<string, { readonly answer: T; readonly until: number }>();

	constructor(now: () => number) {
		this.#now = now;
	}

	get(key: string, ask: () => T): T {
		const now = this.#now();
		const kept = this.#kept.get(key);
		if (kept !== undefined && now < kept.until) return kept.answer;
		const answer = ask();
		if (this.#kept.size >= ANSWERS_KEPT) this.#kept.clear();
		this.#kept.set(key, { answer, until: now + ANSWER_MAX_AGE });
		return answer;
	}

	forget(key: string): void {
		this.#kept.delete(key);
	}
}

/** Connecting a UDP socket sends nothing, so any port but 0 serves. */
const ANY_PORT = 9;

/** By libc where it is at hand: without a Node socket the question costs a tenth. */
async function sourceTowards(to: IpAddress, deps: SocketDeps): Promise<string | null> {
	const access = deps.libc();
	return access.available ? sourceByLibc(to, access) : (await kernelSourceAddress(to.toString())).ip;
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
