import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type DeltaType,
	type NatInfo,
	type NatPortRange,
	NatPredictionError,
	type NatType,
	natInfo,
	predictMappings,
	updateMappings,
} from "../src/index.js";
import {
	fieldDist,
	fieldWrap,
	natsCanPredict,
	natsIntersect,
	nDist,
	portWrap,
	type SingleMappingInput,
	singleMapping,
} from "../src/predict/index.js";

const nat = (type: NatType, delta: DeltaType, value = 0, range?: NatPortRange): NatInfo =>
	natInfo(type, { type: delta, value }, range);
const fails = (rule: string): unknown => expect.objectContaining({ code: "ERR_NAT_PREDICTION", rule });

describe("port arithmetic", () => {
	it.each([
		[65534, 65534],
		[65535, 65535], // P2PD: 1
		[65536, 1],
		[65537, 2],
		[1, 1],
		[0, 65535],
		[-1, 65534],
	])("portWrap(%i) is %i", (port, wrapped) => expect(portWrap(port)).toBe(wrapped));

	it("portWrap is a circle of 65535 ports", () => {
		fc.assert(
			fc.property(fc.integer({ min: -200_000, max: 200_000 }), (port) => {
				const wrapped = portWrap(port);
				expect(wrapped).toBeGreaterThanOrEqual(1);
				expect(wrapped).toBeLessThanOrEqual(65535);
				expect(portWrap(port + 65535)).toBe(wrapped);
			}),
		);
	});

	it.each([
		[1999, 3999],
		[10001, 2000],
		[10002, 2001],
		[12001, 2000],
		[2000, 2000],
		[10000, 10000],
	])("fieldWrap(%i) in 2000 to 10000 is %i", (port, wrapped) =>
		expect(fieldWrap(port, { start: 2000, end: 10000 })).toBe(wrapped),
	);

	it.each([
		[10, 20, -10],
		[20, 10, 10],
		[1, 65535, -1],
		[50000, 56000, -6000],
		[7, 7, 0],
	])("fieldDist(%i, %i) is %i", (x, y, distance) => expect(fieldDist(x, y)).toBe(distance));

	it("nDist has a sign", () => expect([nDist(10, 20), nDist(20, 10)]).toEqual([10, -10]));
});

describe("two NATs", () => {
	it.each([
		[5, 6, 1, 1, 1],
		[5, 6, 3, 6, 1],
		[5, 6, 4, 2, 1],
		[5, 6, 6, 3, 1],
		[5, 6, 2, 2, 1],
		[5, 6, 4, 6, "partner-hard"],
		[5, 6, 6, 6, "partner-hard"],
		[5, 6, 7, 6, "partner-hard"],
		[5, 6, 2, 6, "partner-hard"],
		[5, 6, 2, 1, "partner-hard"],
		[5, 6, 5, 2, "double-strict"],
		[5, 2, 5, 2, 0],
		[5, 4, 5, 4, 0],
		[6, 6, 6, 6, 0],
	] as const)("type %i delta %i with type %i delta %i: %s", (type, delta, other, otherDelta, outcome) => {
		const ask = (): number => natsCanPredict(nat(type, delta), nat(other, otherDelta));
		const back = (): number => natsCanPredict(nat(other, otherDelta), nat(type, delta));
		if (typeof outcome === "number") expect([ask(), back()]).toEqual([outcome, outcome]);
		else {
			expect(ask).toThrow(fails(outcome));
			expect(back).toThrow(fails(outcome));
		}
	});

	it("needs the STUN port inside the partner's range", () => {
		const partner = nat(1, 1, 0, { start: 20000, end: 65535 });
		expect(() => natsCanPredict(nat(5, 6), partner)).toThrow(fails("stun-port-out-of-range"));
	});

	it("gives P2PD's counts over all 1764 ordered pairs", () => {
		const all = ([1, 2, 3, 4, 5, 6, 7] as const).flatMap((type) =>
			([1, 2, 3, 4, 5, 6] as const).map((delta) => nat(type, delta)),
		);
		const count: Record<string, number> = {};
		for (const our of all) {
			for (const their of all) {
				let outcome: string;
				try {
					outcome = String(natsCanPredict(our, their));
				} catch (error) {
					if (!(error instanceof NatPredictionError)) throw error;
					outcome = error.rule;
				}
				count[outcome] = (count[outcome] ?? 0) + 1;
			}
		}
		expect(count).toEqual({ "0": 1681, "1": 40, "partner-hard": 32, "double-strict": 11 });
	});

	it.each([
		[[1, 65535], [5000, 6000], 10, [5000, 6000]],
		[[1, 65535], [1, 65535], 10, [2000, 65535]],
		[[3000, 4000], [3999, 9000], 10, [3000, 4000]],
		[[3000, 4000], [8000, 9000], 10, [3000, 4000]],
	] as const)("ranges %j and %j share, for %i ports, %j", (our, their, width, shared) => {
		const ours = { range: { start: our[0], end: our[1] } };
		const before = structuredClone(ours);
		const range = natsIntersect(ours, { range: { start: their[0], end: their[1] } }, width);
		expect(range).toEqual({ start: shared[0], end: shared[1] });
		expect(ours).toEqual(before);
	});

	it("says so when only the system's ports are left", () => {
		const low = { range: { start: 1, end: 1500 } };
		expect(() => natsIntersect(low, low, 2)).toThrow(fails("empty-range"));
	});
});

