import { inspect } from "node:util";
import type { NicRef } from "@p2pd/net";
import { ManualClock } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	Address,
	type AddressDeps,
	AddressDnsError,
	AddressNotFoundError,
	type AddressOptions,
	AddressSyntaxError,
	AddressUnresolvedError,
	AddressValueError,
	AddressZoneError,
	IpAddress,
	type ResolverSockets,
	type SystemLookup,
} from "../../src/index.js";

/** A route that may be looked at, but through which nothing may be sent. */
function route(
	af: 4 | 6,
	localIp: string,
	nic: (Partial<NicRef> & { name: string }) | null,
): ResolverSockets {
	const never = () => Promise.reject(new Error("no socket may be made here"));
	return {
		...{ af, localIp, udp: never, connect: never },
		nic: nic && { index: null, isDefault: () => true, ...nic },
	};
}
const eth0 = route(6, "::", { name: "eth0", index: 7 });

const noLookup: SystemLookup = () => Promise.reject(new Error("nobody may be asked"));
const names =
	(table: Readonly<Record<string, readonly string[] | Error>>): SystemLookup =>
	async (host, family) => {
		const found = table[host] ?? new AddressNotFoundError(host, "unknown");
		if (found instanceof Error) throw found;
		return family === 0 ? found : found.filter((ip) => ip.includes(":") === (family === 6));
	};
/** Sources of a machine with both families, or with one. */
const sources = (v4: string | null, v6: string | null): AddressDeps => ({
	sourceOf: async ({ af }) => {
		const source = af === 4 ? v4 : v6;
		return source === null ? null : IpAddress.parse(source);
	},
});
const dual = sources("192.168.1.2", "2a00::2");

describe("a literal", () => {
	it.each([
		["8.8.8.8", "8.8.8.8", { isPublic: true, isPrivate: false, isLoopback: false }],
		["192.168.0.1", "192.168.0.1", { isPublic: false, isPrivate: true, isLoopback: false }],
		["127.0.0.1", "127.0.0.1", { isPublic: false, isPrivate: false, isLoopback: true }],
		["::1", "::1", { isPublic: false, isPrivate: false, isLoopback: true }],
		["[2a00:0:0::1]", "2a00::1", { isPublic: true, isPrivate: false, isLoopback: false }],
		// The any-address is this machine, and is no public address (P2PD called 0.0.0.0 one and kept ::).
		["0.0.0.0", "127.0.0.1", { isPublic: false, isPrivate: false, isLoopback: true }],
		["::", "::1", { isPublic: false, isPrivate: false, isLoopback: true }],
		["fd00::1", "fd00::1", { isPublic: false, isPrivate: true, isLoopback: false }],
		["fe80::1", "fe80::1%eth0", { isPublic: false, isPrivate: false, isLoopback: false }],
		["fe80::1%eth7", "fe80::1%eth7", { isPublic: false, isPrivate: false, isLoopback: false }],
		["ff02::1", "ff02::1%eth0", { isPublic: false, isPrivate: false, isLoopback: false }],
		["ff0e::1", "ff0e::1", { isPublic: false, isPrivate: false, isLoopback: false }],
	])("%s is %s, and asks nobody", async (host, ip, flags) => {
		const address = await new Address(host, 80, {}, { systemLookup: noLookup, platform: "linux" }).res(eth0);
		const af = ip.includes(":") ? 6 : 4;
		expect(address.select(af)).toEqual({ af, ip, port: 80, ...flags });
		expect(address.supported()).toEqual([af]);
		expect(address.resolution).toMatchObject({
			way: "literal",
			attempts: [],
			nat64: { status: "not-asked" },
		});
	});

	it("takes the zone by number on Windows, and from a route that is bound to a link-local address", async () => {
		const windows = await new Address("fe80::1", 80, {}, { platform: "win32" }).res(eth0);
		expect(windows.select(6).ip).toBe("fe80::1%7");
		const bound = await new Address("fe80::1", 80).res(route(6, "fe80::2%wlan0", null));
		expect(bound.select(6).ip).toBe("fe80::1%wlan0");
	});

	it("is refused where it is link-local and nothing says the zone", async () => {
		const address = new Address("fe80::1", 80);
		for (const where of [undefined, null, route(6, "::", null)]) {
			await expect(address.res(where)).rejects.toThrow(AddressZoneError);
		}
		await expect(address.res(route(6, "::", { name: "eth0" }))).resolves.toBe(address);
		// The kernel has a NIC of its own choice for multicast.
		expect((await new Address("ff02::1", 80).res()).select(6).ip).toBe("ff02::1");
	});

	it("of the other family is a typed error that names what there is", async () => {
		const address = await new Address("1.2.3.4", 80).res(eth0);
		expect(() => address.select(6)).toThrow(/1\.2\.3\.4 has no IPv6 address, only 1\.2\.3\.4/);
	});
});

