import { describe, expect, it } from "vitest";
import { attributeValue } from "../../src/codec.js";
import { StunClient, type StunClientOptions, type StunClientRequestOptions } from "../../src/index.js";
import { answering, dead, server, type WorldServer, world } from "../support/world.js";

const client = (servers: readonly WorldServer[], options: Partial<StunClientOptions> = {}) => {
	const net = world(servers);
	const made = new StunClient(
		{ server: server(0), ...options },
		{ sockets: net.host("client").sockets(4), clock: net.clock, random: net.random.bytes },
	);
	const run = async <T>(work: (client: StunClient) => Promise<T>): Promise<T> => {
		try {
			return await net.clock.runUntil(work(made));
		} finally {
			await net.clock.runUntil(made.close());
		}
	};
	return { net, made, run };
};

const error = (status: number): WorldServer => ({
	handler: answering(() => ({
		class: "error",
		attributes: [{ name: "ERROR-CODE", value: { status, reason: "because" } }],
	})),
});

describe("a client over UDP", () => {
	it("learns its mapping, and what the server says of itself", async () => {
		const { run } = client([{ link: { latency: 15 } }]);
		const { message, local, ...mapping } = await run((it) => it.getMapping());
		expect(mapping).toEqual({
			mapped: { ip: "82.1.1.9", port: local.port },
			server: server(0),
			rtt: 30,
			sends: 1,
			dialect: "rfc8489",
			otherAddress: { ip: "9.9.0.2", port: 3479 },
			responseOrigin: server(0),
		});
		expect(message.class).toBe("success");
	});

	it.each<[string, StunClientRequestOptions]>([
		["NaN", { timeout: Number.NaN }],
		["a text", { timeout: JSON.parse('"3000"') }],
		["Infinity", { timeout: Number.POSITIVE_INFINITY }],
		["a negative number", { timeout: -1 }],
		["a round trip of NaN", { rtt: Number.NaN }],
	])("refuses a time that is %s and sends nothing", async (_, options) => {
		const { net, run } = client([{}]);
		let sent = 0;
		net.watch(({ what }) => {
			if (what === "sent") sent++;
		});
		await expect(run((it) => it.getMapping(options))).rejects.toMatchObject({ code: "ERR_STUN_CONFIG" });
		expect(sent).toBe(0);
	});

	it.each([
		{ ip: "localhost", port: 3478 },
		{ ip: "8.8.0.1", port: 0 },
		{ ip: "8.8.0.1", port: 70000 },
		{ ip: "8.8.0.1", port: JSON.parse('"3478"') },
		JSON.parse('{"host":"stun.example.com","port":3478}'),
	])("refuses the server %j", (server) => {
		expect(() => client([{}], { server })).toThrow(expect.objectContaining({ code: "ERR_STUN_CONFIG" }));
	});

	it("uses one socket for all its requests", async () => {
		const { run } = client([{}]);
		const ports = await run(async (it) =>
			[await it.getMapping(), await it.getMapping()].map(({ mapped }) => mapped.port),
		);
		expect(ports[0]).toBe(ports[1]);
	});

	it.each<[StunClientRequestOptions, string, number]>([
		[{}, "8.8.0.1", 3478],
		[{ changeIp: true }, "9.9.0.2", 3478],
		[{ changePort: true }, "8.8.0.1", 3479],
		[{ changeIp: true, changePort: true }, "9.9.0.2", 3479],
	])("gets the answer to %j from the right address", async (options, ip, port) => {
		const { run } = client([{}]);
		expect((await run((it) => it.request(options))).from).toEqual({ ip, port });
	});

	it("does the same in RFC 3489 form", async () => {
		const { run } = client([{}], { mode: "rfc3489" });
		const reply = await run((it) => it.request({ changeIp: true, changePort: true }));
		expect(reply.message).toMatchObject({ classic: true });
		expect(reply.from).toEqual({ ip: "9.9.0.2", port: 3479 });
	});

	it("does not take a changed reply from the unchanged address", async () => {
		const lazy = answering((_request, from, localTo) => ({
			class: "success",
			attributes: [
				{ name: "XOR-MAPPED-ADDRESS", value: from },
				{ name: "OTHER-ADDRESS", value: { ip: "9.9.0.2", port: 3479 } },
				{ name: "RESPONSE-ORIGIN", value: localTo },
			],
		}));
		const { run } = client([{ handler: lazy }], { timeout: 1000 });
		await expect(run((it) => it.request({ changeIp: true }))).rejects.toMatchObject({
			code: "ERR_STUN_TIMEOUT",
		});
	});

	it("says so when the server has no second address", async () => {
		const plain = answering((_request, from) => ({
			class: "success",
			attributes: [{ name: "XOR-MAPPED-ADDRESS", value: from }],
		}));
		const { run } = client([{ handler: plain }]);
		await expect(run((it) => it.request({ changeIp: true }))).rejects.toMatchObject({
			code: "ERR_STUN_ANSWER",
		});
	});

	it("does not ask a server to answer from an address that cannot be one of its own", async () => {
		const strange = answering((_request, from) => ({
			class: "success",
			attributes: [
				{ name: "XOR-MAPPED-ADDRESS", value: from },
				{ name: "OTHER-ADDRESS", value: { ip: "10.0.0.2", port: 3479 } },
			],
		}));
		const { run } = client([{ handler: strange }]);
		await expect(run((it) => it.request({ changeIp: true }))).rejects.toMatchObject({
			code: "ERR_STUN_ANSWER",
			message: expect.stringContaining("an other address that is private"),
		});
	});

	it("takes the retransmission time from a round trip of the caller's", async () => {
		const { run, net } = client([{ handler: dead }]);
		await expect(run((it) => it.getMapping({ rtt: 50, timeout: 500 }))).rejects.toMatchObject({ sends: 3 });
		expect(net.clock.now()).toBe(500);
	});

	it("uses a socket of yours, whose mapping it is, and leaves it open", async () => {
		const net = world([{}]);
		const socket = await net.host("client").sockets(4).udp({ port: 4321 });
		const heard: string[] = [];
		socket.on("message", (data) => heard.push(data.toString("latin1")));
		const made = new StunClient(
			{ server: server(0) },
			{ sockets: socket, clock: net.clock, random: net.random.bytes },
		);
		const mapping = await net.clock.runUntil(made.getMapping());
		expect(mapping).toMatchObject({
			local: { ip: "0.0.0.0", port: 4321 },
			mapped: { ip: "82.1.1.9", port: 4321 },
		});
		expect(heard).toEqual([]);
		await made.close();
		expect(socket.address().port).toBe(4321);
		socket.close();
	});

	it("ends at once on ICMP when it is connected", async () => {
		const { run, net } = client([{}], { connected: true, server: { ip: "8.8.0.1", port: 9 } });
		const refused = { code: "ERR_STUN_NETWORK", errno: "ECONNREFUSED" };
		await run(async (it) => {
			await expect(it.getWanIp()).rejects.toMatchObject(refused);
			// The socket is still good for another try.
			await expect(it.getWanIp()).rejects.toMatchObject(refused);
		});
		expect(net.clock.now()).toBeLessThan(500);
	});

	it("works connected", async () => {
		const { run } = client([{}], { connected: true });
		expect(await run((it) => it.getWanIp())).toBe("82.1.1.9");
	});

	it("times out", async () => {
		const { run, net } = client([{ handler: dead }], { timeout: 2000 });
		await expect(run((it) => it.getMapping())).rejects.toMatchObject({ code: "ERR_STUN_TIMEOUT", sends: 3 });
		expect(net.clock.now()).toBe(2000);
	});

	it("ends when it is aborted or closed", async () => {
		const { made, net } = client([{ handler: dead }]);
		const abort = new AbortController();
		const aborted = made.getMapping({ signal: abort.signal });
		const closed = made.getMapping();
		net.clock.setTimeout(() => abort.abort(new Error("enough")), 10);
		await expect(net.clock.runUntil(aborted)).rejects.toThrow("enough");
		await Promise.all([
			net.clock.runUntil(made.close()),
			expect(closed).rejects.toMatchObject({ code: "ERR_STUN_CLOSED" }),
		]);
		await expect(made.getMapping()).rejects.toMatchObject({ code: "ERR_STUN_CLOSED" });
	});

	it.each([
		[400, {}],
		[420, { unknownAttributes: [] }],
		[600, {}],
	])("gives error %i as it is", async (status, more) => {
		const { run } = client([error(status)]);
		await expect(run((it) => it.getMapping())).rejects.toMatchObject({
			code: "ERR_STUN_RESPONSE",
			status,
			reason: "because",
			server: server(0),
			...more,
		});
	});

	it("names the attributes that a server refuses", async () => {
		const { run } = client([{}]);
		const request = run((it) => it.request({ attributes: [{ type: 0x7abc, value: new Uint8Array(4) }] }));
		await expect(request).rejects.toMatchObject({ status: 420, unknownAttributes: [0x7abc] });
	});

	it("refuses an answer with attributes that it does not understand", async () => {
		const handler = answering((_request, from) => ({
			class: "success",
			attributes: [
				{ name: "XOR-MAPPED-ADDRESS", value: from },
				{ type: 0x7abc, value: new Uint8Array(0) },
			],
		}));
		const { run } = client([{ handler }]);
		await expect(run((it) => it.getMapping())).rejects.toMatchObject({ code: "ERR_STUN_ANSWER" });
	});

	it("asks again after 500, with growing pauses, and not for ever", async () => {
		let asked = 0;
		const counting = answering(() => {
			asked++;
			return { class: "error", attributes: [{ name: "ERROR-CODE", value: { status: 500, reason: "" } }] };
		});
		const { run, net } = client([{ handler: counting }], { timeout: 60_000 });
		await expect(run((it) => it.getMapping())).rejects.toMatchObject({ status: 500 });
		expect(asked).toBe(5);
		expect(net.clock.now()).toBe(500 + 1000 + 2000 + 4000);
	});
});

