import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import {
	buildNetwork,
	type DatagramHandler,
	deadServer,
	doublingServer,
	errorServer,
	garbageServer,
	type HostPort,
	lyingServer,
	oneGateway,
	otherAddressServer,
	SeededRandom,
	slowServer,
	unchangingServer,
	wrongSourceServer,
	wrongTransactionServer,
} from "../../src/index.js";
import { isStun, plainAddress, readAttributes, STUN, xorAddress } from "../../src/memory/bad-servers.js";
import { bindingRequest, tinyStun } from "./tiny-stun.js";

const server = { ip: "8.40.1.1", port: 3478 };
const other = { ip: "9.40.2.2", port: 3479 };
const client = { ip: "192.168.1.20", port: 5000 };

interface Arrival {
	readonly data: Buffer;
	readonly from: HostPort;
	readonly at: number;
}

/** Everything that comes back to one request within 5 s, with the time. */
async function exchange(bad: (good: DatagramHandler) => DatagramHandler, change = 0): Promise<Arrival[]> {
	const network = buildNetwork(oneGateway({ kind: "router" }), {
		services: { stun: (place) => bad(tinyStun(place)) },
	});
	const socket = await network.host("client").sockets(4).udp({ port: client.port });
	const arrivals: Arrival[] = [];
	socket.on("message", (data, { address, port }) => {
		arrivals.push({ data, from: { ip: address, port }, at: network.clock.now() });
	});
	socket.send(bindingRequest(transaction, change), server.port, server.ip);
	await network.clock.advance(5000);
	return arrivals;
}

const transaction = new SeededRandom("id").bytes(12);
const attribute = (data: Uint8Array, type: number): number[] | undefined => {
	const value = readAttributes(data).find((one) => one.type === type)?.value;
	return value && [...value];
};

describe("a good server, to begin with", () => {
	it("answers from where it was asked, with the client's address in both forms", async () => {
		const [answer, ...more] = await exchange((good) => good);
		expect(more).toEqual([]);
		expect(answer?.from).toEqual(server);
		const data = answer?.data ?? Buffer.alloc(0);
		expect(isStun(data)).toBe(true);
		expect(data.subarray(0, 2).toString("hex")).toBe("0101");
		expect(data.subarray(8, 20)).toEqual(Buffer.from(transaction));
		expect(attribute(data, STUN.MAPPED_ADDRESS)).toEqual([0, 1, 0x13, 0x88, 192, 168, 1, 20]);
		expect(attribute(data, STUN.XOR_MAPPED_ADDRESS)).toEqual([0, 1, 0x32, 0x9a, 0xe1, 0xba, 0xa5, 0x56]);
		expect(attribute(data, STUN.OTHER_ADDRESS)).toEqual([...plainAddress(other)]);
	});

	it("answers from elsewhere when it was asked to", async () => {
		expect((await exchange((good) => good, 6))[0]?.from).toEqual(other);
		expect((await exchange((good) => good, 2))[0]?.from).toEqual({ ip: server.ip, port: other.port });
	});
});

