import { observeExternalAddress, StunTimeoutError } from "@p2pd/stun-client";
import { oneGateway, stunServers, type Topology } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	Interface,
	type InterfaceDeps,
	loadInterfaces,
	Netifaces,
	type NicAddress,
} from "../../src/index.js";
import { type Scene, scene } from "../support/memory.js";
import { netifacesOf, nic, snapshot } from "../support/snapshots.js";

const NAT = {
	kind: "nat",
	mapping: "endpoint-independent",
	filtering: "address-and-port-dependent",
	allocation: { kind: "equal" },
} as const;

const eth0 = nic({
	name: "eth0",
	index: 2,
	addresses: ["192.168.1.20/24", "2a02:8070:1:1::20/64", "fe80::20%eth0/64"],
	gateways: { 4: "192.168.1.1", 6: "fe80::1%eth0" },
});

const home = (change: Parameters<typeof oneGateway>[1] = {}): Scene =>
	scene(oneGateway(NAT, { servers: 3, ...change }), [eth0]);

const all = (place: Scene): string[] => [...place.servers(4), ...place.servers(6)];

/** A host with a NIC behind each of two home routers; the second NIC is not the default one. */
const twoHomes: Topology = {
	outside: stunServers(3),
	gateways: [
		{ name: "g0", outside: ["82.1.1.1"], inside: ["192.168.1.1/24"], ipv4: NAT },
		{ name: "g1", outside: ["85.2.2.2"], inside: ["192.168.2.1/24"], ipv4: NAT },
	],
	hosts: [
		{
			name: "client",
			nics: [
				{ name: "eth0", addresses: ["192.168.1.20/24"], gateway: "g0" },
				{ name: "eth1", addresses: ["192.168.2.20/24"], gateway: "g1" },
			],
		},
	],
};

