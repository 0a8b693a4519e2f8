import { sourceRoute } from "@p2pd/route";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
	type MapPortOptions,
	mapPort,
	PortMapArgumentError,
	type PortMapMethod,
	type PortMapping,
} from "../src/index.js";
import { type FakeRouter, type FakeRouterOptions, fakeRouter } from "./support/fake-router.js";

/** Each test has a gateway of its own on loopback, so that no two share the ports of the protocols. */
let last = 10;
let router: FakeRouter | undefined;
let mapping: PortMapping | undefined;
let gateway = "";
afterEach(async () => {
	await mapping?.close();
	await router?.close();
	mapping = undefined;
	router = undefined;
});

// Bound to 127.0.0.1, so that multicast stays on loopback too.
const sockets = sourceRoute({ af: 4, nic: null, ip: "127.0.0.1" });

async function open(options: Omit<FakeRouterOptions, "ip">): Promise<FakeRouter> {
	gateway = `127.0.77.${last++}`;
	router = await fakeRouter({ ip: gateway, ...options });
	return router;
}
const map = async (options: Partial<MapPortOptions> = {}) => {
	const result = await mapPort(
		{ protocol: "tcp", internalPort: 4000, ...options },
		{ gateway, sockets, memory: new Map() },
	);
	if (result.ok) mapping = result.mapping;
	return result;
};
const outcomes = (attempts: readonly { method: PortMapMethod; outcome: string }[]): Record<string, string> =>
	Object.fromEntries(attempts.map(({ method, outcome }) => [method, outcome]));