describe("bad servers", () => {
	it("dead: nothing comes back", async () => {
		expect(await exchange(() => deadServer())).toEqual([]);
	});

	it("slow: the answer comes later by just so much", async () => {
		expect((await exchange((good) => slowServer(good, 1234))).map(({ at }) => at)).toEqual([1234]);
	});

	it("answering twice: the same bytes, one after the other", async () => {
		const answers = await exchange((good) => doublingServer(good, 7));
		expect(answers.map(({ at }) => at)).toEqual([0, 7]);
		expect(answers[0]?.data).toEqual(answers[1]?.data);
	});

	it("wrong source: from an address that nobody asked", async () => {
		const source = { ip: "7.7.7.7", port: 9999 };
		expect((await exchange((good) => wrongSourceServer(good, source))).map(({ from }) => from)).toEqual([
			source,
		]);
	});

	it("lying: another mapped address, in every form, and well-formed", async () => {
		const lie = { ip: "1.3.3.7", port: 1337 };
		const [answer] = await exchange((good) => lyingServer(good, lie));
		const data = answer?.data ?? Buffer.alloc(0);
		expect(isStun(data)).toBe(true);
		expect(attribute(data, STUN.MAPPED_ADDRESS)).toEqual([0, 1, 0x05, 0x39, 1, 3, 3, 7]);
		expect(attribute(data, STUN.XOR_MAPPED_ADDRESS)).toEqual([...xorAddress(lie, data)]);
		expect(data.subarray(8, 20)).toEqual(Buffer.from(transaction));
	});

	it("lying about the port alone", async () => {
		const [answer] = await exchange((good) => lyingServer(good, ({ ip, port }) => ({ ip, port: port + 1 })));
		expect(attribute(answer?.data ?? Buffer.alloc(0), STUN.MAPPED_ADDRESS)).toEqual([
			...plainAddress({ ip: client.ip, port: client.port + 1 }),
		]);
	});

	it.each([
		["its own", "own" as const, server],
		["a private one", { ip: "10.0.0.1", port: 3479 }, { ip: "10.0.0.1", port: 3479 }],
	])("OTHER-ADDRESS is %s", async (_, wrong, expected) => {
		const [answer] = await exchange((good) => otherAddressServer(good, wrong));
		const data = answer?.data ?? Buffer.alloc(0);
		expect(attribute(data, STUN.OTHER_ADDRESS)).toEqual([...plainAddress(expected)]);
		expect(attribute(data, STUN.MAPPED_ADDRESS)).toEqual([...plainAddress(client)]);
	});

	it("wrong transaction: the rest is as it was", async () => {
		const random = new SeededRandom(1);
		const [answer] = await exchange((good) => wrongTransactionServer(good, random));
		const data = answer?.data ?? Buffer.alloc(0);
		expect(data.subarray(8, 20)).not.toEqual(Buffer.from(transaction));
		expect(data.subarray(0, 8).toString("hex").slice(0, 4)).toBe("0101");
		expect(attribute(data, STUN.MAPPED_ADDRESS)).toEqual([...plainAddress(client)]);
	});

	it("garbage: as many bytes, and no STUN", async () => {
		const random = new SeededRandom(1);
		const [good] = await exchange((server) => server);
		const [answer] = await exchange((good) => garbageServer(good, random));
		expect(answer?.data.length).toBe(good?.data.length);
		expect(isStun(answer?.data ?? Buffer.alloc(20))).toBe(false);
	});

	it.each([300, 420, 500, 699])("error response %i", async (code) => {
		const [answer] = await exchange((good) => errorServer(good, code, "Not today"));
		const data = answer?.data ?? Buffer.alloc(0);
		expect(data.subarray(0, 2).toString("hex")).toBe("0111");
		expect(isStun(data)).toBe(true);
		const value = attribute(data, STUN.ERROR_CODE) ?? [];
		expect((value[2] ?? 0) * 100 + (value[3] ?? 0)).toBe(code);
		expect(Buffer.from(value.slice(4)).toString()).toBe("Not today");
		expect(readAttributes(data)).toHaveLength(1);
	});

	it("ignoring CHANGE-REQUEST: from where it was asked", async () => {
		const answers = await exchange((good) => unchangingServer(good), 6);
		expect(answers.map(({ from }) => from)).toEqual([server]);
	});

	it("carry no FINGERPRINT or MESSAGE-INTEGRITY once they have tampered, rather than a wrong one", async () => {
		const signed =
			(good: DatagramHandler): DatagramHandler =>
			(data, from, localTo) =>
				good(data, from, localTo).map((reply) => {
					const body = Buffer.from(reply.data).subarray(20);
					const trailer = Buffer.from(
						"000800140000000000000000000000000000000000000000802800041234abcd",
						"hex",
					);
					const whole = Buffer.concat([Buffer.from(reply.data).subarray(0, 20), body, trailer]);
					whole.writeUInt16BE(whole.length - 20, 2);
					return { ...reply, data: whole };
				});
		const types = async (bad: (good: DatagramHandler) => DatagramHandler): Promise<number[]> =>
			readAttributes((await exchange(bad))[0]?.data ?? Buffer.alloc(0)).map(({ type }) => type);
		const honest = await types(signed);
		const lying = await types((good) => lyingServer(signed(good), { ip: "1.3.3.7", port: 1 }));
		expect(honest.slice(-2)).toEqual([STUN.MESSAGE_INTEGRITY, STUN.FINGERPRINT]);
		expect(lying).toEqual(honest.slice(0, -2));
	});

	it("compose: late, twice, and a lie", async () => {
		const lie = { ip: "1.3.3.7", port: 1 };
		const answers = await exchange((good) => doublingServer(slowServer(lyingServer(good, lie), 100), 50));
		expect(answers.map(({ at }) => at)).toEqual([100, 150]);
		expect(attribute(answers[1]?.data ?? Buffer.alloc(0), STUN.MAPPED_ADDRESS)).toEqual([
			...plainAddress(lie),
		]);
	});
});