describe("start()", () => {
	it("starts a NIC whose name has characters that a zone must not have", async () => {
		const name = 'e"$(id)';
		const odd = nic({ name, index: 2, addresses: ["192.168.1.20/24", `fe80::20%${name}/64`] });
		const made = new Interface(
			name,
			{ stunServers: [] },
			{ ...home().deps, netifaces: () => netifacesOf(snapshot([odd])) },
		);
		await made.start();
		expect([`${made.route(4)}`, `${made.route(6)}`]).toEqual([
			"[192.168.1.20/32] -> []",
			"[fe80::20/128] -> []",
		]);
	});

	it("finds the routes of both families behind a home router", async () => {
		const place = home();
		const made = new Interface("eth0", { stunServers: all(place) }, place.deps);
		const started = await place.clock.runUntil(made.start());
		expect(started).toBe(made);
		expect(made.supported()).toEqual([4, 6]);
		expect(`${made.route()}`).toBe("[192.168.1.20/32] -> [82.1.1.1/32]");
		expect(`${made.route(6)}`).toBe("[fe80::20/128] -> [2a02:8070:1:1::20/128]");
		expect(made.route().nic).toBe(made);
		expect(made.route(4).isPublic).toBe(true);
		expect([made.nic(4), made.isDefault(4), made.isDefault(6), made.index]).toEqual([
			"192.168.1.20",
			true,
			true,
			2,
		]);
		expect(made.reasons).toEqual({ 4: null, 6: null });
		expect(made.toJSON().rp["4"][0]).not.toHaveProperty("non_public");
	});

	it("asks 6 servers at most for each source, and no more than it must", async () => {
		const place = scene(oneGateway(NAT, { servers: 12 }), [eth0]);
		const made = new Interface("eth0", { stunServers: place.servers(4), families: [4] }, place.deps);
		await place.clock.runUntil(made.start());
		expect(place.sent()).toBeLessThanOrEqual(6);
		expect(made.reasons[6]).toBe("IPv6 was not asked for");
	});

	it("keeps minAgree and maxServers, and marks what one server alone says", async () => {
		const place = home();
		const [one = ""] = place.servers(4);
		const made = new Interface("eth0", { stunServers: [one], families: [4] }, place.deps);
		await place.clock.runUntil(made.start());
		expect(made.toJSON().rp["4"][0]).toMatchObject({ single_server: true });
		const asked: unknown[] = [];
		const observe: InterfaceDeps["observe"] = (options, deps) => {
			asked.push([options.minAgree, options.maxServers]);
			return observeExternalAddress(options, deps);
		};
		const options = { stunServers: place.servers(4), families: [4], minAgree: 3, maxServers: 5 } as const;
		const three = new Interface("eth0", options, { ...place.deps, observe });
		await place.clock.runUntil(three.start());
		expect(asked).toEqual([[3, 5]]);
	});

	it("leaves by the NIC that it is of", async () => {
		const nics = [
			nic({ name: "eth0", addresses: ["192.168.1.20/24"], gateways: { 4: "192.168.1.1" } }),
			nic({ name: "eth1", addresses: ["192.168.2.20/24"], gateways: { 4: "192.168.2.1" } }),
		];
		const place = scene(twoHomes, nics);
		const loaded = await place.clock.runUntil(
			loadInterfaces({ stunServers: place.servers(4), nat: false }, place.deps),
		);
		expect(loaded.map((each) => `${each.name} ${each.route()} ${each.isDefault(4)}`)).toEqual([
			"eth0 [192.168.1.20/32] -> [82.1.1.1/32] true",
			"eth1 [192.168.2.20/32] -> [85.2.2.2/32] false",
		]);
	});

	it("twice at once is one start, and after it nothing is sent", async () => {
		const place = home();
		const made = new Interface(undefined, { stunServers: all(place) }, place.deps);
		const both = Promise.all([made.start(), made.start()]);
		await place.clock.runUntil(both);
		const sent = place.sent();
		expect(made.name).toBe("eth0");
		await made.start();
		expect(place.sent()).toBe(sent);
		await place.clock.runUntil(made.refresh());
		expect(place.sent()).toBeGreaterThan(sent);
	});

	it("one of two callers may give up; when both have, the work ends", async () => {
		const place = home({ udpBlocked: true });
		const made = new Interface("eth0", { stunServers: all(place) }, place.deps);
		const first = new AbortController();
		const second = new AbortController();
		const left = made.start({ signal: first.signal });
		const stays = made.start({ signal: second.signal });
		left.catch(() => undefined);
		await place.clock.advance(10);
		first.abort(new Error("gone"));
		await expect(left).rejects.toThrow("gone");
		expect(await place.clock.runUntil(stays)).toBe(made);
		const late = made.refresh({ signal: second.signal });
		late.catch(() => undefined);
		await place.clock.advance(10);
		second.abort(new Error("gone too"));
		await expect(late).rejects.toThrow("gone too");
	});

	it("waits for silence no longer than it may, and then has an unverified route with a reason", async () => {
		const place = home({ udpBlocked: true });
		const made = new Interface("eth0", { stunServers: all(place) }, place.deps);
		await place.clock.runUntil(made.start({ timeout: 1000 }));
		expect(place.clock.now()).toBeLessThanOrEqual(1000);
		expect(made.supported()).toEqual([4, 6]);
		expect(made.route().isVerified).toBe(false);
		expect(made.route().extIps).toEqual([]);
		expect(made.reasons[4]).not.toBeNull();
		expect(made.toJSON().reasons?.["4"]).toBe(made.reasons[4]);
	});

	it("prefers the family with a default route", async () => {
		const place = home();
		const made = new Interface("eth0", { stunServers: place.servers(6) }, place.deps);
		await place.clock.runUntil(made.start());
		expect(made.supported()).toEqual([6, 4]);
		expect(made.route().af).toBe(6);
		expect(made.reasons[4]).toBe("no STUN server has IPv4");
	});

	it("believes no private address of a public server, and marks one that a private server saw", async () => {
		const carrier: Topology = {
			outside: [
				{ name: "s0", ips: ["100.64.9.1"], services: [{ kind: "stun", port: 3478 }] },
				{ name: "s1", ips: ["100.64.9.2"], services: [{ kind: "stun", port: 3478 }] },
			],
			gateways: [{ name: "g", outside: ["100.64.1.1"], inside: ["192.168.1.1/24"], ipv4: NAT }],
			hosts: [{ name: "client", nics: [{ name: "eth0", addresses: ["192.168.1.20/24"], gateway: "g" }] }],
		};
		const place = scene(carrier, [eth0]);
		const made = new Interface("eth0", { stunServers: place.servers(4), families: [4] }, place.deps);
		await place.clock.runUntil(made.start());
		expect(`${made.route()}`).toBe("[192.168.1.20/32] -> [100.64.1.1/32]");
		expect(made.toJSON().rp["4"][0]).toMatchObject({ non_public: true });
	});
});

