import { type Coturn, describeWithCoturn, startCoturn } from "@p2pd/testnet/coturn";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NodeConnection } from "../src/index.js";
import { nodesOfTest } from "./support/loopback.js";

describeWithCoturn("two nodes meet at a TURN server", () => {
	const { start } = nodesOfTest();
	let coturn: Coturn;
	beforeAll(async () => {
		coturn = await startCoturn({ ip: "127.0.34.1" });
	});
	afterAll(() => coturn.kill());
	const turn = () => [`turn:me:secret@127.0.34.1:${coturn.port}`];

	it.each([
		["the dialer's", "tcp", true, false],
		["the peer's", "tcp", false, true],
		["the dialer's of two", "tcp", true, true],
		["the dialer's", "udp", true, false],
		["the peer's", "udp", false, true],
	] as const)("%s, by %s", async (_whose, transport, dialer, answerer) => {
		const a = await start(dialer ? { turn: turn() } : {});
		const b = await start(answerer ? { turn: turn() } : {});
		const accepted = new Promise<NodeConnection>((resolve) =>
			b.onConnection((_pipe, connection) => resolve(connection)),
		);
		const connected = await a.connect(b.address, { via: ["relay"], transport });
		const other = await accepted;
		expect([connected.path, other.path]).toEqual(["relay", "relay"]);
		expect(connected.attempts.map(({ path, outcome }) => [path, outcome])).toEqual([["relay", "connected"]]);
		connected.pipe.subscribe();
		other.pipe.subscribe();
		await connected.pipe.send("over the relay");
		expect(String(await other.pipe.recv())).toBe("over the relay");
		await other.pipe.send("and back");
		expect(String(await connected.pipe.recv())).toBe("and back");
		// Whichever side is at the relay reports that address as its own end.
		const relayed = dialer ? other.pipe.remote : connected.pipe.remote;
		expect(relayed?.[0]).toBe("127.0.34.1");
	});

	it("or say why not: nobody has one", async () => {
		const [a, b] = [await start(), await start()];
		await expect(a.connect(b.address, { via: ["relay"] })).rejects.toThrow(
			"relay: this node has no TURN server; the peer: it has no TURN server",
		);
	});

	it("or say why not: wrong credentials, and the password stays secret", async () => {
		const a = await start({ turn: [`turn:me:wr%3Aong-secret@127.0.34.1:${coturn.port}`] });
		const b = await start();
		const failure = await a.connect(b.address, { via: ["relay"] }).catch((error: unknown) => String(error));
		expect(failure).toMatch(/answered 401/);
		expect(failure).not.toMatch(/ong-secret/);
	});

	it("or say why not: a server that is not there, and the next one is asked", async () => {
		const a = await start({ turn: ["turn:me:secret@127.0.34.1:9", ...turn()] });
		const b = await start();
		b.onConnection(() => undefined);
		expect((await a.connect(b.address, { via: ["relay"] })).path).toBe("relay");
	});
});
