import { once } from "node:events";
import { connect } from "node:net";
import { createIdentity } from "@p2pd/peer";
import { SeededRandom } from "@p2pd/testnet";
import fc from "fast-check";
import mqtt from "mqtt";
import { afterEach, describe, expect, it } from "vitest";
import { Admission, RateLimit } from "../src/broker/admission.js";
import { type SignalBroker, startSignalBroker } from "../src/broker/index.js";
import { PacketSizes } from "../src/broker/limited-stream.js";
import { openMqttSignal } from "../src/index.js";
import { makePassword, readPassword } from "../src/password.js";

const NOW = 1_700_000_000_000;
const stream = new SeededRandom(9);
const random = (size: number): Uint8Array => stream.bytes(size);
const node = createIdentity();
const password = (broker = "broker:1883", now = NOW): Buffer =>
	Buffer.from(makePassword(node, broker, now, random));

describe("admission to the broker", () => {
	const admission = (max = 10): Admission => new Admission(["broker:1883", "10.0.0.1:1883"], max);

	it("admits a node by its signed password, once", () => {
		const door = admission();
		const one = password();
		expect(door.judge(node.id, one, NOW)).toBeNull();
		expect(door.judge(node.id, one, NOW)?.message).toMatch(/used before/);
		expect(door.judge(node.id, password("10.0.0.1:1883"), NOW)).toBeNull();
	});

	it.each([
		["for another broker", node.id, (): Uint8Array => password("evil:1883")],
		["of another node", createIdentity().id, (): Uint8Array => password()],
		["that is damaged", node.id, (): Uint8Array => Buffer.from(password()).fill("A", 60, 64)],
		["that is too short", node.id, (): Uint8Array => Buffer.from("secret")],
		["that is missing", node.id, (): undefined => undefined],
	] as const)("refuses a password %s", (_name, user, made) => {
		expect(admission().judge(user, made(), NOW)?.returnCode).toBe(4);
	});

	it("refuses clocks that are off by more than two minutes, with a code of its own", () => {
		expect(admission().judge(node.id, password("broker:1883", NOW - 120_001), NOW)?.returnCode).toBe(3);
		expect(admission().judge(node.id, password("broker:1883", NOW + 120_000), NOW)).toBeNull();
	});

	it("remembers a bounded number of passwords, and refuses more until they are too old", () => {
		const door = admission(2);
		expect(door.judge(node.id, password(), NOW)).toBeNull();
		expect(door.judge(node.id, password(), NOW)).toBeNull();
		expect(door.judge(node.id, password(), NOW)?.message).toMatch(/too many/);
		const later = NOW + 240_001;
		expect(door.judge(node.id, password("broker:1883", later), later)).toBeNull();
	});

	it("reads no password out of anything else", () => {
		fc.assert(
			fc.property(fc.string({ maxLength: 200 }), (text) => readPassword(text, ["broker:1883"]) === null),
		);
	});
});

describe("the broker's limits", () => {
	it("count messages: a burst, then a rate", () => {
		const limit = new RateLimit(10, 3, 0);
		expect([limit.take(0), limit.take(0), limit.take(0), limit.take(0)]).toEqual([true, true, true, false]);
		expect([limit.take(100), limit.take(100)]).toEqual([true, false]);
	});

	it("see a packet's size before it is there, however the bytes are cut", () => {
		const packet = (size: number): Buffer =>
			Buffer.concat([Buffer.of(0x30, (size & 127) | 128, size >> 7), Buffer.alloc(size)]);
		const bytes = Buffer.concat([packet(200), Buffer.of(0xc0, 0), packet(9000)]);
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 500 }), (step) => {
				const sizes = new PacketSizes(9216);
				for (let at = 0; at < bytes.length; at += step)
					expect(sizes.accept(bytes.subarray(at, at + step))).toBe(true);
				expect(sizes.accept(Buffer.of(0x30, 0xff, 0xff, 0x7f))).toBe(false);
			}),
			{ numRuns: 40 },
		);
		expect(new PacketSizes(9216).accept(Buffer.of(0x30, 0x80, 0x80, 0x80, 0x80, 1))).toBe(false);
	});
});