const redirect = (to: { ip: string; port: number }): WorldServer => ({
	handler: answering(() => ({
		class: "error",
		attributes: [
			{ name: "ERROR-CODE", value: { status: 300, reason: "Try Alternate" } },
			{ name: "ALTERNATE-SERVER", value: to },
		],
	})),
});

describe("redirections (300)", () => {
	it("are followed once", async () => {
		const { run } = client([redirect(server(1)), {}]);
		expect(await run((it) => it.getMapping())).toMatchObject({
			server: server(1),
			mapped: { ip: "82.1.1.9" },
		});
	});

	it.each([
		["in a circle", [redirect(server(1)), redirect(server(0))], server(0)],
		[
			"to another family",
			[redirect({ ip: "2a00:1450:2::1", port: 3478 })],
			{ ip: "2a00:1450:2::1", port: 3478 },
		],
	] as const)("are not followed %s", async (_name, servers, alternateServer) => {
		const { run } = client(servers);
		await expect(run((it) => it.getMapping())).rejects.toMatchObject({ status: 300, alternateServer });
	});

	it("are not followed twice by default, and up to maxRedirects on request", async () => {
		const chain = Array.from({ length: 9 }, (_, n) => redirect(server(n + 1)));
		const { run } = client(chain);
		await expect(run((it) => it.getMapping())).rejects.toMatchObject({ status: 300, server: server(1) });
		const patient = client(chain, { maxRedirects: 3 });
		await expect(patient.run((it) => it.getMapping())).rejects.toMatchObject({ server: server(3) });
	});

	it.each(["127.0.0.1", "10.0.0.1", "192.168.1.1", "224.0.0.1", "0.0.0.0", "169.254.1.1", "255.255.255.255"])(
		"are not followed from a public server to %s",
		async (ip) => {
			const { run, net } = client([redirect({ ip, port: 6379 })], { maxRedirects: 3 });
			const sentTo = new Set<string>();
			net.watch(({ what, packet }) => {
				if (what === "sent") sentTo.add(packet.dst);
			});
			await expect(run((it) => it.getMapping())).rejects.toMatchObject({
				code: "ERR_STUN_RESPONSE",
				status: 300,
				server: server(0),
				alternateServer: { ip, port: 6379 },
			});
			expect([...sentTo].filter((each) => each === ip)).toEqual([]);
		},
	);

	it("are not followed when that is turned off", async () => {
		const { run } = client([redirect(server(1)), {}], { maxRedirects: 0 });
		await expect(run((it) => it.getMapping())).rejects.toMatchObject({ status: 300, server: server(0) });
	});
});

