import { execFile } from "node:child_process";
import { once } from "node:events";
import { type Coturn, describeWithCoturn, startCoturn } from "@p2pd/testnet/coturn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TurnLostError, turnRoute } from "../../src/index.js";
import { close, echo, endpointOf, loopback, nextMessage, send } from "../support/sockets.js";

const credentials = { username: "me", password: "secret" };

describeWithCoturn("coturn over UDP", () => {
	describe.each([
		{ af: 4, ip: "127.0.31.1", me: "127.0.31.2", peer: "127.0.31.3" },
		{ af: 6, ip: "::1", me: "::1", peer: "::1" },
	])("and IPv$af", ({ ip, me, peer, af }) => {
		let coturn: Coturn;
		beforeAll(async () => {
			coturn = await startCoturn({ ip });
		});
		afterAll(() => coturn.kill());
		const options = () => ({
			server: { host: ip, port: coturn.port },
			credentials,
			sockets: loopback(me),
		});

		it("relays datagrams both ways, first by indications and then by a channel", async () => {
			await using route = await turnRoute(options());
			expect(route).toMatchObject({ af, localIp: ip, mapped: { ip: me }, server: { ip, port: coturn.port } });
			const other = await echo(peer);
			const socket = await route.udp();
			expect(socket.address()).toEqual({ address: ip, port: route.relayed.port, family: `IPv${af}` });
			for (let n = 0; n < 20; n++) {
				const answer = nextMessage(socket);
				await send(socket, `datagram ${n}`, endpointOf(other));
				expect(await answer).toEqual({ text: `datagram ${n}`, ...endpointOf(other) });
			}
			await close(other);
		});

		it("lets two clients meet with one allocation", async () => {
			await using route = await turnRoute(options());
			const plain = await loopback(peer).udp();
			const socket = await route.udp();
			await route.permit(peer);
			const first = nextMessage(socket);
			await send(plain, "unsolicited", endpointOf(socket));
			expect(await first).toEqual({ text: "unsolicited", ...endpointOf(plain) });
			const back = nextMessage(plain);
			await send(socket, "answer", endpointOf(plain));
			expect(await back).toEqual({ text: "answer", ...route.relayed });
			await close(plain);
		});

		it("lets two relayed sockets meet", async () => {
			await using one = await turnRoute(options());
			await using two = await turnRoute(options());
			const [a, b] = [await one.udp(), await two.udp({ to: one.localIp })];
			const arrived = nextMessage(b);
			await send(a, "through two allocations", two.relayed);
			expect(await arrived).toEqual({ text: "through two allocations", ...one.relayed });
		});
	});

	it("gives further sockets an allocation of their own", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1" });
		await using route = await turnRoute({
			server: `${coturn.ip}:${coturn.port}`,
			credentials,
			sockets: loopback("127.0.31.2"),
		});
		const [first, second] = [await route.udp(), await route.udp()];
		expect(endpointOf(first)).toEqual(route.relayed);
		expect(second.address().port).not.toBe(first.address().port);
		const closed = Promise.all([once(first, "close"), once(second, "close")]);
		await route.close();
		await closed;
	});

	it("takes datagrams of every size that the socket takes, and says EMSGSIZE beyond", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1" });
		await using route = await turnRoute({
			server: `${coturn.ip}:${coturn.port}`,
			credentials,
			sockets: loopback("127.0.31.2"),
		});
		const socket = await route.udp();
		const other = await echo("127.0.31.3");
		for (const size of [1, 2, 3, 4, 5, 1400, 1401, 8000]) {
			const data = Buffer.alloc(size, "x");
			const answer = nextMessage(socket);
			await send(socket, data, endpointOf(other));
			expect((await answer).text).toBe(String(data));
		}
		await expect(send(socket, Buffer.alloc(65_508), endpointOf(other))).rejects.toMatchObject({
			code: "EMSGSIZE",
		});
		await close(other);
	});

	it("says who refused what", async () => {
		await using coturn = await startCoturn({
			ip: "127.0.31.1",
			args: ["--user-quota=1", "--denied-peer-ip=127.0.31.66-127.0.31.70"],
		});
		const options = {
			server: `turn:${coturn.ip}:${coturn.port}`,
			credentials,
			sockets: loopback("127.0.31.2"),
		};
		await expect(
			turnRoute({ ...options, credentials: { username: "me", password: "wrong" } }),
		).rejects.toMatchObject({
			code: "ERR_TURN_AUTH",
			status: 401,
		});
		await using route = await turnRoute(options);
		await expect(turnRoute(options)).rejects.toMatchObject({ code: "ERR_TURN_RESPONSE", status: 486 });
		const socket = await route.udp();
		await expect(send(socket, "x", { ip: "127.0.31.66", port: 9 })).rejects.toMatchObject({
			code: "ERR_TURN_PEER",
			status: 403,
			peer: "127.0.31.66",
		});
		await expect(route.permit("127.0.31.67")).rejects.toMatchObject({ code: "ERR_TURN_PEER" });
	});

	it("refuses loopback peers as it does by default", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1", loopbackPeers: false });
		await using route = await turnRoute({
			server: `${coturn.ip}:${coturn.port}`,
			credentials,
			sockets: loopback("127.0.31.2"),
		});
		const socket = await route.udp();
		await expect(send(socket, "x", { ip: "127.0.31.3", port: 9 })).rejects.toMatchObject({
			code: "ERR_TURN_PEER",
		});
	});

	it("is noticed when it restarts, by an error and not by silence", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1" });
		await using route = await turnRoute({
			server: `${coturn.ip}:${coturn.port}`,
			credentials,
			sockets: loopback("127.0.31.2"),
			keepAlive: 300,
		});
		const socket = await route.udp();
		const failed = once(socket, "error");
		const closed = new Promise<void>((resolve) => socket.on("close", resolve));
		await coturn.kill();
		await using again = await startCoturn({ ip: "127.0.31.1", port: coturn.port });
		const [error] = (await failed) as [Error];
		expect(error).toBeInstanceOf(TurnLostError);
		expect(error.cause).toMatchObject({ code: "ERR_TURN_RESPONSE", status: 437 });
		expect(await route.lost).toBe(error);
		await closed;
		// The route itself goes on.
		const next = await route.udp();
		expect(next.address().address).toBe(again.ip);
	});

	it("carries its own client's datagrams to our relayed socket and back", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1" });
		await using route = await turnRoute({
			server: `127.0.31.1:${coturn.port}`,
			credentials,
			sockets: loopback("127.0.31.2"),
		});
		const socket = await route.udp({ to: "127.0.31.1" });
		socket.on("message", (data, { address, port }) => socket.send(data, port, address));
		const peer = ["-e", route.localIp, "-r", `${route.relayed.port}`];
		const output = await new Promise<string>((resolve) => {
			const account = ["-u", "you", "-w", "hidden", "-p", `${coturn.port}`, "-L", "127.0.31.4"];
			const args = [...account, ...peer, "-n", "50", "-z", "5", "-c", "127.0.31.1"];
			execFile("turnutils_uclient", args, { timeout: 20_000 }, (_error, stdout) => resolve(stdout));
		});
		expect(output).toContain("tot_send_msgs=50, tot_recv_msgs=50");
		expect(output).toContain("Total lost packets 0");
	}, 25_000);

	it("cannot be reached where nothing listens", async () => {
		await expect(
			turnRoute({ server: "127.0.31.1:9", credentials, sockets: loopback("127.0.31.2") }),
		).rejects.toMatchObject({ code: "ERR_TURN_NETWORK", errno: "ECONNREFUSED" });
	});

	it("gives even ports, and the next one to who has the token", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1" });
		const options = { server: `127.0.31.1:${coturn.port}`, credentials, sockets: loopback("127.0.31.2") };
		await using even = await turnRoute({ ...options, evenPort: true });
		expect(even.relayed.port % 2).toBe(0);
		expect(even.reservationToken).toBeNull();
		await using first = await turnRoute({ ...options, evenPort: "pair" });
		expect(first.relayed.port % 2).toBe(0);
		expect(first.reservationToken).toHaveLength(8);
		await using second = await turnRoute({
			...options,
			reservationToken: first.reservationToken ?? Buffer.alloc(0),
		});
		expect(second.relayed.port).toBe(first.relayed.port + 1);
	});

	it("relays with the don't-fragment bit", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1" });
		await using route = await turnRoute({
			server: `127.0.31.1:${coturn.port}`,
			credentials,
			sockets: loopback("127.0.31.2"),
			dontFragment: true,
		});
		const other = await echo("127.0.31.3");
		const socket = await route.udp();
		for (let n = 0; n < 10; n++) {
			const answer = nextMessage(socket);
			await send(socket, `unfragmented ${n}`, endpointOf(other));
			expect(await answer).toMatchObject({ text: `unfragmented ${n}` });
		}
		await close(other);
	});

	it("gives an address of each family, so that an IPv4 client meets IPv6 peers", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1", relayIps: ["127.0.31.1", "::1"] });
		const options = { server: `127.0.31.1:${coturn.port}`, credentials, sockets: loopback("127.0.31.2") };
		await using six = await turnRoute({ ...options, family: 6 });
		await using both = await turnRoute({ ...options, bothFamilies: true });
		expect([six.af, six.localIp]).toEqual([6, "::1"]);
		expect([both.af, both.localIp, both.other?.af, both.other?.localIp]).toEqual([4, "127.0.31.1", 6, "::1"]);
		for (const route of [six, both.other]) {
			const other = await echo("::1");
			const socket = await route?.udp();
			if (socket === undefined) throw new Error("no socket");
			const answer = nextMessage(socket);
			await send(socket, "six", endpointOf(other));
			expect(await answer).toEqual({ text: "six", ...endpointOf(other) });
			await close(other);
		}
	});

	it("says that it has no such family", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1" });
		const options = { server: `127.0.31.1:${coturn.port}`, credentials, sockets: loopback("127.0.31.2") };
		await expect(turnRoute({ ...options, family: 6 })).rejects.toMatchObject({ status: 440 });
		await using route = await turnRoute({ ...options, bothFamilies: true });
		expect(route.other).toBeNull();
	});

	it("may let nonces live for a second", async () => {
		await using coturn = await startCoturn({ ip: "127.0.31.1", args: ["--stale-nonce=1"] });
		await using route = await turnRoute({
			server: `127.0.31.1:${coturn.port}`,
			credentials,
			sockets: loopback("127.0.31.2"),
			keepAlive: 100,
		});
		const socket = await route.udp();
		const errors: Error[] = [];
		socket.on("error", (error) => errors.push(error));
		const other = await echo("127.0.31.3");
		const until = performance.now() + 3500;
		for (let last = 0; performance.now() < until; last++) {
			const answer = nextMessage(socket);
			await send(socket, `${last}`, endpointOf(other));
			expect((await answer).text).toBe(`${last}`);
			// A permission for someone else every now and then: also such requests meet a stale nonce.
			if (last % 200 === 0) await route.permit(`127.0.31.${4 + ((last / 200) % 200)}`);
		}
		expect(errors).toEqual([]);
		await close(other);
	}, 15_000);
});
