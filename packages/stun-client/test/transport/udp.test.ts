import type { PacketEvent } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage, mappedAddressOf } from "../../src/codec.js";
import { RtoTable, StunSocket } from "../../src/transport.js";
import { answering, dead, server, world } from "../support/world.js";

const setUp = async (net: ReturnType<typeof world>, attached = false) => {
	const socket = await net.host("client").sockets(4).udp();
	const deps = { clock: net.clock, random: net.random.bytes };
	return { socket, stun: new StunSocket({ socket, attached }, deps) };
};

/** The times at which the client sent something. */
const sends = (net: ReturnType<typeof world>): number[] => {
	const times: number[] = [];
	net.watch((event: PacketEvent) => {
		if (event.where === "client" && event.what === "sent") times.push(event.at);
	});
	return times;
};

describe("a STUN socket", () => {
	it("gets an answer, with its round trip", async () => {
		const net = world([{ link: { latency: 20 } }]);
		const { stun, socket } = await setUp(net);
		const reply = await net.clock.runUntil(stun.request({ to: server(0) }));
		expect(reply).toMatchObject({ from: server(0), rtt: 40, sends: 1, at: 40 });
		expect(mappedAddressOf(reply.message)).toMatchObject({ ip: "82.1.1.9", port: socket.address().port });
		stun.close();
		socket.close();
	});

	it("sends 7 times and gives up after 39.5 s, as RFC 8489 has it", async () => {
		const net = world([{ handler: dead }]);
		const times = sends(net);
		const { stun, socket } = await setUp(net);
		const request = stun.request({ to: server(0) });
		await expect(net.clock.runUntil(request)).rejects.toMatchObject({
			code: "ERR_STUN_TIMEOUT",
			server: server(0),
			sends: 7,
			waited: 39500,
		});
		expect(times).toEqual([0, 500, 1500, 3500, 7500, 15500, 31500]);
		stun.close();
		socket.close();
	});

	it("keeps to a schedule of the caller's", async () => {
		const net = world([{ handler: dead }]);
		const times = sends(net);
		const { stun, socket } = await setUp(net);
		const request = stun.request({ to: server(0), schedule: [0, 30, 40], giveUpAfter: 90 });
		await expect(net.clock.runUntil(request)).rejects.toMatchObject({ sends: 3, waited: 90 });
		expect(times).toEqual([0, 30, 40]);
		stun.close();
		socket.close();
	});

	it("learns the retransmission time of a server, and takes one from the caller", async () => {
		const net = world([{ link: { latency: 100 } }]);
		const socket = await net.host("client").sockets(4).udp();
		const rtoTable = new RtoTable();
		const stun = new StunSocket({ socket }, { clock: net.clock, random: net.random.bytes, rtoTable });
		await net.clock.runUntil(stun.request({ to: server(0) }));
		expect(rtoTable.rto(server(0).ip, net.clock.now())).toBe(600);
		const times = sends(net);
		const start = net.clock.now();
		const request = stun.request({ to: { ...server(0), ip: "8.8.99.1" }, rtt: 50, giveUpAfter: 500 });
		await expect(net.clock.runUntil(request)).rejects.toMatchObject({ code: "ERR_STUN_TIMEOUT" });
		expect(times.map((at) => at - start)).toEqual([0, 150, 450]);
		stun.close();
		socket.close();
	});

	it("ignores replies from where it did not ask, and counts them", async () => {
		const net = world([
			{
				handler:
					({ alternate }) =>
					(data) => {
						const { transactionId } = decodeMessage(data);
						const reply = encodeMessage({
							class: "success",
							transactionId,
							attributes: [{ name: "XOR-MAPPED-ADDRESS", value: { ip: "6.6.6.6", port: 666 } }],
						});
						return [{ data: reply, ...(alternate === null ? {} : { from: alternate }) }];
					},
			},
		]);
		const { stun, socket } = await setUp(net);
		const request = stun.request({ to: server(0), giveUpAfter: 1000 });
		await expect(net.clock.runUntil(request)).rejects.toMatchObject({ code: "ERR_STUN_TIMEOUT" });
		expect(stun.counts).toEqual({ wrongSource: 2, late: 0, refused: 0 });
		// Where the caller does not know the source, the id alone decides.
		const any = await net.clock.runUntil(stun.request({ to: server(0), expectFrom: "any" }));
		expect(any.from).toEqual({ ip: "9.9.0.2", port: 3479 });
		stun.close();
		socket.close();
	});

	it("ignores late and duplicate replies", async () => {
		const net = world([{ link: { latency: 200, duplicate: 1 } }]);
		const { stun, socket } = await setUp(net);
		await net.clock.runUntil(stun.request({ to: server(0) }));
		const late = stun.request({ to: server(0), giveUpAfter: 300 });
		await expect(net.clock.runUntil(late)).rejects.toMatchObject({ code: "ERR_STUN_TIMEOUT" });
		await net.clock.advance(5000);
		expect(stun.counts.late).toBeGreaterThan(3);
		expect(stun.counts).toMatchObject({ wrongSource: 0, refused: 0 });
		stun.close();
		socket.close();
	});

	it("does not take a response of another method for an answer", async () => {
		const net = world([{ handler: answering(() => ({ class: "success", method: 3 })) }]);
		const { stun, socket } = await setUp(net);
		const request = stun.request({ to: server(0), giveUpAfter: 400 });
		await expect(net.clock.runUntil(request)).rejects.toMatchObject({ code: "ERR_STUN_TIMEOUT" });
		expect(stun.counts.refused).toBe(1);
		stun.close();
		socket.close();
	});

	it.each(["request", "indication"] as const)(
		"leaves a %s with its id to others: it is no answer",
		async (kind) => {
			const net = world([{ handler: answering(() => ({ class: kind })) }]);
			const { stun, socket } = await setUp(net, true);
			let heard = 0;
			socket.on("message", () => heard++);
			const request = stun.request({ to: server(0), giveUpAfter: 400 });
			await expect(net.clock.runUntil(request)).rejects.toMatchObject({ code: "ERR_STUN_TIMEOUT" });
			expect(stun.counts).toEqual({ wrongSource: 0, late: 0, refused: 0 });
			expect(heard).toBe(1);
			stun.close();
			socket.close();
		},
	);

	it("asks 200 servers' worth at once and matches every answer", async () => {
		const net = world([{ link: { latency: 30, jitter: 25, reorder: 0.3 } }, { link: { latency: 3 } }]);
		const { stun, socket } = await setUp(net);
		const requests = Array.from({ length: 200 }, (_, n) => stun.request({ to: server(n % 2) }));
		const replies = await net.clock.runUntil(Promise.all(requests));
		expect(replies.map(({ from }) => from)).toEqual(requests.map((_, n) => server(n % 2)));
		stun.close();
		socket.close();
	});

	it("survives loss", async () => {
		const net = world([{ link: { latency: 10, loss: 0.15 } }]);
		const { stun, socket } = await setUp(net);
		const replies = await net.clock.runUntil(
			Promise.all(Array.from({ length: 50 }, () => stun.request({ to: server(0) }))),
		);
		expect(Math.max(...replies.map((reply) => reply.sends))).toBeGreaterThan(1);
		stun.close();
		socket.close();
	});

	it("ends at once when it is aborted or closed", async () => {
		const net = world([{ handler: dead }]);
		const { stun, socket } = await setUp(net);
		const abort = new AbortController();
		const aborted = stun.request({ to: server(0), signal: abort.signal });
		const closed = stun.request({ to: server(0) });
		abort.abort(new Error("enough"));
		await expect(aborted).rejects.toThrow("enough");
		await expect(stun.request({ to: server(0), signal: abort.signal })).rejects.toThrow("enough");
		stun.close();
		await expect(closed).rejects.toMatchObject({ code: "ERR_STUN_CLOSED" });
		await expect(stun.request({ to: server(0) })).rejects.toMatchObject({ code: "ERR_STUN_CLOSED" });
		expect(socket.listenerCount("message") + socket.listenerCount("error")).toBe(0);
		socket.close();
	});

	it("fails what is under way when somebody closes the socket", async () => {
		const net = world([{ handler: dead }]);
		const { stun, socket } = await setUp(net);
		const request = stun.request({ to: server(0) });
		socket.close();
		await expect(net.clock.runUntil(request)).rejects.toMatchObject({ code: "ERR_STUN_CLOSED" });
	});

	it("says what the network says: no route", async () => {
		const net = world([{}]);
		const { stun, socket } = await setUp(net);
		const request = stun.request({ to: { ip: "2001:db8::1", port: 3478 } });
		await expect(net.clock.runUntil(request)).rejects.toMatchObject({
			code: "ERR_STUN_NETWORK",
			errno: "EINVAL",
			cause: expect.objectContaining({ code: "EINVAL" }),
		});
		stun.close();
		socket.close();
	});

	it("says what the network says: ICMP, on a connected socket", async () => {
		const net = world([{}]);
		const socket = await net.host("client").sockets(4).udp();
		const to = { ip: "8.8.0.1", port: 9 };
		await net.clock.runUntil(new Promise<void>((resolve) => socket.connect(to.port, to.ip, resolve)));
		const stun = new StunSocket({ socket, connected: true }, { clock: net.clock, random: net.random.bytes });
		await expect(net.clock.runUntil(stun.request({ to }))).rejects.toMatchObject({
			code: "ERR_STUN_NETWORK",
			errno: "ECONNREFUSED",
			server: to,
		});
		stun.close();
		socket.close();
	});
});

