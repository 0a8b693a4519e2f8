import { describe, expect, it } from "vitest";
import { buildNetwork, type LinkSpec, type MemoryNetwork, oneGateway } from "../../src/index.js";

const COUNT = 2000;
const server = { ip: "8.40.1.1", port: 3478 };

/** Sends numbered datagrams 1 ms apart over the link; when each arrived, in order of arrival. */
async function flow(link: LinkSpec, seed = 1, count = COUNT): Promise<{ number: number; took: number }[]> {
	const arrivals: { number: number; took: number }[] = [];
	const network: MemoryNetwork = buildNetwork(oneGateway({ kind: "router" }, { link }), {
		seed,
		services: {
			stun: () => (data) => {
				const number = new DataView(data.buffer, data.byteOffset).getUint32(0);
				arrivals.push({ number, took: network.clock.now() - number });
				return [];
			},
		},
	});
	const socket = await network.host("client").sockets(4).udp();
	for (let i = 0; i < count; i++) {
		const data = new Uint8Array(4);
		new DataView(data.buffer).setUint32(0, network.clock.now());
		socket.send(data, server.port, server.ip);
		await network.clock.advance(1);
	}
	await network.clock.advance(10_000);
	return arrivals;
}

const share = (part: number): number => part / COUNT;
const isSorted = (numbers: readonly number[]): boolean =>
	numbers.every((n, i) => i === 0 || n >= (numbers[i - 1] ?? 0));

describe("a link", () => {
	it("is perfect when nothing else is said", async () => {
		const arrivals = await flow({});
		expect(arrivals).toHaveLength(COUNT);
		expect(arrivals.every(({ took }) => took === 0)).toBe(true);
	});

	it("delays by its latency", async () => {
		const arrivals = await flow({ latency: 37 });
		expect(new Set(arrivals.map(({ took }) => took))).toEqual(new Set([37]));
	});

	it("jitters without changing the order", async () => {
		const arrivals = await flow({ latency: 10, jitter: 20 });
		const times = arrivals.map(({ took }) => took);
		expect(Math.min(...times)).toBeGreaterThanOrEqual(10);
		expect(Math.max(...times)).toBeLessThanOrEqual(30);
		expect(new Set(times).size).toBeGreaterThan(100);
		expect(isSorted(arrivals.map(({ number }) => number))).toBe(true);
	});

	it("loses the share it was told", async () => {
		const lost = share(COUNT - (await flow({ loss: 0.1 })).length);
		expect(Math.abs(lost - 0.1)).toBeLessThan(0.025);
		expect(await flow({ loss: 1 })).toEqual([]);
	});

	it("doubles the share it was told", async () => {
		const arrivals = await flow({ duplicate: 0.1 });
		expect(Math.abs(share(arrivals.length - COUNT) - 0.1)).toBeLessThan(0.025);
		expect(new Set(arrivals.map(({ number }) => number)).size).toBe(COUNT);
	});

	it("reorders the share it was told, by as long as it was told", async () => {
		const arrivals = await flow({ latency: 5, reorder: 0.1, reorderBy: 50 });
		const late = arrivals.filter(({ took }) => took === 55);
		expect(arrivals.filter(({ took }) => took === 5).length + late.length).toBe(COUNT);
		expect(Math.abs(share(late.length) - 0.1)).toBeLessThan(0.025);
		expect(isSorted(arrivals.map(({ number }) => number))).toBe(false);
	});

	it("does the same for the same seed, and something else for another", async () => {
		const link = { latency: 5, jitter: 30, loss: 0.2, duplicate: 0.1, reorder: 0.1 };
		const first = await flow(link, 1, 300);
		expect(await flow(link, 1, 300)).toEqual(first);
		expect(await flow(link, 2, 300)).not.toEqual(first);
	});

	it("works both ways, and can be changed while it runs", async () => {
		const network = buildNetwork(oneGateway({ kind: "router" }, { link: { latency: 10 } }), {
			services: { stun: () => (data) => [{ data }] },
		});
		const socket = await network.host("client").sockets(4).udp();
		const back: number[] = [];
		socket.on("message", () => back.push(network.clock.now()));
		socket.send("x", server.port, server.ip);
		await network.clock.advance(100);
		network.link("gateway").set({ latency: 200 });
		socket.send("x", server.port, server.ip);
		await network.clock.advance(1000);
		network.link("stun0").set({ loss: 1 });
		socket.send("x", server.port, server.ip);
		await network.clock.advance(1000);
		expect(back).toEqual([20, 500]);
		expect(() => network.link("gateway").set({ loss: 2 })).toThrow(RangeError);
		expect(() => network.link("gateway").set({ latency: -1 })).toThrow(RangeError);
		expect(() => network.link("nowhere")).toThrow(/no such link/);
	});
});
