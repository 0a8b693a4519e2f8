import { describe, expect, it } from "vitest";
import type { NodeConnection } from "../src/index.js";
import { nodesOfTest } from "./support/loopback.js";
import { loopbackNetwork } from "./support/network.js";

/** The issue of scale is `npm run bench`'s: 1,000 one after the other and 100 at once. Here a fraction. */
const ONE_AFTER_THE_OTHER = 25;
const AT_ONCE = 12;

/** How many sockets and timers there are, by kind. */
function openResources(): Map<string, number> {
	const counts = new Map<string, number>();
	for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
	return counts;
}

describe("a node's life", () => {
	const { start } = nodesOfTest();

	it("leaves nothing of many connections, one after the other and at once", { timeout: 30_000 }, async () => {
		const [a, b] = [await start(), await start()];
		b.onConnection((pipe) => pipe.subscribe());
		const once = async (): Promise<void> => {
			const { pipe } = await a.connect(b.address);
			const ended = new Promise<void>((resolve) => pipe.onEnd(() => resolve()));
			await pipe.close();
			await ended;
		};
		await once();
		const before = openResources();
		for (let count = 0; count < ONE_AFTER_THE_OTHER; count++) await once();
		await Promise.all(Array.from({ length: AT_ONCE }, once));
		const grown = (): string[] =>
			[...openResources()]
				.filter(([kind, count]) => /^TCP|^Timeout$/.test(kind) && count > (before.get(kind) ?? 0))
				.map(([kind]) => kind);
		// What is closing takes some turns of the event loop.
		for (let turns = 0; turns < 5000 && grown().length > 0; turns++)
			await new Promise((resolve) => setImmediate(resolve));
		expect(grown()).toEqual([]);
	});

	it("ends an attempt by its signal, and everything by close()", async () => {
		const [a, b] = [await start(), await start()];
		const end = new AbortController();
		const attempt = a.connect(b.address, { via: ["punch"], signal: end.signal });
		end.abort(new Error("enough"));
		await expect(attempt).rejects.toThrow("enough");
		const other = a.connect(b.address, { via: ["punch"] });
		await a.close();
		await expect(other).rejects.toMatchObject({ code: "ERR_NODE_STATE" });
		await expect(a.connect(b.address)).rejects.toMatchObject({ code: "ERR_NODE_STATE" });
	});

	it("signs a new address when the network has changed, and ends connections whose address is gone", async () => {
		let change: () => void = () => undefined;
		let gone = false;
		const network = loopbackNetwork();
		const [loopback] = await network.gather({ timeout: 0, signal: new AbortController().signal });
		if (loopback === undefined) throw new Error("no base");
		const a = await start(
			{},
			{
				network: {
					...network,
					gather: async () => (gone ? [] : [loopback]),
					async *changes(signal) {
						while (!signal.aborted) {
							yield await new Promise<void>((resolve) => {
								change = resolve;
								signal.addEventListener("abort", () => resolve(), { once: true });
							});
						}
					},
				},
			},
		);
		const before = a.address;
		const told = new Promise<number>((resolve) =>
			a.onAddress(({ candidates }) => resolve(candidates.length)),
		);
		gone = true;
		change();
		expect(await told).toBe(0);
		expect(a.address.sequence).toBeGreaterThan(before.sequence);
	});

	it("refuses options that are unknown or wrong, by name", async () => {
		const { P2PNode } = await import("../src/index.js");
		expect(() => new P2PNode({ signals: [] } as never)).toThrow(
			/signals is not a known option; did you mean "signal"/,
		);
		expect(() => new P2PNode({ port: 70_000 })).toThrow(/port/);
	});

	it("gives each side a pipe that ends when the other closes", async () => {
		const [a, b] = [await start(), await start()];
		const accepted = new Promise<NodeConnection>((resolve) =>
			b.onConnection((_pipe, connection) => resolve(connection)),
		);
		const { pipe } = await a.connect(b.address);
		const other = await accepted;
		const ended = new Promise<string>((resolve) =>
			other.pipe.onEnd((_message, _peer, _pipe, { kind }) => resolve(kind)),
		);
		other.pipe.subscribe();
		await pipe.close();
		expect(await ended).toBe("remote");
	});
});