describe("a NIC that leads nowhere", () => {
	const start = async (spec: Parameters<typeof nic>[0], change: Partial<InterfaceDeps> = {}) => {
		const place = scene(twoHomes, [eth0, nic(spec)]);
		const made = new Interface(spec.name, { stunServers: place.servers(4) }, { ...place.deps, ...change });
		await place.clock.runUntil(made.start());
		return { made, place };
	};

	it("has no gateway: a reason at once, nothing sent", async () => {
		const { made, place } = await start({ name: "eth1", addresses: ["192.168.2.20/24"] });
		expect([place.sent(), place.clock.now()]).toEqual([0, 0]);
		expect(`${made.route(4)}`).toBe("[192.168.2.20/32] -> []");
		expect(made.reasons[4]).toBe("eth1 has no IPv4 gateway and no STUN server on its link");
		expect(made.supported()).toEqual([4]);
	});

	it("is switched off, has no carrier, or no address: no routes, a reason, typed errors", async () => {
		const reasons = [];
		for (const spec of [{ up: false }, { running: false }, {}]) {
			const { made } = await start({ name: "eth1", ...spec });
			reasons.push(made.reasons[4]);
			expect(made.supported()).toEqual([]);
			expect(made.nic(4)).toBeNull();
			expect(made.routes(4).routes).toEqual([]);
			for (const af of [4, undefined] as const) {
				expect(() => made.route(af)).toThrowError(expect.objectContaining({ code: "ERR_NETIF_NO_FAMILY" }));
			}
			expect(() => made.route(4)).toThrow(`${made.reasons[4]}`);
		}
		expect(reasons).toEqual(["eth1 is switched off", "the link of eth1 is down", "eth1 has no IPv4 address"]);
	});

	it("has an address that is still being checked, or link-local ones alone", async () => {
		const address = { af: 6, ip: "2a02::1", cidr: 64, scope: "global", tentative: true } as const;
		const tentative = await start({ name: "eth1", info: { addresses: [address] } });
		expect(tentative.made.reasons[6]).toMatch(/duplicate address detection/);
		const local = await start({ name: "eth1", addresses: ["fe80::1%eth1/64"] });
		expect(local.made.reasons[6]).toBe("eth1 has only link-local IPv6 addresses");
	});

	it("has a deprecated address beside another: that one is left alone, unless it is the only one", async () => {
		const place = home();
		const old = { af: 6, ip: "2a02:8070:1:1::20", cidr: 64, scope: "global", deprecated: true } as const;
		const links = async (addresses: readonly NicAddress[]) => {
			const info = nic({ name: "eth0", gateways: { 6: "fe80::1%eth0" }, info: { addresses } });
			const options = { stunServers: place.servers(6), netifaces: netifacesOf(snapshot([info])) };
			const made = new Interface("eth0", options, place.deps);
			await place.clock.runUntil(made.start());
			return made.routes(6).routes.flatMap(({ nicIps }) => nicIps.map(({ ip }) => ip));
		};
		expect(await links([old])).toEqual([old.ip]);
		const fresh: NicAddress = { af: 6, ip: "2a02:8070:1:1::99", cidr: 64, scope: "global" };
		expect(await links([fresh, old])).toEqual([fresh.ip]);
	});

	it("hints at Linux's strict filter where answers stay away", async () => {
		const { made } = await start(
			{
				name: "eth1",
				addresses: ["192.168.2.20/24"],
				gateways: { 4: "192.168.2.1" },
				info: { reversePathFilter: "strict" },
			},
			{
				observe: async () => ({
					status: "unreachable",
					ip: null,
					nonPublic: false,
					asked: 2,
					votes: [],
					dissent: [],
					failures: [],
					reason: "nobody answered",
				}),
			},
		);
		expect(made.reasons[4]).toMatch(/^nobody answered; eth1 has a strict reverse path filter.*rp_filter=2/);
	});
});

