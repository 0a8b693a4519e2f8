import { createServer } from "node:net";
import type { PeerAddressFields } from "@p2pd/peer";
import { createIdentity, PeerAddress } from "@p2pd/peer";
import type { HubMessage } from "@p2pd/signal";
import { describe, expect, it, vi } from "vitest";
import { nodesOfTest } from "./support/loopback.js";

function fieldsOf({ candidates, expires, sequence, signals }: PeerAddressFields): PeerAddressFields {
	return { candidates, expires, sequence, signals };
}

describe("a hostile signal server", () => {
	const { hub, start } = nodesOfTest();

	it("that repeats, reorders and damages everything cannot keep two nodes from connecting", async () => {
		const held: HubMessage[] = [];
		hub.rule = (message) => {
			const damaged = { ...message, bytes: Buffer.from(message.bytes).fill(0, 100, 120) };
			const late = held.splice(0);
			held.push(message);
			return [damaged, message, ...late, message];
		};
		const [a, b] = [await start(), await start()];
		const accepted = vi.fn();
		b.onConnection(accepted);
		const connected = await a.connect(b.address, { via: ["reverse"] });
		expect(connected.id).toBe(b.id);
		await vi.waitFor(() => expect(accepted).toHaveBeenCalledTimes(1));
	});

	it("learns no id, no address and no key of what it carries", async () => {
		const recorded: HubMessage[] = [];
		hub.rule = (message) => {
			recorded.push(message);
			return [message];
		};
		const [a, b] = [await start(), await start()];
		b.onConnection(() => undefined);
		await a.connect(b.address, { via: ["reverse"] });
		expect(recorded.length).toBeGreaterThan(2);
		const carried = Buffer.concat(recorded.map(({ bytes }) => bytes));
		for (const { address } of [a, b]) {
			for (const secret of [
				address.signing,
				address.agreement,
				Buffer.from(`${address}`),
				Buffer.from(address.id),
				Buffer.from("127.0.0.1"),
			]) {
				expect(carried.includes(Buffer.from(secret))).toBe(false);
			}
		}
		expect(recorded.every(({ bytes }) => bytes.length % 256 === 0)).toBe(true);
	});

	it("that plays everything back to a node that was started again makes nothing of it", async () => {
		const recorded: HubMessage[] = [];
		hub.rule = (message) => {
			recorded.push(message);
			return [message];
		};
		const identity = createIdentity();
		const a = await start();
		const before = await start({ identity, signal: [hub.open(identity.id)] });
		before.onConnection(() => undefined);
		const { pipe } = await a.connect(before.address, { via: ["reverse"] });
		await pipe.close();
		await before.close();
		const after = await start({ identity, signal: [hub.open(identity.id)] });
		const accepted = vi.fn();
		after.onConnection(accepted);
		const answers: HubMessage[] = [];
		hub.rule = (message) => {
			answers.push(message);
			return [message];
		};
		for (const message of recorded) hub.deliver(message);
		// A message of its own shows that what came before it has been dealt with.
		await a.connect(after.address, { via: ["reverse"] });
		await vi.waitFor(() => expect(accepted).toHaveBeenCalledTimes(1));
	});

	it("cannot pass one node off as another", async () => {
		const [a, b, eve] = [await start(), await start(), await start()];
		eve.onConnection(() => undefined);
		hub.rule = (message) => (message.to === b.id ? [{ ...message, to: eve.id }] : [message]);
		const forged = PeerAddress.sign(createIdentity(), fieldsOf(eve.address));
		const failure = a.connect(b.address, { via: ["reverse"], timeout: 800 });
		await expect(failure).rejects.toMatchObject({ code: "ERR_NODE_CONNECT" });
		await expect(a.connect(forged, { timeout: 1500 })).rejects.toMatchObject({ code: "ERR_NODE_CONNECT" });
	});
});

describe("a node among strangers", () => {
	const { start } = nodesOfTest();

	it("refuses a node that its filter does not accept, and says so", async () => {
		const [a, b] = [await start(), await start({ accept: () => false })];
		const accepted = vi.fn();
		b.onConnection(accepted);
		const failure = await a.connect(b.address, { timeout: 4000 }).catch((error: unknown) => error);
		expect(String(failure)).toContain("the peer does not accept this node");
		expect(accepted).not.toHaveBeenCalled();
	});

	it("names a clock that is wrong by an hour", async () => {
		const [a, b] = [await start({}, { wallNow: () => Date.now() + 3_600_000 }), await start()];
		b.onConnection(() => undefined);
		const failure = await a.connect(b.address, { timeout: 4000 }).catch((error: unknown) => error);
		expect(String(failure)).toContain("the clocks of this machine and of the peer differ by 60 minutes");
	});

	it("gives a foreign host at the peer's LAN address nothing, and loses no time by it", async () => {
		const heard: Buffer[] = [];
		const foreign = createServer((socket) => {
			socket.on("error", () => undefined);
			socket.on("data", (data) => heard.push(data));
		});
		await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
		const { port } = foreign.address() as { port: number };
		const [a, b] = [await start(), await start()];
		b.onConnection(() => undefined);
		// The node's own address with a first candidate where the stranger is.
		const identity = createIdentity();
		const c = await start({ identity });
		c.onConnection(() => undefined);
		const [candidate] = c.address.candidates;
		if (candidate === undefined) throw new Error("no candidate");
		const address = PeerAddress.sign(identity, {
			...fieldsOf(c.address),
			candidates: [{ ...candidate, port }, candidate],
		});
		const connected = await a.connect(address);
		expect(connected).toMatchObject({ id: c.id, path: "lan" });
		expect(connected.ms).toBeLessThan(4000);
		const bytes = Buffer.concat(heard);
		for (const secret of [a.address.signing, c.address.signing, Buffer.from(a.id), Buffer.from(c.id)]) {
			expect(bytes.includes(Buffer.from(secret))).toBe(false);
		}
		await connected.pipe.close();
		await new Promise<void>((resolve) => foreign.close(() => resolve()));
	});

	it("refuses its own address, and what is no address", async () => {
		const a = await start();
		await expect(a.connect(a.address)).rejects.toMatchObject({ code: "ERR_NODE_ARGUMENT" });
		await expect(a.connect("hello")).rejects.toMatchObject({ code: "ERR_PEER_ADDRESS_PREFIX" });
		await expect(a.connect("0-0-0-93e9d6f7e7791ea06544557a2-c88e")).rejects.toMatchObject({
			code: "ERR_PEER_ADDRESS_UNSIGNED",
		});
		await expect(a.connect(a.address, { via: ["teleport" as "lan"] })).rejects.toMatchObject({
			code: "ERR_NODE_ARGUMENT",
		});
	});

	it("reaches a peer whose address has expired by asking it for a new one", async () => {
		const identity = createIdentity();
		const [a, b] = [await start(), await start({ identity })];
		b.onConnection(() => undefined);
		const expired = PeerAddress.sign(identity, {
			...fieldsOf(b.address),
			candidates: [],
			sequence: 1,
			expires: 2,
		});
		expect((await a.connect(expired, { via: ["lan"] })).path).toBe("lan");
	});
});
