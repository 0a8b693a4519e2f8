import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TurnClosedError, TurnLostError, type TurnRouteOptions, turnRoute } from "../../src/index.js";
import { endpointOf, nextMessage, send } from "../support/sockets.js";
import { PEER, SERVER, STRANGER, type World, world } from "../support/world.js";

let w: World;
beforeEach(async () => {
	w = await world({ latency: 10 });
});
afterEach(async () => {
	w.server.close();
	await w.clock.advance(0);
	expect(w.clock.pending, "timers left").toBe(0);
});

describe("options", () => {
	const good = { server: SERVER[4], credentials: { username: "me", password: "secret" } };
	it.each<[string, object, string]>([
		["options.server", { server: "turn:a:b:c" }, 'must be host, host:port or a turn: URI, not "turn:a:b:c"'],
		["options.server", { server: "turns:relay.test?transport=udp" }, "asks for DTLS"],
		["options.server", { server: "2a00::1" }, "is IPv6, but the sockets are IPv4"],
		["options.credentials", { credentials: { username: "me" } }, "must be { username, password }"],
		["options.transport", { transport: "sctp" }, 'must be "udp" or "tcp" or "tls"'],
		["options.af", { af: 6 }, 'did you mean "family"?'],
		["options.reservationToken", { reservationToken: new Uint8Array(7) }, "must be 8 bytes"],
		["options.evenPort", { evenPort: true, reservationToken: new Uint8Array(8) }, "excludes"],
		["options.bothFamilies", { bothFamilies: true, evenPort: "pair" }, "excludes"],
		["options.sockets", { sockets: { af: 4 } }, "must be a socket factory"],
	])("%s %j", async (path, options, message) => {
		const all = { ...good, sockets: w.client, ...options } as TurnRouteOptions;
		await expect(turnRoute(all)).rejects.toMatchObject({
			code: "ERR_TURN_OPTION",
			path,
			message: expect.stringContaining(message),
		});
	});

	it("names what a relay cannot do", async () => {
		const route = await w.route();
		await expect(route.udp({ ttl: 5 })).rejects.toMatchObject({
			code: "ERR_TURN_UNSUPPORTED",
			feature: "ttl",
		});
		await expect(route.udp({ broadcast: true })).rejects.toMatchObject({ feature: "broadcast" });
		await expect(route.udp({ port: 1 })).rejects.toMatchObject({ feature: "port" });
		await expect(route.connect({ ip: PEER[6], port: 1 })).rejects.toMatchObject({ path: "options.ip" });
		await expect(route.permit("name.test")).rejects.toMatchObject({ code: "ERR_TURN_OPTION", path: "ip" });
		const socket = await route.udp({ port: route.relayed.port });
		await expect(route.udp({ port: route.relayed.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
		expect(() => socket.setTTL(4)).toThrow(expect.objectContaining({ feature: "ttl" }));
		expect(() => socket.addMembership("224.0.0.1")).toThrow(
			expect.objectContaining({ feature: "multicast" }),
		);
		await w.until(route.close());
	});

	it("resolves the server's name for the underlying sockets", async () => {
		const asked: unknown[] = [];
		const route = await w.until(
			turnRoute(
				{ server: "turn:relay.test:3478?transport=udp", credentials: good.credentials, sockets: w.client },
				{
					clock: w.clock,
					resolve: async (host, { af }, { sockets }) => {
						asked.push([host, af, sockets]);
						return [SERVER[4]];
					},
				},
			),
		);
		expect(asked).toEqual([["relay.test", 4, w.client]]);
		await w.until(route.close());
	});
});

describe("credentials", () => {
	it("are used as RFC 8489 has them: SHA-256, and a hash of the name", async () => {
		w.server.behaviour.modern = true;
		const route = await w.route();
		await w.until(route.permit(PEER[4]));
		await w.until(route.close());
		expect(Object.fromEntries(w.server.served)).toEqual({
			"Allocate 401": 1,
			Allocate: 1,
			CreatePermission: 1,
			Refresh: 1,
		});
	});

	it("that are wrong are asked for once more, and then refused by name", async () => {
		let asked = 0;
		const credentials = () => {
			asked++;
			return { username: "me", password: "wrong" };
		};
		await expect(w.route({ credentials })).rejects.toMatchObject({ code: "ERR_TURN_AUTH", status: 401 });
		expect(asked).toBe(2);
	});

	it("that a function gives are checked too", async () => {
		const credentials = () => ({ username: "me", pass: "x" }) as never;
		await expect(w.route({ credentials })).rejects.toMatchObject({
			code: "ERR_TURN_OPTION",
			path: "options.credentials().pass",
		});
	});

	it("that change are taken over by what is there, and nothing is lost", async () => {
		let password = "secret";
		const route = await w.route({ credentials: async () => ({ username: "me", password }) });
		const socket = await w.until(route.udp({ to: PEER[4] }));
		const peer = await w.until(w.peer().udp());
		password = "changed";
		w.server.behaviour.users = { me: password };
		await w.clock.advance(3_600_000);
		const arrived = nextMessage(socket);
		peer.send("still here", route.relayed.port, route.relayed.ip);
		expect(await w.until(arrived)).toMatchObject({ text: "still here" });
		await w.until(route.close());
		peer.close();
	});

	it("of another user end the allocation with an error (441)", async () => {
		let username = "me";
		w.server.behaviour.users = { me: "secret", you: "secret" };
		const route = await w.route({ credentials: () => ({ username, password: "secret" }) });
		username = "you";
		w.server.behaviour.users = { you: "secret" };
		expect(await w.until(route.lost)).toMatchObject({
			code: "ERR_TURN_LOST",
			cause: { code: "ERR_TURN_AUTH", status: 441 },
		});
		await w.until(route.close());
	});

	it("serve several requests that were refused for one nonce", async () => {
		const route = await w.route();
		w.server.behaviour.staleNonces = true;
		await w.until(Promise.all([PEER[4], STRANGER[4], "8.8.3.1", "8.8.4.1"].map((ip) => route.permit(ip))));
		expect(w.server.served.get("CreatePermission")).toBe(4);
		await w.until(route.close());
	});
});

describe("the server's answers", () => {
	it.each([
		[486, "ERR_TURN_RESPONSE"],
		[508, "ERR_TURN_RESPONSE"],
		[442, "ERR_TURN_RESPONSE"],
		[403, "ERR_TURN_RESPONSE"],
		[500, "ERR_TURN_RESPONSE"],
	])("%i to Allocate is an error", async (status, code) => {
		w.server.behaviour.refuse = () => status;
		await expect(w.route()).rejects.toMatchObject({
			code,
			status,
			method: "Allocate",
			reason: `test ${status}`,
		});
		w.server.behaviour.refuse = () => null;
		// A failed opening leaves no socket behind: the next one finds the server as it was.
		await w.until((await w.route()).close());
	});

	it("437 to Allocate is tried again from other ports", async () => {
		let times = 0;
		w.server.behaviour.refuse = (method) => (method === "Allocate" && times++ < 2 ? 437 : null);
		await w.until((await w.route()).close());
		times = 0;
		w.server.behaviour.refuse = (method) => (method === "Allocate" && times++ < 3 ? 437 : null);
		await expect(w.route()).rejects.toMatchObject({ status: 437 });
	});

	it("300 leads to another server, and not in circles", async () => {
		const { TestTurnServer } = await import("../support/turn-server.js");
		const other = await TestTurnServer.start(w.stranger(), [w.stranger()], w.clock);
		w.server.behaviour.alternate = { ip: STRANGER[4], port: 3478 };
		const route = await w.route();
		expect(route.server).toEqual({ ip: STRANGER[4], port: 3478 });
		expect(route.localIp).toBe(STRANGER[4]);
		await w.until(route.close());
		other.behaviour.alternate = { ip: SERVER[4], port: 3478 };
		await expect(w.route()).rejects.toMatchObject({ code: "ERR_TURN_RESPONSE", status: 300 });
		other.close();
	});

	it("are not believed without the right integrity", async () => {
		const route = await w.route();
		w.server.behaviour.forged = true;
		await expect(w.until(route.permit(PEER[4]))).rejects.toMatchObject({
			code: "ERR_TURN_PROTOCOL",
			message: expect.stringContaining("integrity"),
		});
		w.server.behaviour.forged = false;
		await w.until(route.permit(PEER[4]));
		await w.until(route.close());
	});

	it("no answer is a timeout, and leaves nothing behind", async () => {
		w.server.close();
		const started = w.clock.now();
		await expect(w.route({ timeout: 3000, server: `${SERVER[4]}:9999` })).rejects.toMatchObject({
			code: "ERR_TURN_NETWORK",
			errno: "ECONNREFUSED",
		});
		w.network.link("client:eth0").set({ loss: 1 });
		await expect(w.route({ timeout: 3000 })).rejects.toMatchObject({ code: "ERR_TURN_TIMEOUT" });
		expect(w.clock.now() - started).toBeLessThan(3200);
		w = await world();
	});

	it("an abort ends the opening with its reason", async () => {
		const stop = new AbortController();
		w.network.link("client:eth0").set({ loss: 1 });
		const opening = w.route({ signal: stop.signal });
		w.clock.setTimeout(() => stop.abort(new Error("enough")), 100);
		await expect(opening).rejects.toThrow("enough");
	});
});

describe("families", () => {
	it("an IPv4 client gets an IPv6 address, and an IPv6 node reaches it", async () => {
		const route = await w.route({ family: 6 });
		expect(route).toMatchObject({ af: 6, localIp: SERVER[6], other: null });
		const socket = await w.until(route.udp({ to: PEER[6] }));
		const peer = await w.until(w.peer(6).udp());
		const arrived = nextMessage(socket);
		peer.send("from IPv6", route.relayed.port, route.relayed.ip);
		expect(await w.until(arrived)).toEqual({ text: "from IPv6", ...endpointOf(peer) });
		const back = nextMessage(peer);
		socket.send("from IPv4", peer.address().port, PEER[6]);
		expect(await w.until(back)).toEqual({ text: "from IPv4", ...route.relayed });
		await w.until(route.close());
		peer.close();
	});

	it("one allocation has an address of each, with a socket for each", async () => {
		const route = await w.route({ bothFamilies: true });
		expect(route.other).toMatchObject({ af: 6, localIp: SERVER[6] });
		const [four, six] = [await w.until(route.udp()), await w.until(route.other?.udp() ?? route.udp())];
		expect(w.server.allocations).toBe(1);
		for (const [socket, af] of [
			[four, 4],
			[six, 6],
		] as const) {
			const peer = await w.until(w.peer(af).udp());
			const there = nextMessage(peer);
			socket.send("hello", peer.address().port, PEER[af]);
			expect(await w.until(there)).toEqual({ text: "hello", ...endpointOf(socket) });
			const back = nextMessage(socket);
			peer.send("answer", socket.address().port, socket.address().address);
			expect(await w.until(back)).toMatchObject({ text: "answer" });
			peer.close();
		}
		four.close();
		await w.clock.advance(1000);
		expect(w.server.allocations).toBe(1);
		six.close();
		await w.clock.advance(1000);
		expect(w.server.allocations).toBe(0);
		await w.until(route.close());
	});
});

describe("an allocation", () => {
	it("is given back when its socket is closed, and all are with the route", async () => {
		const route = await w.route();
		const [first, second] = [await w.until(route.udp()), await w.until(route.udp())];
		expect(w.server.allocations).toBe(2);
		first.close();
		await w.clock.advance(1000);
		expect(w.server.allocations).toBe(1);
		expect(await w.until(route.lost)).toBeNull();
		const third = await w.until(route.udp());
		expect(w.server.allocations).toBe(2);
		await w.until(Promise.all([route.close(), once(second, "close"), once(third, "close")]));
		expect(w.server.allocations).toBe(0);
		await expect(route.udp()).rejects.toBeInstanceOf(TurnClosedError);
		await expect(route.permit(PEER[4])).rejects.toBeInstanceOf(TurnClosedError);
		await w.until(route.close());
	});

	it("that is closed while it is opened is not opened", async () => {
		const route = await w.route();
		await w.until(route.udp());
		const opening = route.udp();
		const refused = expect(opening).rejects.toBeInstanceOf(TurnClosedError);
		await w.until(route.close());
		await refused;
		await w.clock.advance(700_000);
		expect(w.server.allocations).toBe(0);
	});

	it("is lost when the server restarts, and says so", async () => {
		const route = await w.route();
		const socket = await w.until(route.udp());
		const failed = once(socket, "error");
		w.server.restart();
		const before = w.clock.now();
		const [error] = (await w.until(failed)) as [Error];
		expect(error).toMatchObject({ code: "ERR_TURN_LOST", relayed: route.relayed, cause: { status: 437 } });
		expect(w.clock.now() - before).toBeLessThan(26_000);
		await w.until(route.close());
	});

	it("is lost when the server is silent for two minutes", async () => {
		const route = await w.route();
		const before = w.clock.now();
		w.network.link("client:eth0").set({ loss: 1 });
		const error = await w.until(route.lost);
		expect(error).toBeInstanceOf(TurnLostError);
		expect(error).toMatchObject({ cause: { code: "ERR_TURN_TIMEOUT" } });
		expect(w.clock.now() - before).toBeLessThan(150_000);
		w.network.link("client:eth0").set({ loss: 0 });
		await w.until(route.close());
	});

	it("survives a server that is silent for a minute, and one in trouble for five", async () => {
		const route = await w.route();
		w.network.link("client:eth0").set({ loss: 1 });
		await w.clock.advance(60_000);
		w.network.link("client:eth0").set({ loss: 0 });
		w.server.behaviour.refuse = () => 500;
		await w.clock.advance(300_000);
		w.server.behaviour.refuse = () => null;
		await w.clock.advance(3_600_000);
		expect(w.server.allocations).toBe(1);
		await w.until(route.close());
		expect(w.server.allocations).toBe(0);
	});

	it("is kept alive with a short lifetime of the server's", async () => {
		w.server.behaviour.lifetime = 30;
		const route = await w.route({ keepAlive: 600_000 });
		await w.clock.advance(600_000);
		expect(w.server.allocations).toBe(1);
		await w.until(route.close());
	});

	it("takes two seconds to close where the server is gone", async () => {
		const route = await w.route();
		w.network.link("client:eth0").set({ loss: 1 });
		const before = w.clock.now();
		await w.until(route.close());
		expect(w.clock.now() - before).toBe(2000);
	});
});

describe("peers", () => {
	it("that were not permitted do not get in, and then do", async () => {
		const route = await w.route();
		const socket = await w.until(route.udp());
		const stranger = await w.until(w.stranger().udp());
		const got: string[] = [];
		socket.on("message", (data) => got.push(String(data)));
		stranger.send("too early", route.relayed.port, route.relayed.ip);
		await w.clock.advance(100);
		await w.until(route.permit(STRANGER[4]));
		stranger.send("permitted", route.relayed.port, route.relayed.ip);
		await w.clock.advance(100);
		expect(got).toEqual(["permitted"]);
		// What was permitted counts for sockets to come.
		const next = await w.until(route.udp());
		const arrived = nextMessage(next);
		stranger.send("again", next.address().port, next.address().address);
		expect(await w.until(arrived)).toMatchObject({ text: "again" });
		await w.until(route.close());
		stranger.close();
	});

	it("that the server refuses fail what is sent to them, and no other", async () => {
		const route = await w.route();
		w.server.behaviour.denied = [STRANGER[4]];
		const socket = await w.until(route.udp());
		const peer = await w.until(w.peer().udp());
		const arrived = nextMessage(peer);
		const refused = expect(w.until(send(socket, "no", { ip: STRANGER[4], port: 9 }))).rejects.toMatchObject({
			code: "ERR_TURN_PEER",
			status: 403,
			peer: STRANGER[4],
		});
		await w.until(send(socket, "yes", endpointOf(peer)));
		await refused;
		expect(await w.until(arrived)).toMatchObject({ text: "yes" });
		await expect(w.until(route.udp({ to: STRANGER[4] }))).rejects.toMatchObject({ code: "ERR_TURN_PEER" });
		await w.until(route.close());
		peer.close();
	});

	it("that are refused later are told by an error, and the others stay", async () => {
		const route = await w.route();
		const socket = await w.until(route.udp());
		await w.until(Promise.all([route.permit(PEER[4]), route.permit(STRANGER[4])]));
		w.server.behaviour.denied = [STRANGER[4]];
		const [error] = (await w.until(once(socket, "error"))) as [Error];
		expect(error).toMatchObject({ code: "ERR_TURN_PEER", peer: STRANGER[4] });
		await w.clock.advance(700_000);
		const peer = await w.until(w.peer().udp());
		const arrived = nextMessage(socket);
		peer.send("still permitted", route.relayed.port, route.relayed.ip);
		expect(await w.until(arrived)).toMatchObject({ text: "still permitted" });
		await w.until(route.close());
		peer.close();
	});

	it("lose their channel when they are idle, and get it back when they are busy", async () => {
		const route = await w.route();
		const socket = await w.until(route.udp());
		const peer = await w.until(w.peer().udp());
		const got: string[] = [];
		peer.on("message", (data) => got.push(String(data)));
		const burst = async (): Promise<void> => {
			for (let n = 0; n < 6; n++) {
				socket.send("x", peer.address().port, PEER[4]);
				await w.clock.advance(100);
			}
		};
		await burst();
		expect(w.server.served.get("ChannelBind")).toBe(1);
		// It is refreshed once, since there was traffic after it was bound.
		await w.clock.advance(3_600_000);
		expect(w.server.served.get("ChannelBind")).toBe(2);
		await burst();
		expect(w.server.served.get("ChannelBind")).toBe(3);
		expect(got).toHaveLength(12);
		expect(w.server.dropped).toBe(0);
		await w.until(route.close());
		peer.close();
	});

	it("go on by indications where the server refuses channels", async () => {
		const route = await w.route();
		w.server.behaviour.refuse = (method) => (method === "ChannelBind" ? 508 : null);
		const socket = await w.until(route.udp());
		const peer = await w.until(w.peer().udp());
		let count = 0;
		peer.on("message", () => count++);
		for (let n = 0; n < 50; n++) {
			socket.send("x", peer.address().port, PEER[4]);
			await w.clock.advance(100);
		}
		expect(count).toBe(50);
		expect(w.server.served.get("ChannelBind 508")).toBe(1);
		await w.until(route.close());
		peer.close();
	});

	it("wait for their permission within bounds", async () => {
		const route = await w.route();
		const socket = await w.until(route.udp());
		const results = await w.until(
			Promise.all(
				Array.from({ length: 300 }, () =>
					send(socket, "x", { ip: PEER[4], port: 9 }).then(
						() => "sent",
						(error) => error.code,
					),
				),
			),
		);
		expect(results.filter((result) => result === "sent")).toHaveLength(256);
		expect(results.filter((result) => result === "ENOBUFS")).toHaveLength(44);
		expect(socket.getSendQueueCount()).toBe(0);
		await w.until(route.close());
	});

	it("may be ten thousand: what is remembered of them is bounded, and all are reached", async () => {
		const route = await w.route();
		const socket = await w.until(route.udp({ to: PEER[4] }));
		const peer = await w.until(w.peer().udp());
		for (let port = 1; port <= 10_000; port++) socket.send("x", port, PEER[4]);
		await w.clock.advance(1000);
		const arrived = nextMessage(peer);
		socket.send("last", peer.address().port, PEER[4]);
		expect(await w.until(arrived)).toMatchObject({ text: "last" });
		await w.until(route.close());
		peer.close();
	});
});