describe("loadNat()", () => {
	it("is P2PD's assumption before, the verdict of the first route after", async () => {
		const place = home();
		const made = new Interface("eth0", { stunServers: all(place) }, place.deps);
		expect(made.nat).toMatchObject({ type: 5, delta: { type: 6 }, assumed: true });
		await place.clock.runUntil(made.start());
		expect(made.toJSON().nat_by_af).toEqual({ "4": null, "6": null });
		const nat = await place.clock.runUntil(made.loadNat());
		expect(nat).toEqual(made.nat);
		expect(nat).toEqual({
			type: 5,
			nat_info: "restrict port",
			delta: { type: 2, value: 0 },
			delta_info: "equal delta (local port == mapped port)",
		});
		expect(made.toJSON().nat_by_af["6"]).toMatchObject({ type: 1 });
		expect(made.natReports[4]?.schema).toBe("p2pd/nat-report");
	});

	it("is blocked only where silence is proven, and assumed where there is no way", async () => {
		const blocked = home({ udpBlocked: true });
		const silent = new Interface("eth0", { stunServers: blocked.servers(4), families: [4] }, blocked.deps);
		await blocked.clock.runUntil(silent.start());
		expect(await blocked.clock.runUntil(silent.loadNat())).toMatchObject({ type: 7 });
		const none = new Interface("eth0", { stunServers: blocked.servers(6), families: [4] }, blocked.deps);
		await blocked.clock.runUntil(none.start());
		expect(await none.loadNat()).toMatchObject({ type: 5, assumed: true, reason: "no STUN server has IPv4" });
	});

	it("sends nothing for a family with link-local addresses only", async () => {
		const place = scene(oneGateway(NAT, { servers: 3 }), [
			nic({ name: "eth0", addresses: ["fe80::20%eth0/64"], gateways: { 6: "fe80::1%eth0" } }),
		]);
		const made = new Interface("eth0", { stunServers: all(place) }, place.deps);
		await made.start();
		expect([`${made.route()}`, made.reasons[6]]).toEqual([
			"[fe80::20/128] -> []",
			"eth0 has only link-local IPv6 addresses",
		]);
		expect(await made.loadNat()).toMatchObject({
			assumed: true,
			reason: "eth0 has only link-local IPv6 addresses",
		});
		expect(place.sent()).toBe(0);
	});

	it("gives the routes the external address that only it could prove", async () => {
		const place = home();
		// The servers disagreed, or were silent, when the interface started.
		const disputed = { status: "disputed", nonPublic: false, asked: 5, votes: [], dissent: [], failures: [] };
		const observe = async () => ({ ...disputed, ip: null, reason: "the answers differ" }) as never;
		const made = new Interface("eth0", { stunServers: all(place) }, { ...place.deps, observe });
		await place.clock.runUntil(made.start());
		expect([`${made.route(4)}`, made.reasons[4]]).toEqual(["[192.168.1.20/32] -> []", "the answers differ"]);
		await place.clock.runUntil(made.loadNat());
		expect(`${made.route(4)}`).toBe("[192.168.1.20/32] -> [82.1.1.1/32]");
		expect(`${made.route(6)}`).toBe("[fe80::20/128] -> [2a02:8070:1:1::20/128]");
		expect(made.reasons).toEqual({ 4: null, 6: null });
		expect(made.toJSON().rp["4"]).toHaveLength(1);
	});

	it("knows from start() that UDP is blocked: both together take 3.2 s", async () => {
		const place = home({ udpBlocked: true, servers: 5 });
		const made = new Interface("eth0", { stunServers: place.servers(4), families: [4] }, place.deps);
		const began = place.clock.now();
		await place.clock.runUntil(made.start());
		expect(await place.clock.runUntil(made.loadNat())).toMatchObject({ type: 7 });
		expect(place.clock.now() - began).toBeLessThanOrEqual(3200);
		expect(made.nat.assumed).toBeUndefined();
		expect(made.natReports[4]).toMatchObject({ type: 7, reason: expect.stringContaining("Blocked") });
		// After a while it is tested from scratch.
		await place.clock.advance(60_000);
		const later = place.clock.now();
		await place.clock.runUntil(made.loadNat());
		expect(place.clock.now() - later).toBeGreaterThan(2000);
	});

	it("tests in full if a server answers after a start without answers", async () => {
		const place = home({ servers: 5 });
		const server = { ip: "8.8.0.1", port: 3478 };
		const failures = Array.from({ length: 5 }, () => ({
			server,
			error: new StunTimeoutError(server, 3, 3000),
		}));
		const observe = async () =>
			({
				status: "unreachable",
				ip: null,
				nonPublic: false,
				asked: 5,
				votes: [],
				dissent: [],
				failures,
				reason: "silence",
			}) as never;
		const options = { stunServers: place.servers(4), families: [4] } as const;
		const made = new Interface("eth0", options, { ...place.deps, observe });
		await place.clock.runUntil(made.start());
		expect(await place.clock.runUntil(made.loadNat())).toMatchObject({ type: 5, delta: { type: 2 } });
		expect(made.nat.assumed).toBeUndefined();
		expect(`${made.route(4)}`).toBe("[192.168.1.20/32] -> [82.1.1.1/32]");
	});

	it("keeps its timeout even if the test does not, and says so", async () => {
		const place = home();
		const deps = { ...place.deps, discoverNat: () => new Promise<never>(() => undefined) };
		const made = new Interface("eth0", { stunServers: place.servers(4), families: [4] }, deps);
		await place.clock.runUntil(made.start());
		const nat = await place.clock.runUntil(made.loadNat({ timeout: 500 }));
		expect(nat).toMatchObject({
			type: 5,
			assumed: true,
			reason: "the NAT test did not finish within 500 ms",
		});
	});

	it("passes a fault in a program on", async () => {
		const place = home();
		const deps = { ...place.deps, discoverNat: () => Promise.reject(new TypeError("a bug")) };
		const made = new Interface("eth0", { stunServers: place.servers(4), families: [4] }, deps);
		await place.clock.runUntil(made.start());
		await expect(made.loadNat()).rejects.toThrow("a bug");
	});
});