describe("attached to a socket that others read", () => {
	it("consumes its own replies, also late and spoofed ones, and nothing else", async () => {
		const net = world([{ link: { latency: 10, duplicate: 1 } }]);
		const { stun, socket } = await setUp(net, true);
		const early: string[] = [];
		socket.on("message", (data) => early.push(data.toString("latin1")));
		const request = stun.request({ to: server(0) });
		const later: string[] = [];
		socket.on("message", (data) => later.push(data.toString("latin1")));
		await net.clock.runUntil(request);
		await net.clock.advance(100);
		expect(stun.counts.late).toBe(3);
		expect(early).toEqual([]);

		// A STUN message of somebody else, and no STUN at all, are not ours.
		const peer = await net.host("s0").sockets(4).udp();
		const foreign = encodeMessage({ class: "success", transactionId: Buffer.alloc(12, 5) });
		peer.send(foreign, socket.address().port, "82.1.1.9");
		peer.send("hello", socket.address().port, "82.1.1.9");
		await net.clock.advance(100);
		const expected = [foreign.toString("latin1"), foreign.toString("latin1"), "hello", "hello"];
		expect([...early].sort()).toEqual(expected.sort());
		expect(later).toEqual(early);

		stun.close();
		peer.send("after", socket.address().port, "82.1.1.9");
		await net.clock.advance(100);
		expect(early.at(-1)).toBe("after");
		peer.close();
		socket.close();
	});

	it("leaves the errors of others' sends to others", async () => {
		const net = world([{ link: { latency: 10 } }]);
		const { stun, socket } = await setUp(net, true);
		expect(socket.listenerCount("error")).toBe(0);
		const errors: unknown[] = [];
		socket.on("error", (error) => errors.push(error));
		const request = stun.request({ to: server(0) });
		socket.send("x", 5, "2001:db8::1");
		expect((await net.clock.runUntil(request)).from).toEqual(server(0));
		expect(errors).toHaveLength(1);
		stun.close();
		socket.close();
	});

	it("shares the socket with another of its kind", async () => {
		const net = world([{ link: { latency: 10 } }]);
		const { stun, socket } = await setUp(net, true);
		const second = new StunSocket({ socket, attached: true }, { clock: net.clock, random: net.random.bytes });
		const [a, b] = await net.clock.runUntil(
			Promise.all([stun.request({ to: server(0) }), second.request({ to: server(0) })]),
		);
		expect(mappedAddressOf(a.message)).toEqual(mappedAddressOf(b.message));
		stun.close();
		await net.clock.runUntil(second.request({ to: server(0) }));
		second.close();
		socket.close();
	});
});