describe("finding out what a server speaks", () => {
	const only = (classic: boolean): WorldServer => ({
		handler: answering((request, from) =>
			request.classic === classic
				? { class: "success", attributes: [{ name: "MAPPED-ADDRESS", value: from }] }
				: null,
		),
	});

	it("stays with RFC 8489 where that is answered", async () => {
		const { run, net } = client([{}], { mode: "auto" });
		expect((await run((it) => it.getMapping())).message.classic).toBe(false);
		expect(net.clock.now()).toBe(0);
	});

	it("finds a server that answers RFC 3489 only, and remembers it", async () => {
		const { run, net } = client([only(true)], { mode: "auto" });
		await run(async (it) => {
			expect(await it.getMapping()).toMatchObject({ dialect: "rfc3489", message: { classic: true } });
			const start = net.clock.now();
			expect(start).toBe(500);
			await it.getMapping();
			expect(net.clock.now()).toBe(start);
		});
	});

	it("tries the other form at once when the first is answered with an error", async () => {
		const handler = answering((request, from) =>
			request.classic
				? { class: "success", attributes: [{ name: "MAPPED-ADDRESS", value: from }] }
				: { class: "error", attributes: [{ name: "ERROR-CODE", value: { status: 400, reason: "" } }] },
		);
		const { run, net } = client([{ handler }], { mode: "auto" });
		expect(await run((it) => it.getMapping())).toMatchObject({ dialect: "rfc3489" });
		expect(net.clock.now()).toBe(0);
	});

	it("gives the first form's outcome when neither works", async () => {
		const { run } = client([error(420)], { mode: "auto" });
		await expect(run((it) => it.getMapping())).rejects.toMatchObject({ status: 420 });
		const silent = client([{ handler: dead }], { mode: "auto" });
		await expect(silent.run((it) => it.getMapping())).rejects.toMatchObject({ code: "ERR_STUN_TIMEOUT" });
	});
});

describe("credentials", () => {
	it("cannot be used with RFC 3489", () => {
		const credentials = { username: "u", password: "p" };
		expect(() => client([{}], { mode: "auto", credentials })).toThrow(
			expect.objectContaining({ code: "ERR_STUN_CONFIG" }),
		);
	});

	it("are not sent before the server asks", async () => {
		let seen: string | undefined = "not asked";
		const handler = answering((request, from) => {
			seen = attributeValue(request, "USERNAME");
			return { class: "success", attributes: [{ name: "XOR-MAPPED-ADDRESS", value: from }] };
		});
		const { run } = client([{ handler }], { credentials: { username: "u", password: "p" } });
		await run((it) => it.getMapping());
		expect(seen).toBeUndefined();
	});
});