describe("the life of an interface", () => {
	it("says what is only known later", async () => {
		const place = home();
		const made = new Interface(undefined, {}, place.deps);
		expect(made.name).toBe("");
		for (const ask of [() => made.supported(), () => made.route(), () => made.route(4), () => made.nic(4)]) {
			expect(ask).toThrowError(expect.objectContaining({ code: "ERR_NETIF_NOT_STARTED" }));
		}
		await expect(made.loadNat()).rejects.toMatchObject({ code: "ERR_NETIF_NOT_STARTED" });
		expect(made.isDefault(4)).toBe(false);
	});

	it("ends with close(), also what is under way", async () => {
		const place = home({ udpBlocked: true });
		const made = new Interface("eth0", { stunServers: all(place) }, place.deps);
		const starting = made.start();
		starting.catch(() => undefined);
		await place.clock.advance(10);
		made.close();
		await expect(starting).rejects.toMatchObject({ code: "ERR_NETIF_CLOSED" });
		await expect(made.start()).rejects.toMatchObject({ code: "ERR_NETIF_CLOSED" });
		await expect(made.loadNat()).rejects.toMatchObject({ code: "ERR_NETIF_CLOSED" });
	});

	it.each([
		["Infinity", Number.POSITIVE_INFINITY],
		["NaN", Number.NaN],
		["negative", -1],
		["a text", JSON.parse('"5000"')],
	])("refuses a timeout that is %s", async (_, timeout) => {
		const place = home();
		const made = new Interface("eth0", { stunServers: all(place) }, place.deps);
		const code = "ERR_NETIF_ARGUMENT";
		await expect(made.start({ timeout })).rejects.toMatchObject({ code });
		await place.clock.runUntil(made.start());
		await expect(made.loadNat({ timeout })).rejects.toMatchObject({ code });
		await expect(made.refresh({ timeout })).rejects.toMatchObject({ code });
		expect(made.nat.reason).toBe("loadNat() was not called");
	});

	it("asks in a short time too", async () => {
		const place = home();
		const made = new Interface("eth0", { stunServers: all(place) }, place.deps);
		await place.clock.runUntil(made.start({ timeout: 140 }));
		expect(made.reasons).toEqual({ 4: null, 6: null });
	});

	it("does not wait for an enumeration for ever", async () => {
		const place = home();
		const netifaces = new Netifaces(
			() => new Promise(() => undefined),
			() => place.clock.now(),
		);
		const made = new Interface("eth0", { netifaces, stunServers: [] }, place.deps);
		const starting = made.start({ timeout: 300 });
		starting.catch(() => undefined);
		await place.clock.advance(300);
		await expect(starting).rejects.toMatchObject({ code: "ERR_NETIF_TIMEOUT", timeout: 300 });
	});

	it("uses the present default NIC, not an earlier one", async () => {
		const place = scene(twoHomes, []);
		const at = { gateways: { 4: "192.168.1.1" } };
		let now = snapshot([nic({ name: "eth0", addresses: ["192.168.1.20/24"], ...at })]);
		const netifaces = new Netifaces(
			async () => now,
			() => place.clock.now(),
		);
		const options = { netifaces, stunServers: place.servers(4) };
		const before = new Interface(undefined, options, place.deps);
		await place.clock.runUntil(before.start());
		now = snapshot([
			nic({ name: "eth1", addresses: ["192.168.2.20/24"], gateways: { 4: "192.168.2.1" } }),
			nic({ name: "eth0", addresses: ["192.168.1.20/24"], ...at }),
		]);
		await place.clock.advance(1000);
		const after = new Interface(undefined, options, place.deps);
		await place.clock.runUntil(after.start());
		expect([before.name, after.name, before.isDefault(4)]).toEqual(["eth0", "eth1", true]);
		await place.clock.runUntil(before.refresh());
		expect([before.name, before.isDefault(4)]).toEqual(["eth0", false]);
	});

	it("uses the servers of the option, else of P2PD_STUN_SERVERS, and refuses an invalid one", async () => {
		const place = home();
		const env = { P2PD_STUN_SERVERS: place.servers(4).join(",") };
		const made = new Interface("eth0", {}, { ...place.deps, env });
		await place.clock.runUntil(made.start());
		expect(made.route(4).isVerified).toBe(true);
		const wrong = new Interface("eth0", {}, { ...place.deps, env: { P2PD_STUN_SERVERS: "no server!" } });
		await expect(wrong.start()).rejects.toMatchObject({ code: "ERR_STUN_CONFIG" });
	});
});

