import { IpAddress } from "@p2pd/address";
import { kernelRoute, type SocketDeps, sourceRoute } from "@p2pd/route";
import type { LibcAccess } from "@p2pd/route/kernel";
import { describe, expect, it } from "vitest";
import { ANSWER_MAX_AGE } from "../../src/defaults.js";
import { KernelAnswers } from "../../src/kernel/answers.js";
import { loadLibc } from "../../src/kernel/libc.js";
import { systemDeps } from "../../src/kernel/system.js";
import { closed, DEFAULT_LO, NO_NATIVE, portOf } from "../sockets/kit.js";

const loopback = IpAddress.parse("127.0.0.1");

describe("what the kernel says", () => {
	it.each([
		["with libc", systemDeps],
		["without libc", NO_NATIVE],
	])("is told, and null where it has no route, %s", async (_how, deps) => {
		const answers = new KernelAnswers(deps);
		expect(await answers.source(loopback)).toBe("127.0.0.1");
		expect(await answers.source(IpAddress.parse("::1"))).toBe("::1");
		expect(await answers.source(IpAddress.parse("fe80::1%gone0"))).toBeNull();
	});

	it("is asked for once in a while, and again when it turned out otherwise", async () => {
		let [now, asked] = [1000, 0];
		const deps: SocketDeps = {
			...NO_NATIVE,
			clock: { now: () => now },
			libc: () => {
				asked++;
				return NO_NATIVE.libc();
			},
		};
		const answers = new KernelAnswers(deps);
		for (const [at, times] of [
			[1000, 1],
			[1000 + ANSWER_MAX_AGE - 1, 1],
			[1000 + ANSWER_MAX_AGE, 2],
		] as const) {
			now = at;
			await answers.source(loopback);
			expect(asked).toBe(times);
		}
		answers.forgetSource(loopback);
		await answers.source(loopback);
		expect(asked).toBe(3);
	});
});

const access = loadLibc();

describe.skipIf(!access.available)("a connection whose source turns out to be another", () => {
	it("is made again from the right one", async () => {
		if (!access.available) throw new Error(access.reason);
		// A kernel that said 127.0.0.3 and then takes 127.0.0.1.
		const stale: LibcAccess = {
			...access,
			libc: {
				...access.libc,
				getsockname: (_fd, address) => {
					address.set([2, 0, 0, 0, 127, 0, 0, 3]);
					return 0;
				},
			},
		};
		const server = await kernelRoute(4).listen();
		const sources: (string | undefined)[] = [];
		server.on("connection", (peer) => {
			sources.push(peer.remoteAddress);
			peer.resume();
		});
		const sockets = sourceRoute(
			{ af: 4, nic: DEFAULT_LO, ip: "127.0.0.3" },
			{ ...systemDeps, libc: () => stale },
		);
		const client = await sockets.connect({ ip: "127.0.0.1", port: portOf(server) });
		expect(client.localAddress).toBe("127.0.0.3");
		client.destroy();
		await closed(server);
		expect(sources).toEqual(["127.0.0.1", "127.0.0.3"]);
	});
});
