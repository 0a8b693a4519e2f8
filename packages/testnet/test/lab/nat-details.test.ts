import { afterAll, beforeAll, expect, it } from "vitest";
import type { Dependence, HostPort } from "../../src/index.js";
import { describeLab, type Lab } from "../../src/lab/index.js";
import { buildNeighbourhood, CONE, CROWD, externalIp, PEER4, SYMMETRIC, scenario } from "./nat-lab.js";

const PORTS = [40_000, 40_099] as const;
const POOL = ["81.2.70.140", "81.2.70.141", "81.2.70.142", "81.2.70.143"];
const SHORT = { ms: 1000, refresh: "both" } as const;
const HAIRPIN: readonly Dependence[] = [
	"endpoint-independent",
	"address-dependent",
	"address-and-port-dependent",
];
const RANGED = 3;

describeLab("details of kernel NATs, by packets", () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await buildNeighbourhood([
			...HAIRPIN.map((filtering) => ({
				name: `hairpin-${filtering}`,
				gateway: { ipv4: { ...CONE, filtering, hairpinning: true } },
			})),
			{ name: "ranged", gateway: { ipv4: { ...CONE, ports: PORTS } } },
			{ name: "open", gateway: { ipv4: { ...CONE, filtering: "endpoint-independent", lifetime: SHORT } } },
			{ name: "short", gateway: { ipv4: { ...SYMMETRIC, lifetime: SHORT } } },
			{ name: "symmetric-ranged", gateway: { ipv4: { ...SYMMETRIC, ports: PORTS } } },
			{ name: "paired", gateway: { outside: POOL.slice(0, 2), ipv4: { ...SYMMETRIC, pooling: "paired" } } },
			{
				name: "arbitrary",
				gateway: { outside: POOL.slice(2), ipv4: { ...SYMMETRIC, pooling: "arbitrary" } },
			},
			{ name: "rated", gateway: { ipv4: { ...SYMMETRIC, bindingRate: { perSecond: 1, burst: 4 } } } },
			{ name: "unrated", gateway: { ipv4: SYMMETRIC } },
			{ name: "dropping", gateway: { ipv4: CONE } },
			{ name: "accepting", gateway: { ipv4: CONE, unsolicited: "accept" } },
		]);
	}, 60_000);
	afterAll(() => lab.close());

	it.concurrent.each(HAIRPIN)(
		"hairpinning with %s filtering shows the external source",
		async (filtering) => {
			const { from, secondSeen } = await lab.run<{ from: HostPort; secondSeen: HostPort }>(
				`hairpin-${filtering}`,
				scenario("hairpin"),
				PEER4,
			);
			expect(from).toEqual(secondSeen);
		},
	);

	it.concurrent("no hairpinning unless it is asked for", async () => {
		expect(await lab.run("open", scenario("hairpin"), PEER4)).toMatchObject({ from: null });
	});

	it.concurrent("a mapping ends when it was idle for its lifetime", async () => {
		expect(await lab.run("short", scenario("lifetime"), { endpoints: PEER4, keepAlive: false })).toEqual({
			steady: true,
			same: false,
			open: false,
		});
	});

	it.concurrent("packets from outside keep a mapping alive", async () => {
		expect(await lab.run("short", scenario("lifetime"), { endpoints: PEER4, keepAlive: true })).toEqual({
			steady: true,
			same: true,
			open: true,
		});
	});

	it.concurrent.each([false, true])(
		"a learnt way in ends with its lifetime (kept alive: %s)",
		async (keepAlive) => {
			expect(await lab.run("open", scenario("lifetime"), { endpoints: PEER4, keepAlive })).toEqual({
				steady: true,
				same: true,
				open: keepAlive,
			});
		},
	);

	it.concurrent("ports come from the range that was given, and stay where they already fit", async () => {
		const ask = (host: string, localPort: number): Promise<HostPort[]> =>
			lab.run(host, scenario("many-peers"), { endpoints: PEER4, sockets: "one", localPort });
		const ip = externalIp(RANGED);
		expect(await ask("ranged", 40_050)).toEqual(PEER4.map(() => ({ ip, port: 40_050 })));
		const random = (await ask("symmetric-ranged", 30_000)).map(({ port }) => port);
		const moved = (await ask("ranged", 30_000)).map(({ port }) => port);
		for (const port of [...random, ...moved]) {
			expect(port).toBeGreaterThanOrEqual(PORTS[0]);
			expect(port).toBeLessThanOrEqual(PORTS[1]);
		}
		expect(new Set(random).size).toBeGreaterThan(1);
	});

	it.concurrent("a pool gives one address to one client when paired, and several when arbitrary", async () => {
		const seen = async (host: string): Promise<string[]> => {
			const input = { endpoints: CROWD, sockets: "each" };
			const all = await lab.run<HostPort[]>(host, scenario("many-peers"), input);
			return [...new Set(all.map(({ ip }) => ip))].sort();
		};
		const [paired, ...others] = await seen("paired");
		expect(POOL.slice(0, 2)).toContain(paired);
		expect(others).toEqual([]);
		expect(await seen("arbitrary")).toEqual(POOL.slice(2));
	});

	it.concurrent("new mappings are refused beyond the binding rate", async () => {
		const answered = async (host: string): Promise<number> => {
			const input = { endpoints: CROWD, sockets: "one" };
			const seen = await lab.run<(HostPort | null)[]>(host, scenario("many-peers"), input);
			return seen.filter((one) => one !== null).length;
		};
		const limited = await answered("rated");
		expect(limited).toBeGreaterThanOrEqual(2);
		expect(limited).toBeLessThan(CROWD.length - 3);
		expect(await answered("unrated")).toBe(CROWD.length);
	});

	it.concurrent("dropped on arrival, an unsolicited packet leaves the mapping's port alone", async () => {
		expect(await lab.run("dropping", scenario("unsolicited"), PEER4)).toEqual({ came: [], moved: false });
	});

	it.concurrent("taken by the router itself, an unsolicited packet moves a later mapping", async () => {
		expect(await lab.run("accepting", scenario("unsolicited"), PEER4)).toEqual({ came: [], moved: true });
	});
});