describe("loadInterfaces()", () => {
	const nics = [
		nic({ name: "lo", kind: "loopback", addresses: ["127.0.0.1/8"] }),
		nic({ name: "eth1", index: 2, addresses: ["192.168.2.20/24"] }),
		nic({ name: "eth0", index: 3, addresses: ["192.168.1.20/24"], gateways: { 4: "192.168.1.1" } }),
	];

	it("starts all at once, keeps the one whose NAT could not be found out, in a fixed order", async () => {
		const place = scene(twoHomes, nics);
		const loaded = await place.clock.runUntil(loadInterfaces({ stunServers: place.servers(4) }, place.deps));
		expect(loaded.map(({ name, nat }) => `${name} ${nat.type} ${nat.reason ?? ""}`)).toEqual([
			"eth0 5 ",
			"eth1 5 eth1 has no IPv4 gateway and no STUN server on its link",
		]);
		expect(loaded[0]?.nat.assumed).toBeUndefined();
	});

	it("loads the named ones in the order given, and names those that exist for one that does not", async () => {
		const place = scene(twoHomes, nics);
		const options = { stunServers: place.servers(4), nat: false };
		const loaded = await place.clock.runUntil(
			loadInterfaces({ ...options, names: ["eth1", "eth0"] }, place.deps),
		);
		expect(loaded.map(({ name }) => name)).toEqual(["eth1", "eth0"]);
		await expect(loadInterfaces({ ...options, names: ["meow"] }, place.deps)).rejects.toMatchObject({
			code: "ERR_NETIF_NOT_FOUND",
			existing: ["lo", "eth1", "eth0"],
		});
	});

	it("leaves out a NIC that vanished meanwhile", async () => {
		const place = scene(twoHomes, nics);
		let now = snapshot(nics);
		const netifaces = new Netifaces(
			async () => now,
			() => place.clock.now(),
		);
		await netifaces.look();
		now = snapshot(nics.slice(0, 1).concat(nics.slice(2)));
		await place.clock.advance(1000);
		const loaded = await place.clock.runUntil(
			loadInterfaces({ netifaces, stunServers: place.servers(4), nat: false }, place.deps),
		);
		expect(loaded.map(({ name }) => name)).toEqual(["eth0"]);
	});

	it("is ended by its signal", async () => {
		const place = scene(twoHomes, nics);
		const signal = AbortSignal.abort(new Error("no more"));
		await expect(loadInterfaces({ stunServers: place.servers(4), signal }, place.deps)).rejects.toThrow(
			"no more",
		);
	});
});
