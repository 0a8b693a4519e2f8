import type { NatSpec } from "@p2pd/testnet";
import { describe, expect, it, vi } from "vitest";
import { measureNatLifetime, type NatLifetime, type NatLifetimeOptions } from "../src/index.js";
import { buildScene, dead, type Scene, serversOf } from "./scenes/scene.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 120_000 });

const nat = (ms: number, refresh: "outbound" | "inbound" | "both" = "outbound"): NatSpec => ({
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
	lifetime: { ms, refresh },
});

async function measure(
	scene: Scene,
	options: Partial<NatLifetimeOptions> = {},
): Promise<NatLifetime & { took: number }> {
	const network = buildScene({ servers: 1, responsePort: true, ...scene });
	const [server] = serversOf(1);
	if (server === undefined) throw new Error("the scene has a server");
	const { clock } = network;
	const verdict = await clock.runUntil(
		measureNatLifetime(
			{ server, ...options },
			{ sockets: network.host("client").sockets(4), clock, random: (size) => network.random.bytes(size) },
		),
	);
	return { ...verdict, took: clock.now() };
}

describe("the lifetime of mappings", () => {
	it.each([
		[20_000, 15_000, 30_000],
		[45_000, 30_000, 60_000],
		[130_000, 120_000, 180_000],
	])("of %i ms is between two waits", async (ms, atLeast, lessThan) => {
		expect(await measure({ gateway: nat(ms) })).toMatchObject({ status: "measured", atLeast, lessThan });
	});

	it("may be below or above all waits", async () => {
		const waits = [10_000, 20_000];
		expect(await measure({ gateway: nat(2_000) }, { waits })).toMatchObject({
			atLeast: null,
			lessThan: 10_000,
		});
		expect(await measure({ gateway: nat(60_000) }, { waits })).toMatchObject({
			atLeast: 20_000,
			lessThan: null,
		});
	});

	it("takes as long as the longest wait, and not the sum", async () => {
		const { took } = await measure({ gateway: nat(500_000) }, { waits: [1000, 2000, 3000] });
		expect(took).toBeLessThan(4000);
	});

	it("is right with loss on the way", async () => {
		for (let seed = 1; seed <= 10; seed++) {
			const { status, atLeast } = await measure({ gateway: nat(45_000), loss: 0.05, seed });
			expect([status, atLeast]).toEqual(["measured", 30_000]);
		}
	});

	it("claims nothing where the server does not obey RESPONSE-PORT, or does not answer", async () => {
		const refused = await measure({ gateway: nat(45_000), responsePort: false });
		expect(refused).toMatchObject({
			status: "not-checked",
			reason: expect.stringContaining("RESPONSE-PORT"),
		});
		const silent = await measure({ gateway: nat(45_000), bad: { 0: dead } });
		expect(silent).toMatchObject({
			status: "not-checked",
			reason: expect.stringContaining("does not answer"),
		});
	});

	it("ends at once when it is aborted", async () => {
		const stop = new AbortController();
		const network = buildScene({ gateway: nat(45_000), servers: 1, responsePort: true });
		const [server] = serversOf(1);
		if (server === undefined) throw new Error("the scene has a server");
		network.clock.setTimeout(() => stop.abort(new Error("enough")), 5000);
		const work = network.clock.runUntil(
			measureNatLifetime(
				{ server, signal: stop.signal },
				{ sockets: network.host("client").sockets(4), clock: network.clock },
			),
		);
		await expect(work).rejects.toThrow("enough");
		expect(network.clock.now()).toBe(5000);
	});

	it("refuses waits that are no times", async () => {
		await expect(measure({ gateway: nat(1) }, { waits: [0] })).rejects.toMatchObject({
			code: "ERR_NAT_ARGUMENT",
		});
		await expect(measure({ gateway: nat(1) }, { waits: [] })).rejects.toMatchObject({
			code: "ERR_NAT_ARGUMENT",
		});
	});
});