describe("a broker that runs", () => {
	let broker: SignalBroker | null = null;
	afterEach(async () => {
		await broker?.close();
		broker = null;
	});
	const start = async (): Promise<SignalBroker> => {
		broker = await startSignalBroker({ ip: "127.0.0.1", maxConnectionsPerIp: 4 });
		return broker;
	};
	const client = async (made: SignalBroker): Promise<mqtt.MqttClient> => {
		const { ip, port } = made.local;
		return mqtt.connectAsync(made.url, {
			reconnectPeriod: 0,
			username: node.id,
			password: makePassword(node, `${ip}:${port}`, Date.now(), random),
		});
	};

	it("lets a node read its own inbox alone, and write to inboxes alone", async () => {
		const made = await start();
		const mine = await client(made);
		expect((await mine.subscribeAsync(`p2pd/1/${node.id}`))[0]?.qos).toBe(0);
		for (const topic of ["#", "p2pd/1/+", `p2pd/1/${createIdentity().id}`, "$SYS/#"]) {
			const granted = await mine.subscribeAsync(topic).catch((error: unknown) => error);
			expect(granted, topic).toBeInstanceOf(Error);
		}
		const closed = new Promise<void>((resolve) => mine.once("close", () => resolve()));
		mine.publish("p2pd/2/elsewhere", "x");
		await closed;
		await mine.endAsync(true);
	});

	it.each([
		["a wrong password", { password: "secret" }],
		["a session that would outlive it", { clean: false, clientId: "mine" }],
		[
			"a will",
			{ will: { topic: `p2pd/1/${node.id}`, payload: Buffer.from("x"), qos: 0, retain: false } as const },
		],
	])("refuses %s", async (_name, options) => {
		const made = await start();
		const { ip, port } = made.local;
		const refused = mqtt.connect(made.url, {
			reconnectPeriod: 0,
			username: node.id,
			password: makePassword(node, `${ip}:${port}`, Date.now(), random),
			...options,
		});
		const connected = new Promise<boolean>((resolve) => {
			refused.once("connect", () => resolve(true));
			refused.on("error", () => undefined);
			refused.once("close", () => resolve(false));
		});
		expect(await connected).toBe(false);
		await refused.endAsync(true);
	});

	it("drops who announces a large packet, and who comes too often from one address", async () => {
		const made = await start();
		const { ip, port } = made.local;
		const large = connect(port, ip);
		large.write(Buffer.of(0x10, 0xff, 0xff, 0x7f));
		await once(large, "close");
		const many = Array.from({ length: 8 }, () => connect(port, ip));
		for (const socket of many) socket.on("error", () => undefined);
		await Promise.all(many.slice(4).map((socket) => once(socket, "close")));
		for (const socket of many) socket.destroy();
	});

	it("says what is wrong: nothing there, a wrong password, a clock that is off", async () => {
		const made = await start();
		const { ip, port } = made.local;
		const late = openMqttSignal(made.url, node, {}, { wallNow: () => Date.now() - 3_600_000 });
		await expect(late.ready()).rejects.toMatchObject({ code: "ERR_SIGNAL_CLOCK" });
		await late.close();
		const wrong = openMqttSignal(`mqtt://me:secret@${ip}:${port}`, node);
		const denied = await wrong.ready().catch((error: unknown) => error);
		expect(denied).toMatchObject({ code: "ERR_SIGNAL_DENIED" });
		expect(String(denied)).not.toContain("secret");
		await wrong.close();
		await made.close();
		const nothing = openMqttSignal(made.url, node);
		await expect(nothing.ready()).rejects.toMatchObject({ code: "ERR_SIGNAL_UNREACHABLE" });
		await nothing.close();
	});

	it("is connected to again when it comes back", async () => {
		const made = await start();
		const { ip, port } = made.local;
		const signal = openMqttSignal(made.url, node);
		await signal.ready();
		await made.close();
		broker = await startSignalBroker({ ip, port });
		const messages = signal.messages();
		for (;;) {
			try {
				await signal.ready();
				await signal.send(node.id, Buffer.from("again"));
				break;
			} catch {
				await new Promise((resolve) => setImmediate(resolve));
			}
		}
		expect(String((await messages.next()).value)).toBe("again");
		await signal.close();
	});
});
