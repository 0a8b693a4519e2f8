import { IPRange } from "@p2pd/address";
import { kernelRoute, Route, sourceRoute } from "@p2pd/route";
import { describe, expect, it } from "vitest";
import { accepted, closed, DEFAULT_LO, LO, NO_NATIVE, portOf } from "./kit.js";

/*
 * The README's table of what works without the native part, kept here by a test: what is not in it works, and
 * what is in it is refused by name and never ignored.
 */
describe("without the native part", () => {
	const sockets = kernelRoute(4, NO_NATIVE);
	const to = { ip: "127.0.0.1", port: 9 };
	const missing = (option: string) => ({
		name: "RouteNativeMissingError",
		code: "ERR_ROUTE_NATIVE_MISSING",
		option,
	});

	it.each([
		["TCP reuse", "reuse", () => sockets.connect({ ...to, reuse: true })],
		["TCP ttl", "ttl", () => sockets.connect({ ...to, ttl: 9 })],
		["TCP lingerSeconds", "lingerSeconds", () => sockets.connect({ ...to, lingerSeconds: 0 })],
		["server reuse", "reuse", () => sockets.listen({ reuse: true })],
		["server ttl", "ttl", () => sockets.listen({ ttl: 9 })],
		["server lingerSeconds", "lingerSeconds", () => sockets.listen({ lingerSeconds: 0 })],
	])("%s is refused by name", async (_what, option, make) => {
		await expect(make()).rejects.toMatchObject(missing(option));
	});

	it.each([
		["UDP port, reuse, ttl, broadcast", () => sockets.udp({ port: 0, reuse: true, ttl: 9, broadcast: true })],
		["UDP v6only", () => kernelRoute(6, NO_NATIVE).udp({ v6only: false })],
		["server port, backlog", () => sockets.listen({ port: 0, backlog: 5 })],
		["server v6only", () => kernelRoute(6, NO_NATIVE).listen({ v6only: false })],
	])("%s works", async (_what, make) => {
		const socket = await make();
		expect(portOf(socket)).toBeGreaterThan(0);
		socket.close();
	});

	it("a source that the kernel would not choose is bound by Node itself", async () => {
		const server = await sockets.listen();
		const there = accepted(server);
		const odd = sourceRoute({ af: 4, nic: DEFAULT_LO, ip: "127.0.0.3" }, NO_NATIVE);
		const client = await odd.connect({ ip: "127.0.0.1", port: portOf(server) });
		expect(client.localAddress).toBe("127.0.0.3");
		client.destroy();
		(await there).destroy();
		await closed(server);
	});

	it("a route is bound by its source address and says so; strict mode refuses it", async () => {
		const route = new Route({ af: 4, nic: LO, nicIps: [new IPRange("192.0.2.1")], extIps: [] });
		const bound = await route.bind({}, NO_NATIVE);
		expect(bound).toMatchObject({
			deviceBinding: "source-address",
			deviceBindingReason: "no native part: taken away by the test",
		});
		expect(bound.reachability("192.0.2.9").status).toBe("unchecked");
		await expect(route.bind({ strict: true }, NO_NATIVE)).rejects.toMatchObject({
			code: "ERR_ROUTE_DEVICE_BINDING",
			nic: "lo",
		});
	});

	it("on Windows the source address is enough for strict mode too", async () => {
		const route = new Route({ af: 4, nic: LO, nicIps: [new IPRange("192.0.2.1")], extIps: [] });
		const bound = await route.bind({ strict: true }, { ...NO_NATIVE, platform: "win32" });
		expect(bound.deviceBinding).toBe("source-address");
	});

	it("a host of a block that is not this machine's is refused all the same", async () => {
		const block = [new IPRange("198.51.100.0/24")];
		const route = new Route({ af: 4, nic: DEFAULT_LO, nicIps: block, extIps: block });
		await expect(route.bind({}, NO_NATIVE)).rejects.toMatchObject({ code: "ERR_ROUTE_NO_ADDRESS" });
	});
});
