import type { PeerAddress } from "@p2pd/peer";
import type { MapPortResult, MapPortSuccess } from "@p2pd/port-map";
import { describe, expect, it } from "vitest";
import { type NodeConnection, P2PNode } from "../src/index.js";
import { nodesOfTest } from "./support/loopback.js";
import { EXTERNAL, OTHER_EXTERNAL, TestRouter } from "./support/router.js";

const mappedOf = ({ candidates }: PeerAddress) => candidates.filter(({ kind }) => kind === "mapped");

describe("a node behind a router that forwards ports", () => {
	const { start } = nodesOfTest();

	/** The next address that a node tells. */
	const nextAddress = (node: P2PNode): Promise<PeerAddress> =>
		new Promise((resolve) => {
			const stop = node.onAddress((address) => {
				stop();
				resolve(address);
			});
		});

	it("has the forwarded port in its address, and is connected to by it", async () => {
		const router = new TestRouter();
		const b = await start({ lanAddresses: false }, { network: router.network() });
		expect(mappedOf(b.address)).toEqual([
			{
				kind: "mapped",
				af: 4,
				ip: EXTERNAL,
				port: b.port + 1,
				tcp: true,
				udp: true,
				nic: 0,
				nat: null,
				mappedBy: "pcp",
			},
		]);
		const a = await start({}, { network: router.internet() });
		const accepted = new Promise<NodeConnection>((resolve) =>
			b.onConnection((_pipe, connection) => resolve(connection)),
		);
		const connected = await a.connect(`${b.address}`, { via: ["direct"] });
		expect(connected.attempts).toMatchObject([
			{ path: "direct", to: `${EXTERNAL}:${b.port + 1}`, outcome: "connected" },
		]);
		expect((await accepted).id).toBe(a.id);
	});

	it("is not connected to when the option is off: the router is not asked", async () => {
		const router = new TestRouter();
		const b = await start({ lanAddresses: false, portMapping: false }, { network: router.network() });
		expect(router.asked).toBe(0);
		expect(mappedOf(b.address)).toEqual([]);
		await b.refresh();
		expect(router.asked).toBe(0);
		const a = await start({}, { network: router.internet() });
		await expect(a.connect(b.address, { via: ["direct"] })).rejects.toThrow(/cannot be reached from outside/);
		expect(() => new P2PNode({ portMapping: "yes" as never })).toThrow(/portMapping/);
	});

	it("has a candidate for each protocol where their ports differ", async () => {
		const router = new TestRouter();
		router.shift = { tcp: 1, udp: 2 };
		const b = await start({}, { network: router.network() });
		expect(mappedOf(b.address)).toMatchObject([
			{ port: b.port + 1, tcp: true, udp: false },
			{ port: b.port + 2, tcp: false, udp: true },
		]);
	});

	it("deletes what was forwarded when it is closed", async () => {
		const router = new TestRouter();
		const b = await start({}, { network: router.network() });
		expect([...router.table.values()]).toEqual([b.port, b.port]);
		await b.close();
		expect(router.table.size).toBe(0);
	});

	it.each([
		["refuses", { grants: false }],
		["fails", { mapPort: () => Promise.reject(new Error("broken")) }],
		["is behind another NAT", { external: "100.64.0.9" }],
		["answers with the other family", { external: "2600::1" }],
	])("has the same address as without it where the router %s", async (_what, fault) => {
		const router = Object.assign(new TestRouter(), fault);
		const b = await start({}, { network: router.network() });
		expect(b.address.candidates.map(({ kind }) => kind)).toEqual(["lan", "external"]);
		await b.close();
		expect(router.table.size).toBe(0);
	});

	it("starts where the routers cannot be found out, or do not answer", async () => {
		const router = new TestRouter();
		let aborted = false;
		router.mapPort = ({ signal }) =>
			new Promise((_resolve, reject) => {
				signal?.addEventListener("abort", () => {
					aborted = true;
					reject(signal.reason);
				});
			});
		const silent = await start({}, { network: router.network() });
		expect(mappedOf(silent.address)).toEqual([]);
		await silent.close();
		expect(aborted).toBe(true);
		const unknown = await start(
			{},
			{ network: { ...router.network(), routers: () => Promise.reject(new Error("not permitted")) } },
		);
		expect(mappedOf(unknown.address)).toEqual([]);
	});

	it("signs a new address when the router answers late", async () => {
		const router = new TestRouter();
		const answers: (() => void)[] = [];
		router.mapPort = async (options): Promise<MapPortResult> => ({
			ok: false,
			reason: "no-answer",
			attempts: [],
			later: new Promise<MapPortSuccess | null>((resolve) => {
				options.signal?.addEventListener("abort", () => resolve(null));
				answers.push(() => resolve({ ok: true, mapping: router.map(options), attempts: [] }));
			}),
		});
		const b = await start({}, { network: router.network() });
		expect(mappedOf(b.address)).toEqual([]);
		const next = nextAddress(b);
		answers[0]?.();
		expect(mappedOf(await next)).toMatchObject([{ tcp: true, udp: false }]);
		// The other one never comes: close() does not wait for it.
		await b.close();
		expect(router.table.size).toBe(0);
	});

	it("deletes what is granted while it is being closed", async () => {
		const router = new TestRouter();
		router.mapPort = async (options) => ({
			ok: false,
			reason: "no-answer",
			attempts: [],
			later: new Promise((resolve) => {
				options.signal?.addEventListener("abort", () =>
					resolve({ ok: true, mapping: router.map(options), attempts: [] }),
				);
			}),
		});
		const b = await start({}, { network: router.network() });
		await b.close();
		expect(router.table.size).toBe(0);
	});

	it("follows the router: another address outside, a mapping that is lost, and had again", async () => {
		const router = new TestRouter();
		const b = await start({}, { network: router.network() });
		router.external = OTHER_EXTERNAL;
		await b.refresh();
		expect(mappedOf(b.address)).toMatchObject([{ ip: OTHER_EXTERNAL, tcp: true, udp: true }]);
		router.forgot = true;
		router.grants = false;
		const lost = new Promise<void>((resolve) =>
			b.onAddress((address) => {
				if (mappedOf(address).length === 0) resolve();
			}),
		);
		router.clock.advance(5000);
		await lost;
		router.forgot = false;
		router.grants = true;
		await b.refresh();
		expect(mappedOf(b.address)).toMatchObject([{ ip: OTHER_EXTERNAL, tcp: true, udp: true }]);
	});

	it("asks the router of another network, and drops what the former one forwarded", async () => {
		const [first, second] = [new TestRouter(), new TestRouter("127.0.0.253")];
		second.external = OTHER_EXTERNAL;
		let here = first;
		const b = await start({}, { network: first.network(() => [here]) });
		here = second;
		await b.refresh();
		expect(mappedOf(b.address)).toMatchObject([{ ip: OTHER_EXTERNAL }]);
		await b.close();
		expect([first.table.size, second.table.size]).toEqual([0, 0]);
	});

	it("asks anew where a router of the same address no longer grants the mapping", async () => {
		const router = new TestRouter();
		const b = await start({}, { network: router.network() });
		router.grants = false;
		await b.refresh();
		expect(mappedOf(b.address)).toEqual([]);
		expect(router.asked).toBe(4);
	});
});