describe("a name", () => {
	it("has all its addresses in preference order, the families in turn", async () => {
		const systemLookup = names({ h: ["1.1.1.1", "1.1.1.2", "1.1.1.2", "2a00::9", "2a00::8"] });
		const address = await new Address("h", 80, {}, { ...dual, systemLookup }).res();
		expect(address.endpoints().map(({ ip }) => ip)).toEqual(["2a00::9", "1.1.1.1", "2a00::8", "1.1.1.2"]);
		expect(address.endpoints(4).map(({ ip }) => ip)).toEqual(["1.1.1.1", "1.1.1.2"]);
		expect([address.supported(), address.resolution.way]).toEqual([[6, 4], "system"]);
		// Without IPv6 here, it comes last.
		const v4Only = await new Address("h", 80, {}, { ...sources("10.0.0.1", null), systemLookup }).res();
		expect(v4Only.select(4)).toEqual(v4Only.endpoints()[0]);
		// Through a route, its family comes first as a whole.
		const routed = await new Address("h", 80, {}, { ...dual, systemLookup }).res(
			route(4, "10.0.0.1", { name: "eth0" }),
		);
		expect(routed.supported()).toEqual([4, 6]);
		expect(routed.endpoints().map(({ af }) => af)).toEqual([4, 4, 6, 6]);
	});

	it("has each endpoint once, however it was written", async () => {
		const systemLookup = names({ h: ["0.0.0.0", "127.0.0.1", "2A00::1", "2a00:0::1", "::"] });
		const address = await new Address("h", 80, {}, { ...dual, systemLookup }).res();
		expect(
			address
				.endpoints()
				.map(({ ip }) => ip)
				.sort(),
		).toEqual(["127.0.0.1", "2a00::1", "::1"]);
	});

	it("drops a link-local address without a zone, says so, and fails only if it has no other", async () => {
		const systemLookup = names({ both: ["fe80::5", "192.168.1.9"], one: ["fe80::5"] });
		const both = await new Address("both", 80, {}, { ...dual, systemLookup }).res();
		expect(both.endpoints().map(({ ip }) => ip)).toEqual(["192.168.1.9"]);
		expect(both.resolution.dropped).toEqual([{ ip: "fe80::5", reason: expect.stringContaining("zone") }]);
		await expect(new Address("one", 80, {}, { ...dual, systemLookup }).res()).rejects.toThrow(
			AddressZoneError,
		);
		const routed = await new Address("one", 80, {}, { ...dual, systemLookup, platform: "linux" }).res(eth0);
		expect(routed.select(6).ip).toBe("fe80::5%eth0");
	});

	it("fails with what both families said", async () => {
		const clock = new ManualClock();
		const systemLookup = names({ broken: new AddressDnsError("broken", "EAI_AGAIN", null) });
		const run = (host: string) => clock.runUntil(new Address(host, 80, {}, { clock, systemLookup }).res());
		await expect(run("absent")).rejects.toMatchObject({
			code: "ERR_ADDRESS_NOT_FOUND",
			input: "absent",
			cause: { errors: [{ code: "ERR_ADDRESS_NOT_FOUND" }, { code: "ERR_ADDRESS_NOT_FOUND" }] },
		});
		await expect(run("broken")).rejects.toMatchObject({ code: "ERR_ADDRESS_DNS", detail: "EAI_AGAIN" });
	});

	it("does not hide a mistake in the surroundings as a network's failure", async () => {
		const mistake = new TypeError("a bug");
		const systemLookup = names({ h: mistake });
		await expect(new Address("h", 80, {}, { systemLookup }).res()).rejects.toBe(mistake);
	});

	it("keeps what it knew until it knows better", async () => {
		let ips: readonly string[] | Error = ["1.1.1.1"];
		const systemLookup: SystemLookup = (host, family, signal) => names({ h: ips })(host, family, signal);
		const address = new Address("h", 80, {}, { ...dual, systemLookup });
		expect(() => address.endpoints()).toThrow(AddressUnresolvedError);
		expect([address.isResolved, inspect(address)]).toEqual([false, "Address(h:80: not resolved)"]);
		expect(await address.res()).toBe(address);
		ips = new AddressNotFoundError("h", "gone");
		await expect(address.res()).rejects.toThrow(AddressNotFoundError);
		expect(address.select(4).ip).toBe("1.1.1.1");
		expect([address.isResolved, inspect(address)]).toEqual([true, "Address(h:80: 1.1.1.1)"]);
		expect(JSON.parse(JSON.stringify(address))).toMatchObject({
			host: "h",
			port: 80,
			endpoints: [{ ip: "1.1.1.1" }],
		});
	});

	it("rejects with the reason of a signal that has aborted before, also for a literal", async () => {
		const reason = new Error("enough");
		const signal = AbortSignal.abort(reason);
		for (const host of ["h", "1.2.3.4"]) {
			await expect(new Address(host, 80, {}, { systemLookup: noLookup }).res(null, { signal })).rejects.toBe(
				reason,
			);
		}
	});
});

