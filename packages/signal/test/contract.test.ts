import { createIdentity, type PeerIdentity } from "@p2pd/peer";
import { afterEach, describe, expect, it } from "vitest";
import { startSignalBroker } from "../src/broker/index.js";
import { MemorySignalHub, openMqttSignal, type Signal, SignalClosedError } from "../src/index.js";
import { hasMosquitto, startMosquitto } from "./support/mosquitto.js";

interface World {
	/** Identities that may connect, if not everyone may. */
	readonly identities?: PeerIdentity[];
	open(identity: PeerIdentity): Signal;
	close(): Promise<void>;
}

const WORLDS: Readonly<Record<string, () => Promise<World>>> = {
	memory: async () => {
		const hub = new MemorySignalHub();
		return { open: ({ id }) => hub.open(id), close: async () => undefined };
	},
	"MQTT 3.1.1 on the embedded broker": async () => {
		const broker = await startSignalBroker({ ip: "127.0.0.1" });
		return { open: (identity) => openMqttSignal(broker.url, identity), close: () => broker.close() };
	},
	...(hasMosquitto && {
		"MQTT 3.1.1 on mosquitto with our ACL file": () => onMosquitto(4),
		"MQTT 5 on mosquitto with our ACL file": () => onMosquitto(5),
	}),
};

async function onMosquitto(protocolVersion: 4 | 5): Promise<World> {
	const identities = Array.from({ length: 3 }, () => createIdentity());
	const server = await startMosquitto(Object.fromEntries(identities.map(({ id }) => [id, "secret"])));
	return {
		identities,
		open: (identity) =>
			openMqttSignal(`mqtt://${identity.id}:secret@127.0.0.1:${server.port}`, identity, { protocolVersion }),
		close: () => server.close(),
	};
}

describe.each(Object.entries(WORLDS))("a signal: %s", (_name, build) => {
	const closing: (() => Promise<void>)[] = [];
	afterEach(async () => {
		for (const close of closing.splice(0).reverse()) await close();
	});
	const world = async (): Promise<World> => {
		const made = await build();
		closing.push(() => made.close());
		return made;
	};
	const newIdentity = (where: World): PeerIdentity => where.identities?.pop() ?? createIdentity();
	const open = async (where: World, identity = newIdentity(where)): Promise<Signal> => {
		const signal = where.open(identity);
		closing.push(() => signal.close());
		await signal.ready();
		return signal;
	};

	it("carries bytes to the inbox that is named, in order, and to no other", async () => {
		const where = await world();
		const [a, b, c] = [await open(where), await open(where), await open(where)];
		const inbox = b.messages();
		await a.send(b.id, Uint8Array.of(1, 0, 255));
		await a.send(c.id, Uint8Array.of(9));
		await a.send(b.id, Buffer.alloc(8192, 7));
		expect([...((await inbox.next()).value ?? [])]).toEqual([1, 0, 255]);
		expect((await inbox.next()).value?.length).toBe(8192);
		expect([...((await c.messages().next()).value ?? [])]).toEqual([9]);
	});

	it("delivers to every open inbox of one node", async () => {
		const where = await world();
		const identity = newIdentity(where);
		const [a, first, second] = [await open(where), await open(where, identity), await open(where, identity)];
		await a.send(identity.id, Uint8Array.of(5));
		expect([...((await first.messages().next()).value ?? [])]).toEqual([5]);
		expect([...((await second.messages().next()).value ?? [])]).toEqual([5]);
	});

	it("takes a message for a node that is not there, and refuses what is not a message", async () => {
		const where = await world();
		const a = await open(where);
		await a.send(createIdentity().id, Uint8Array.of(1));
		await expect(a.send("somebody", Uint8Array.of(1))).rejects.toMatchObject({
			code: "ERR_SIGNAL_ARGUMENT",
			argument: "to",
		});
		await expect(a.send(a.id, new Uint8Array(8193))).rejects.toMatchObject({ argument: "bytes" });
	});

	it("ends its reader when it is closed, and then refuses to send", async () => {
		const where = await world();
		const a = await open(where);
		const next = a.messages().next();
		await a.close();
		await a.close();
		expect((await next).done).toBe(true);
		expect(a.state).toBe("closed");
		await expect(a.send(a.id, Uint8Array.of(1))).rejects.toBeInstanceOf(SignalClosedError);
		await expect(a.ready()).rejects.toBeInstanceOf(SignalClosedError);
	});
});
