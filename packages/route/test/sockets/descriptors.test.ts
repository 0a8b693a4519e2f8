import { closeSync, openSync } from "node:fs";
import { IPRange } from "@p2pd/address";
import type { NicRef } from "@p2pd/net";
import { kernelRoute, Route, type SocketDeps, sourceRoute } from "@p2pd/route";
import type { Libc } from "@p2pd/route/kernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadLibc } from "../../src/kernel/libc.js";
import { systemDeps } from "../../src/kernel/system.js";
import { closed, DEFAULT_LO, LO, NO_NATIVE, openDescriptors, portOf } from "./kit.js";

/** Each takes some 0.1 ms, so that there is no need to do fewer. */
const FAILURES = 10_000;
/** A documentation address, which this machine does not have: binding it sends nothing. */
const NOT_OURS = "192.0.2.1";

const access = loadLibc();

/** A NIC that is there when the route is bound, and gone when sockets are made. */
function vanishing(): NicRef {
	let asked = 0;
	return {
		get name() {
			return asked++ < 2 ? "lo" : "gone0";
		},
		index: null,
		isDefault: () => false,
	};
}

/** libc with some calls replaced, over the real one. */
function withLibc(replace: (libc: Libc) => Partial<Libc>): SocketDeps {
	if (!access.available) throw new Error(access.reason);
	const changed = { ...access, libc: { ...access.libc, ...replace(access.libc) } };
	return { ...systemDeps, libc: () => changed };
}

/** libc whose nth setting of an option fails. */
function failingSetting(nth: number): SocketDeps {
	return withLibc((libc) => {
		let count = 0;
		return {
			setsockopt: (fd, level, option, value, size) =>
				count++ === nth
					? libc.setsockopt(-1, level, option, value, size)
					: libc.setsockopt(fd, level, option, value, size),
		};
	});
}

/** libc that makes descriptors which are no sockets, so that Node will not have them. */
const notSockets = (): SocketDeps =>
	withLibc(() => ({
		socket: () => openSync("/dev/null", "r"),
		close: (fd) => {
			closeSync(fd);
			return 0;
		},
		setsockopt: () => 0,
		bind: () => 0,
		connect: () => 0,
		getsockname: () => -1,
	}));