describe("one predicted mapping", () => {
	const WIDE = { start: 5000, end: 65000 };
	const base: Omit<SingleMappingInput, "nat"> = {
		mode: "remote",
		peer: { reply: 0, remote: 13073 },
		last: { local: 44333, remote: 30000 },
		preloaded: { local: 44444, remote: 33333 },
		range: WIDE,
		pick: () => 55555,
	};
	const one = (info: NatInfo, change: Partial<SingleMappingInput> = {}): number[] => {
		const { local, reply, remote } = singleMapping({ ...base, nat: info, ...change });
		return [local, reply, remote];
	};
	const n = (type: NatType, delta: DeltaType, value = 0, range: NatPortRange = WIDE): NatInfo =>
		nat(type, delta, value, range);

	it.each([
		["open", n(1, 1), {}, [13073, 0, 13073]],
		["firewall", n(2, 1), {}, [13073, 0, 13073]],
		["delta 2", n(5, 2), {}, [13073, 0, 13073]],
		["delta 2 outside our range", n(5, 2, 0, { start: 20000, end: 65000 }), {}, [55555, 0, 55555]],
		// P2PD: 61260 and 1021, from the absolute distance.
		["delta 3", n(5, 3), {}, [27406, 13073, 13073]],
		["delta 3, reply port", n(5, 3), { peer: { reply: 7777, remote: 13073 } }, [22110, 7777, 7777]],
		["delta 3, upwards", n(4, 3), { peer: { reply: 0, remote: 30010 } }, [44343, 0, 30010]],
		["type 4 delta 4", n(4, 4, 4), {}, [55555, 0, 30004]],
		["type 5 delta 4", n(5, 4, 4), {}, [55555, 13073, 30004]],
		["delta 5", n(4, 5, 4), {}, [44334, 0, 30004]],
		["delta 5 at the end", n(4, 5, 4, { start: 5000, end: 30002 }), {}, [44334, 0, 5001]],
		["type 3 random", n(3, 6), {}, [44444, 0, 33333]],
		["type 4 random", n(4, 6), {}, [44444, 0, 33333]],
		["type 5 random", n(5, 6), {}, [44444, 3478, 33333]],
		["type 6 delta 2", n(6, 2), {}, [13073, 0, 13073]],
		["self", n(5, 6), { mode: "self" }, [14073, 0, 14073]],
		["self from 65000", n(5, 6), { mode: "self", peer: { reply: 0, remote: 65000 } }, [2465, 0, 2465]],
	] as const)("%s", (_name, info, change, expected) => expect(one(info, change)).toEqual(expected));

	it.each([n(6, 6), n(7, 6)])("refuses what cannot be told", (info) =>
		expect(() => one(info)).toThrow(fails("unpredictable")),
	);

	it("needs the peer's port", () => {
		expect(() => one(n(5, 3), { peer: { reply: 0, remote: 0 } })).toThrow(fails("no-remote-port"));
	});

	it("with delta 3 the NAT then gives out the very port that was promised", () => {
		const port = fc.integer({ min: 5000, max: 65000 });
		fc.assert(
			fc.property(port, port, port, (local, remote, target) => {
				const made = singleMapping({
					...base,
					nat: n(5, 3),
					last: { local, remote },
					peer: { reply: 0, remote: target },
				});
				expect(portWrap(remote + (made.local - local))).toBe(made.remote);
			}),
		);
	});
});