describe("mapPort", () => {
	it.each<[PortMapMethod, Omit<FakeRouterOptions, "ip">]>([
		["pcp", { pcp: "grant" }],
		["nat-pmp", { natPmp: "grant" }],
		["upnp", { upnp: {} }],
		["upnp", { upnp: { version: 2 } }],
	])("maps by %s, and close() deletes the mapping", async (method, options) => {
		const { mappings } = await open(options);
		const result = await map();
		expect(result).toMatchObject({ ok: true });
		expect(mapping).toMatchObject({
			method,
			protocol: "tcp",
			internalPort: 4000,
			external: { ip: "203.0.113.7", port: 4000 },
			verified: "not-checked",
		});
		expect(mapping?.timeLeft).toBeGreaterThan(3_000_000);
		expect([...mappings]).toEqual(["tcp 4000"]);
		await mapping?.close();
		expect([...mappings]).toEqual([]);
		await expect(mapping?.refresh()).rejects.toMatchObject({ code: "ERR_PORT_MAP_CLOSED" });
	});

	it("takes one protocol where the router speaks all, and maps once", async () => {
		const { mappings, asked } = await open({ pcp: "grant", natPmp: "grant", upnp: {} });
		const result = await map({ protocol: "udp", externalPort: 5000 });
		expect(result.ok).toBe(true);
		expect([...mappings]).toEqual(["udp 5000"]);
		expect(asked.filter((one) => /map$|Add/.test(one))).toHaveLength(1);
		expect(Object.values(outcomes(result.attempts)).filter((outcome) => outcome === "mapped")).toHaveLength(
			1,
		);
	});

	it("asks first what worked on this network before, and the others where it does not any more", async () => {
		const memory = new Map<string, PortMapMethod>();
		const { asked } = await open({ pcp: "grant", natPmp: "grant", upnp: {} });
		memory.set(gateway, "nat-pmp");
		const ask = () => mapPort({ protocol: "tcp", internalPort: 4000 }, { gateway, sockets, memory });
		const known = await ask();
		if (!known.ok) throw new Error("not mapped");
		expect(known.mapping.method).toBe("nat-pmp");
		expect(asked.some((one) => /^(pcp|upnp)/.test(one))).toBe(false);
		await known.mapping.close();
		await router?.close();
		router = await fakeRouter({ ip: gateway, pcp: "grant" });
		const changed = await ask();
		if (!changed.ok) throw new Error("not mapped");
		expect(changed.mapping.method).toBe("pcp");
		expect(memory.get(gateway)).toBe("pcp");
		await changed.mapping.close();
	});

	it("goes on to the next protocol where one is refused", async () => {
		await open({ pcp: "refuse", natPmp: "refuse", upnp: {} });
		const result = await map();
		expect(result.ok).toBe(true);
		expect(mapping?.method).toBe("upnp");
	});

	it.each([
		["718: another external port", [718, 718, 0], 1],
		["725: a permanent lease", [725, 0], 1],
	])("UPnP %s", async (what, codes, count) => {
		const { mappings } = await open({ upnp: { codes } });
		expect((await map()).ok).toBe(true);
		expect(mappings.size).toBe(count);
		if (what.startsWith("718")) expect(mapping?.external.port).toBeGreaterThanOrEqual(49_152);
		else expect(mapping?.timeLeft).toBe(Number.POSITIVE_INFINITY);
	});

	it.each([402, 501, 606])("UPnP %d is told as it is", async (code) => {
		await open({ upnp: { codes: [code] } });
		const result = await map({ methods: ["upnp"] });
		expect(result).toMatchObject({ ok: false, reason: "refused" });
		expect(result.attempts.find(({ method }) => method === "upnp")).toMatchObject({
			outcome: "refused",
			code,
		});
	});

	it("a router without any of it: no answer after the timeout, and nothing later", async () => {
		gateway = "127.0.77.9";
		const result = await map({ timeout: 50, patience: 300, methods: ["nat-pmp", "upnp"] });
		expect(result).toMatchObject({ ok: false });
		if (!result.ok) expect(await result.later).toBeNull();
		expect(outcomes(result.attempts)["pcp"]).toBe("not-tried");
	});

	it("garbage is no answer", async () => {
		await open({ pcp: "garbage" });
		const result = await map({ methods: ["pcp"], timeout: 50, patience: 400 });
		expect(result.ok).toBe(false);
		if (!result.ok) expect(await result.later).toBeNull();
	});

	it("a description elsewhere is never fetched", async () => {
		const { asked } = await open({ upnp: { location: "http://127.0.77.200:9/evil.xml" } });
		const result = await map({ methods: ["upnp"] });
		expect(result).toMatchObject({ ok: false, reason: "refused" });
		expect(result.attempts.find(({ method }) => method === "upnp")?.reason).toContain("not on the gateway");
		expect(asked).toEqual([]);
	});

	it("a private external address is a second NAT, not a success like another", async () => {
		await open({ pcp: "grant", externalIp: "100.64.3.7" });
		await map();
		expect(mapping?.reach).toBe("second-nat");
	});

	it.each<PortMapMethod>(["pcp", "nat-pmp", "upnp"])(
		"%s: a router that restarted is asked again",
		async (method) => {
			const { mappings, restart } = await open({
				pcp: method === "pcp" ? "grant" : undefined,
				natPmp: method === "nat-pmp" ? "grant" : undefined,
				upnp: method === "upnp" ? {} : undefined,
			} as Omit<FakeRouterOptions, "ip">);
			await map({ checkInterval: 20, methods: [method] });
			const renewed = new Promise<unknown>((resolve) => mapping?.once("renewed", resolve));
			restart();
			expect(await renewed).toEqual({ ip: "203.0.113.7", port: 4000 });
			expect([...mappings]).toEqual(["tcp 4000"]);
		},
	);

	it("what an outside check says is the mapping's verified", async () => {
		await open({ pcp: "grant" });
		for (const said of ["yes", "no"] as const) {
			const result = await mapPort(
				{ protocol: "udp", internalPort: 4001 },
				{ gateway, sockets, verify: async ({ external }) => (external.port === 4001 ? said : "not-checked") },
			);
			if (!result.ok) throw new Error("not mapped");
			expect(result.mapping.verified).toBe(said);
			await result.mapping.close();
		}
		const failing = await mapPort(
			{ protocol: "udp", internalPort: 4001 },
			{ gateway, sockets, verify: () => Promise.reject(new Error("no peer")) },
		);
		if (!failing.ok) throw new Error("not mapped");
		expect(failing.mapping.verified).toBe("not-checked");
		await failing.mapping.close();
	});

	it("aborts at once and leaves nothing at the router", async () => {
		gateway = "127.0.77.8";
		const abort = new AbortController();
		const mapped = map({ signal: abort.signal });
		abort.abort(new Error("enough"));
		await expect(mapped).rejects.toThrow("enough");
		await expect(map({ signal: abort.signal })).rejects.toThrow("enough");
	});

	it("100 times map and close leave nothing", async () => {
		const { mappings } = await open({ pcp: "grant" });
		for (let index = 0; index < 100; index++) {
			const result = await map({ methods: ["pcp"], internalPort: 4000 + index });
			if (!result.ok) throw new Error("not mapped");
			await result.mapping.close();
		}
		expect(mappings.size).toBe(0);
	});
});

describe("arguments", () => {
	it.each([
		[undefined, {}, "options"],
		[{}, {}, "options.protocol"],
		[{ protocol: "sctp", internalPort: 1 }, {}, "options.protocol"],
		[{ protocol: "tcp", internalPort: 0 }, {}, "options.internalPort"],
		[{ protocol: "tcp", internalPort: 1, port: 2 }, {}, "options.port"],
		[{ protocol: "tcp", internalPort: 1, methods: ["igd"] }, {}, "options.methods[0]"],
		[{ protocol: "tcp", internalPort: 1, lifetime: Number.NaN }, {}, "options.lifetime"],
		[{ protocol: "tcp", internalPort: 1 }, { sockets }, "deps.gateway"],
		[{ protocol: "tcp", internalPort: 1 }, { gateway: "router", sockets }, "deps.gateway"],
		[{ protocol: "tcp", internalPort: 1 }, { gateway: "127.0.0.1" }, "deps.sockets"],
	])("%j %j: the error names %s", async (options, deps, argument) => {
		const error = await mapPort(options as never, deps as never).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(PortMapArgumentError);
		expect((error as PortMapArgumentError).argument).toBe(argument);
	});

	it("anything at all is refused by a PortMapArgumentError", async () => {
		await fc.assert(
			fc.asyncProperty(fc.anything(), fc.anything(), async (options, deps) => {
				await expect(mapPort(options as never, deps as never)).rejects.toBeInstanceOf(PortMapArgumentError);
			}),
		);
	});
});
