import { describe, expect, it } from "vitest";
import type { NodeConnection } from "../src/index.js";
import { nodesOfTest } from "./support/loopback.js";

describe("two nodes on one host", () => {
	const { start } = nodesOfTest();

	it("connect by their LAN addresses, and both know who the other is", async () => {
		const [a, b] = [await start(), await start()];
		const accepted = new Promise<NodeConnection>((resolve) =>
			b.onConnection((_pipe, connection) => resolve(connection)),
		);
		const connected = await a.connect(b.address.toString());
		const other = await accepted;
		expect(connected).toMatchObject({ id: b.id, path: "lan", transport: "tcp" });
		expect(other).toMatchObject({ id: a.id, path: "lan", transport: "tcp", rttMs: null });
		connected.pipe.subscribe();
		other.pipe.subscribe();
		await connected.pipe.send("hello");
		expect(String(await other.pipe.recv())).toBe("hello");
		await other.pipe.send("you too");
		expect(String(await connected.pipe.recv())).toBe("you too");
	});

	it("connect over datagrams, encrypted", async () => {
		const [a, b] = [await start(), await start()];
		const accepted = new Promise<NodeConnection>((resolve) =>
			b.onConnection((_pipe, connection) => resolve(connection)),
		);
		const connected = await a.connect(b.address, { transport: "udp", via: ["lan"] });
		const other = await accepted;
		expect(connected).toMatchObject({ id: b.id, path: "lan", transport: "udp" });
		expect(other).toMatchObject({ id: a.id, path: "lan", transport: "udp" });
		connected.pipe.subscribe();
		other.pipe.subscribe();
		await connected.pipe.send("hello");
		expect(String(await other.pipe.recv())).toBe("hello");
		await other.pipe.send("you too");
		expect(String(await connected.pipe.recv())).toBe("you too");
		const ended = new Promise<void>((resolve) => other.pipe.onEnd(() => resolve()));
		await connected.pipe.close();
		await ended;
	});

	it.each(["lan", "reverse"] as const)("connect by %s alone", async (path) => {
		const [a, b] = [await start(), await start()];
		b.onConnection(() => undefined);
		const connected = await a.connect(b.address, { via: [path] });
		expect(connected.path).toBe(path);
		expect(connected.attempts.at(-1)).toMatchObject({ path, outcome: "connected" });
	});

	it("fail with a reason for every way when the peer is gone", async () => {
		const [a, b] = [await start(), await start()];
		const { address } = b;
		await b.close();
		const failure = await a.connect(address, { timeout: 1500 }).catch((error: unknown) => error);
		expect(failure).toMatchObject({ code: "ERR_NODE_CONNECT", id: address.id });
		expect(String(failure)).toMatch(/lan: .*ECONNREFUSED/);
		expect(String(failure)).toMatch(/reverse, punch, relay: the peer did not answer/);
	});
});