describe("a whole prediction", () => {
	const counter = (): { deps: Parameters<typeof predictMappings>[1]; asked: number[] } => {
		const asked: number[] = [];
		let next = 30000;
		let picked = 40000;
		return {
			asked,
			deps: {
				pick: () => ++picked,
				observe: async (local) => {
					asked.push(local);
					next += 4;
					return { local, remote: next };
				},
			},
		};
	};

	it("counts on from the last mapping, one step for each", async () => {
		const { deps, asked } = counter();
		const plan = await predictMappings({ our: nat(4, 4, 4), their: nat(1, 1) }, deps);
		expect(asked).toHaveLength(2);
		expect(plan.mappings.map((mapping) => mapping.remote)).toEqual([30012, 30016]);
		expect(plan.useStunPort).toBe(0);
	});

	it("asks a peer for the STUN port where a strict NAT has random ports", async () => {
		const { deps } = counter();
		const plan = await predictMappings({ our: nat(1, 1), their: nat(5, 6) }, deps);
		expect(plan.peer).toEqual([{ local: 0, reply: 0, remote: 3478 }]);
		expect(plan.mappings).toEqual([{ local: 3478, reply: 0, remote: 3478 }]);
	});

	it("observes nothing where no NAT is between the peers", async () => {
		const { deps, asked } = counter();
		const peer = [{ local: 5001, reply: 0, remote: 5001 }];
		const plan = await predictMappings({ our: nat(6, 6), their: nat(6, 6), mode: "lan", peer }, deps);
		expect(asked).toEqual([]);
		expect(plan.mappings).toEqual([{ local: 5001, reply: 0, remote: 5001 }]);
	});

	it("makes no more observations than it states, whatever a peer lists", async () => {
		const { deps, asked } = counter();
		const options = { our: nat(5, 2), their: nat(5, 2) };
		const peer = Array.from({ length: 20_000 }, () => ({ local: 1, reply: 0, remote: 5000 }));
		const wrong = { code: "ERR_NAT_ARGUMENT", argument: expect.stringMatching("^peer") };
		await expect(predictMappings({ ...options, peer }, deps)).rejects.toMatchObject(wrong);
		const odd = [{ local: 1, reply: 0, remote: 70_000 }];
		await expect(predictMappings({ ...options, peer: odd }, deps)).rejects.toMatchObject(wrong);
		expect(asked).toEqual([]);
		const plan = await predictMappings({ ...options, peer: peer.slice(0, 16) }, deps);
		expect([plan.mappings.length, asked.length]).toEqual([16, 16]);
		expect(() => updateMappings(plan, peer, options, deps)).toThrow(
			expect.objectContaining({ code: "ERR_NAT_ARGUMENT", argument: "replies" }),
		);
	});

	it("gives up after five tries with a typed error", async () => {
		let tries = 0;
		const observe = async (): Promise<null> => {
			tries++;
			return null;
		};
		const plan = predictMappings({ our: nat(5, 2), their: nat(5, 2) }, { observe, pick: (low) => low });
		await expect(plan).rejects.toEqual(fails("no-observation"));
		expect(tries).toBe(5);
	});

	it("moves to the port that the peer needs where the NAT lets us choose", async () => {
		const { deps } = counter();
		const our = nat(4, 2);
		const plan = await predictMappings({ our, their: nat(5, 2) }, deps);
		const replies = plan.mappings.map(() => ({ local: 1, reply: 8080, remote: 9000 }));
		expect(updateMappings(plan, replies, { our }, deps)).toEqual([
			{ local: 8080, reply: 0, remote: 8080 },
			{ local: 8080, reply: 0, remote: 8080 },
		]);
	});

	it("stays where it is if the peer needs no port, or the NAT counts", async () => {
		const { deps } = counter();
		for (const our of [nat(4, 2), nat(4, 4, 4)]) {
			const plan = await predictMappings({ our, their: nat(1, 1) }, deps);
			const reply = our.delta.type === 2 ? 0 : 8080;
			const replies = plan.mappings.map(() => ({ local: 1, reply, remote: 9000 }));
			expect(updateMappings(plan, replies, { our }, deps)).toEqual(plan.mappings);
		}
	});
});