describe("NAT64", () => {
	const v6Only = sources(null, "2a00::2");
	const discovering = names({
		"ipv4only.arpa": ["192.0.0.170", "192.0.0.171", "2a00:64::192.0.0.170", "2a00:64::192.0.0.171"],
		v4: ["93.184.215.14", "10.1.1.1"],
		dual: ["93.184.215.14", "2a00::9"],
	});
	const resolve = (
		host: string,
		nat64: boolean | string,
		deps: AddressDeps = v6Only,
		where: ResolverSockets | null = null,
	) => new Address(host, 80, { nat64 }, { ...deps, systemLookup: discovering }).res(where);

	it("makes an IPv4 literal reachable by the prefix that the network gives away", async () => {
		const address = await resolve("93.184.215.14", true);
		expect(address.endpoints().map(({ ip }) => ip)).toEqual(["2a00:64::5db8:d70e", "93.184.215.14"]);
		expect(address.resolution.nat64).toEqual({ status: "synthesised", prefix: "2a00:64::/96" });
		const routed = await resolve("93.184.215.14", true, dual, eth0);
		expect(routed.select(6).ip).toBe("2a00:64::5db8:d70e");
	});

	it("makes the IPv4 addresses of a name reachable too", async () => {
		expect((await resolve("v4", true)).endpoints(6).map(({ ip }) => ip)).toEqual([
			"2a00:64::5db8:d70e",
			"2a00:64::a01:101",
		]);
	});

	it("uses a given prefix, and the well-known one for public addresses only", async () => {
		const address = await resolve("v4", "64:ff9b::/96");
		expect(address.endpoints(6).map(({ ip }) => ip)).toEqual(["64:ff9b::5db8:d70e"]);
		expect((await resolve("10.1.1.1", "64:ff9b::/96")).resolution.nat64).toEqual({ status: "not-needed" });
	});

	it.each<[string, string, AddressDeps]>([
		["IPv4 works", "93.184.215.14", dual],
		["there is IPv6", "dual", v6Only],
		["the address is this machine's", "127.0.0.1", v6Only],
		["the address is the link's", "169.254.1.1", v6Only],
		["the literal is IPv6", "2a00::9", v6Only],
	])("leaves the addresses alone where %s", async (_why, host, deps) => {
		const address = await resolve(host, true, deps);
		expect(address.resolution.nat64).toEqual({ status: "not-needed" });
	});

	it("reports that the network has none, and keeps the IPv4 address", async () => {
		const systemLookup = names({ "ipv4only.arpa": ["192.0.0.170"] });
		const address = await new Address(
			"93.184.215.14",
			80,
			{ nat64: true },
			{ ...v6Only, systemLookup },
		).res();
		expect(address.supported()).toEqual([4]);
		expect(address.resolution.nat64).toMatchObject({
			status: "failed",
			error: { code: "ERR_ADDRESS_NOT_FOUND" },
		});
	});

	it("looks for the prefix within the one deadline", async () => {
		const clock = new ManualClock();
		const systemLookup: SystemLookup = () => new Promise(() => undefined);
		const deps = { ...v6Only, systemLookup, clock };
		const address = new Address("93.184.215.14", 80, { nat64: true, timeout: 1000 }, deps);
		await clock.runUntil(address.res());
		expect(clock.now()).toBe(1000);
		expect(address.resolution.nat64).toMatchObject({
			status: "failed",
			error: { code: "ERR_ADDRESS_TIMEOUT" },
		});
	});
});

describe("an Address", () => {
	it("is made of anything that is a target", () => {
		expect(`${Address.parse("https://example.com/x")}`).toBe("example.com:443");
		expect(`${Address.parse("[::1]:80")}`).toBe("[::1]:80");
		expect(`${Address.parse({ ip: "1.2.3.4", port: 1 })}`).toBe("1.2.3.4:1");
		expect(`${Address.parse("example.com", { defaultPort: 3478 })}`).toBe("example.com:3478");
		expect(`${new Address(IpAddress.parse("::1"), 80)}`).toBe("[::1]:80");
		expect(() => Address.parse("example.com")).toThrow(AddressValueError);
	});

	it.each<[string, AddressOptions]>([
		["1.2.3", {}],
		["010.0.0.1", {}],
		["", {}],
		["a b", {}],
		["h", { servers: ["dns.example"] }],
		["h", { nat64: "64:ff9b::/x" }],
	])("%j with %j cannot be read", (host, options) => {
		expect(() => new Address(host, 80, options)).toThrow(AddressSyntaxError);
	});

	it.each<[number, AddressOptions]>([
		[-1, {}],
		[65536, {}],
		[80, { servers: [] }],
		[80, { nat64: "64:ff9b::/95" }],
	])("port %i with %j is out of bounds", (port, options) => {
		expect(() => new Address("h", port, options)).toThrow(AddressValueError);
	});
});