describe.skipIf(!access.available || process.platform !== "linux")(
	"failures leave no descriptor open",
	() => {
		const sockets = kernelRoute(4);
		let busy: Awaited<ReturnType<typeof sockets.listen>>;
		let busyUdp: Awaited<ReturnType<typeof sockets.udp>>;
		let dead = 0;

		beforeAll(async () => {
			busy = await sockets.listen();
			busyUdp = await sockets.udp();
			const gone = await sockets.listen();
			dead = portOf(gone);
			await closed(gone);
		});
		afterAll(async () => {
			busyUdp.close();
			await closed(busy);
		});

		const all = { reuse: true, ttl: 9, lingerSeconds: 0 } as const;
		const elsewhere = (deps?: SocketDeps) => sourceRoute({ af: 4, nic: DEFAULT_LO, ip: NOT_OURS }, deps);
		const here = (deps?: SocketDeps) => sourceRoute({ af: 4, nic: DEFAULT_LO, ip: "127.0.0.1" }, deps);
		const tied = (nic: NicRef) => sourceRoute({ af: 4, nic, ip: NOT_OURS, deviceBinding: "device" });
		const to = () => ({ ip: "127.0.0.1", port: portOf(busy) });
		const route = (text: string, nic: NicRef = LO) =>
			new Route({ af: 4, nic, nicIps: [new IPRange(text)], extIps: [] });
		const aborting = <T>(make: (signal: AbortSignal) => Promise<T>): Promise<T> => {
			const stop = new AbortController();
			const making = make(stop.signal);
			queueMicrotask(() => stop.abort(new Error("aborted by the test")));
			return making;
		};

		/** Every kind of failure, and what it must end in: a code, a system's reason or a message. */
		const kinds: [string, () => Promise<unknown>, string][] = [
			["UDP, port taken", () => sockets.udp({ port: portOf(busyUdp) }), "EADDRINUSE"],
			[
				"UDP, port taken, by descriptor",
				() => sockets.udp({ port: portOf(busyUdp), reuse: true }),
				"EADDRINUSE",
			],
			["UDP, address not ours", () => elsewhere().udp(), "EADDRNOTAVAIL"],
			["UDP, address not ours, by descriptor", () => elsewhere().udp({ reuse: true }), "EADDRNOTAVAIL"],
			["UDP, device gone", () => tied(vanishing()).udp(), "ENODEV"],
			["UDP, aborted", () => aborting((signal) => sockets.udp({ signal })), "aborted"],
			[
				"UDP, aborted, by descriptor",
				async () => sockets.udp({ reuse: true, signal: AbortSignal.abort(new Error("aborted")) }),
				"aborted",
			],
			["UDP, no way there", () => tied(LO).udp({ to: "203.0.113.9" }), "ERR_ROUTE_UNREACHABLE"],
			["UDP, not a socket", () => here(notSockets()).udp({ reuse: true }), "ERR_INVALID_FD_TYPE"],
			...[0, 1, 2].map((nth): [string, () => Promise<unknown>, string] => [
				`TCP, setting ${nth} fails`,
				() => here(failingSetting(nth)).connect({ ...to(), ...all }),
				"EBADF",
			]),
			["TCP, refused", () => sockets.connect({ ...to(), port: dead }), "ECONNREFUSED"],
			["TCP, refused, by descriptor", () => sockets.connect({ ...to(), port: dead, ...all }), "ECONNREFUSED"],
			["TCP, refused, without libc", () => here(NO_NATIVE).connect({ ...to(), port: dead }), "ECONNREFUSED"],
			["TCP, address not ours", () => elsewhere().connect({ ip: "192.0.2.2", port: 9 }), "EADDRNOTAVAIL"],
			[
				"TCP, address not ours, without libc",
				() => elsewhere(NO_NATIVE).connect({ ip: "192.0.2.2", port: 9 }),
				"EADDRNOTAVAIL",
			],
			["TCP, local port taken", () => sockets.connect({ ...to(), localPort: portOf(busy) }), "EADDRINUSE"],
			[
				"TCP, local port taken, by descriptor",
				() => sockets.connect({ ...to(), localPort: portOf(busy), ttl: 9 }),
				"EADDRINUSE",
			],
			["TCP, device gone", () => tied(vanishing()).connect({ ip: NOT_OURS, port: 9 }), "ENODEV"],
			["TCP, no way there", () => tied(LO).connect({ ip: "203.0.113.9", port: 9 }), "ERR_ROUTE_UNREACHABLE"],
			["TCP, other family", () => sockets.connect({ ip: "::1", port: 9 }), "ERR_ROUTE_FAMILY"],
			[
				"TCP, no such zone, without libc",
				() => kernelRoute(6, NO_NATIVE).connect({ ip: "fe80::1%gone0", port: 9 }),
				"ENODEV",
			],
			["TCP, no such zone", () => kernelRoute(6).connect({ ip: "fe80::1%gone0", port: 9, ttl: 9 }), "ENODEV"],
			["TCP, aborted", () => aborting((signal) => sockets.connect({ ...to(), signal })), "aborted"],
			[
				"TCP, aborted, by descriptor",
				() => aborting((signal) => sockets.connect({ ...to(), ttl: 9, signal })),
				"aborted",
			],
			["TCP, not a socket", () => here(notSockets()).connect({ ...to(), ttl: 9 }), "ERR_INVALID_FD_TYPE"],
			[
				"TCP, an option without libc",
				() => here(NO_NATIVE).connect({ ...to(), ttl: 9 }),
				"ERR_ROUTE_NATIVE_MISSING",
			],
			["server, port taken", () => sockets.listen({ port: portOf(busy) }), "EADDRINUSE"],
			[
				"server, port taken, by descriptor",
				() => sockets.listen({ port: portOf(busy), ttl: 9 }),
				"EADDRINUSE",
			],
			["server, address not ours", () => elsewhere().listen(), "EADDRNOTAVAIL"],
			["server, address not ours, by descriptor", () => elsewhere().listen({ reuse: true }), "EADDRNOTAVAIL"],
			["server, device gone", () => tied(vanishing()).listen(), "ENODEV"],
			["server, aborted", () => aborting((signal) => sockets.listen({ signal })), "aborted"],
			["server, not a socket", () => here(notSockets()).listen({ ttl: 9 }), "ENOTSOCK"],
			[
				"server, an option without libc",
				() => here(NO_NATIVE).listen({ ttl: 9 }),
				"ERR_ROUTE_NATIVE_MISSING",
			],
			[
				"bind, no such device",
				() => route(NOT_OURS, { ...LO, name: "gone0" }).bind({ strict: true }),
				"ERR_ROUTE_DEVICE_BINDING",
			],
			["bind, a block not ours", () => route("192.0.2.0/24").bind(), "ERR_ROUTE_NO_ADDRESS"],
			[
				"bind, a block not ours, without libc",
				() => route("192.0.2.0/24").bind({}, NO_NATIVE),
				"ERR_ROUTE_NO_ADDRESS",
			],
			["bind, other family", () => route(NOT_OURS).bind({ ips: "::1" }), "ERR_ROUTE_FAMILY"],
			["bind, no address", () => route(NOT_OURS).bind({ ips: "nonsense" }), "ERR_ROUTE_VALUE"],
		];

		/** All that an error says of itself and of its cause. */
		const words = (error: unknown): string =>
			error instanceof Error
				? [
						error.message,
						"code" in error ? error.code : "",
						"errno" in error ? error.errno : "",
						words(error.cause),
					].join(" ")
				: "";

		it.each(kinds)("%s", async (_what, fail, word) => {
			const before = openDescriptors();
			const error: unknown = await fail().then(
				() => null,
				(reason) => reason,
			);
			expect(words(error)).toContain(word);
			await settled(before);
		});

		it(`over ${FAILURES} of them, spread over every kind`, { timeout: 120_000 }, async () => {
			const before = openDescriptors();
			for (let done = 0; done < FAILURES; ) {
				const batch = kinds.slice(0, FAILURES - done);
				const outcomes = await Promise.allSettled(batch.map(([, fail]) => fail()));
				expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([]);
				done += batch.length;
			}
			await settled(before);
		});
	},
);

