import { startStunServer } from "@p2pd/stun-client/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { discoverNat } from "../src/index.js";
import { kernelSockets } from "./lab/scenarios/kernel-sockets.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 120_000 });

const servers: { close(): Promise<void> }[] = [];

async function start(ip: string, other?: string): Promise<{ ip: string; port: number }> {
	const server = await startStunServer({
		primary: { ip, port: 0 },
		...(other === undefined ? {} : { alternate: { ip: other, port: 0 } }),
		tcp: true,
		rate: 0,
	});
	servers.push(server);
	return server.primary;
}

afterEach(async () => {
	await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe("on loopback, with the kernel's sockets", () => {
	it("is open where two servers with two addresses each agree", async () => {
		const asked = [await start("127.0.0.1", "127.0.0.2"), await start("127.0.0.3", "127.0.0.4")];
		const report = await discoverNat({ servers: asked }, { sockets: kernelSockets(4, "127.0.0.1") });
		expect(report).toMatchObject({
			type: 1,
			mapping: "none",
			filtering: "endpoint-independent",
			delta: { type: 1, value: 0 },
			singleServer: false,
		});
		expect(report.external).toEqual({ ip: "127.0.0.1", port: report.local?.port });
	});

	it("finds the local address itself, and speaks IPv6", async () => {
		const report = await discoverNat(
			{ servers: [await start("127.0.0.1", "127.0.0.2")] },
			{ sockets: kernelSockets(4) },
		);
		expect(report).toMatchObject({ type: 1, local: { ip: "127.0.0.1" }, singleServer: true });
		const six = await discoverNat({ servers: [await start("::1")] }, { sockets: kernelSockets(6) });
		expect(six).toMatchObject({ type: 1, mapping: "none", af: 6, local: { ip: "::1" } });
	});

	it("does not take a port that refuses for silence", async () => {
		const closed = await start("127.0.0.1");
		await Promise.all(servers.splice(0).map((server) => server.close()));
		for (const asked of [[closed], [closed, { ...closed, ip: "127.0.0.2" }]]) {
			const report = await discoverNat({ servers: asked }, { sockets: kernelSockets(4) });
			expect(report.type).toBe("unknown");
			expect(report.reason).toContain("ECONNREFUSED");
			expect(report.evidence.servers[0]?.problems.join()).toContain("ECONNREFUSED");
		}
	});

	it("goes on with the servers that answer where others refuse", async () => {
		const closed = await start("127.0.0.9");
		await Promise.all(servers.splice(0).map((server) => server.close()));
		const asked = [closed, await start("127.0.0.1", "127.0.0.2"), await start("127.0.0.3", "127.0.0.4")];
		const report = await discoverNat({ servers: asked }, { sockets: kernelSockets(4, "127.0.0.1") });
		expect([report.type, report.agreement.agreed]).toEqual([1, 2]);
	});

	it("says that filtering was not checked where servers have one address", async () => {
		const asked = [await start("127.0.0.1"), await start("127.0.0.2")];
		const report = await discoverNat({ servers: asked }, { sockets: kernelSockets(4, "127.0.0.1") });
		expect(report).toMatchObject({ type: 1, mapping: "none", filtering: "not-checked" });
		expect(report.reason).toContain("no server has two addresses");
		expect(report.evidence.servers[0]?.problems.join()).toContain("no other address");
	});
});