/** A close that libuv has yet to make takes a turn or two. */
async function settled(count: number): Promise<void> {
	for (let turn = 0; turn < 20 && openDescriptors() > count; turn++) {
		await new Promise((resolve) => setImmediate(resolve));
	}
	expect(openDescriptors()).toBe(count);
}

describe.skipIf(!access.available)("a runtime that makes no UDP socket from a descriptor (Deno)", () => {
	const deps: SocketDeps = { ...systemDeps, udpDescriptors: () => false };

	it("binds UDP sockets by their source address, and says so", async () => {
		const route = new Route({ af: 4, nic: LO, nicIps: [new IPRange("127.0.0.1")], extIps: [] });
		const bound = await route.bind({ ips: "*" }, deps);
		expect(bound).toMatchObject({
			deviceBinding: "device",
			deviceBindingReason: expect.stringContaining("UDP sockets are bound by their source address only"),
		});
		const socket = await bound.udp({ reuse: true, ttl: 9 });
		expect(portOf(socket)).toBeGreaterThan(0);
		socket.close();
	});

	it("refuses them in strict mode", async () => {
		const route = new Route({ af: 4, nic: LO, nicIps: [new IPRange("127.0.0.1")], extIps: [] });
		const bound = await route.bind({ ips: "*", strict: true }, deps);
		await expect(bound.udp()).rejects.toMatchObject({ code: "ERR_ROUTE_DEVICE_BINDING", nic: "lo" });
		expect(systemDeps.udpDescriptors?.()).toBe(true);
	});
});
