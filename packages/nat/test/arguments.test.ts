import { SeededRandom } from "@p2pd/testnet";
import { describe, expect, it, vi } from "vitest";
import * as nat from "../src/index.js";
import * as predict from "../src/predict/index.js";
import { buildScene } from "./scenes/scene.js";

vi.setConfig({ testTimeout: 600_000 });

const INFO = nat.natInfo(5, { type: 2, value: 0 });
const REPORT = { type: 5, delta: { type: 2, value: 0 }, reason: "" };
const MAPPING = { local: 5000, reply: 0, remote: 5000 };
const SERVER = { ip: "8.40.1.1", port: 3478 };

/** What a caller may hand in by mistake. */
const ODD: readonly unknown[] = [
	undefined,
	null,
	true,
	0,
	-1,
	1.5,
	Number.NaN,
	Number.POSITIVE_INFINITY,
	70_000,
	2 ** 53,
	10n,
	"",
	"5",
	"eth0",
	"\u001b[31m",
	Symbol("odd"),
	[],
	[null],
	[[]],
	{},
	{ ip: "300.1.1.1", port: 1 },
	{ host: "", port: -1 },
	{ start: 9, end: 1 },
	Object.create(null),
	new Map(),
	new Date(0),
	() => undefined,
	JSON.parse('{"__proto__": {"type": 1}}'),
];

const once = async (call: () => unknown): Promise<void> => {
	await call();
};

const firstStep = async (options: unknown, deps: unknown): Promise<void> => {
	const steps = nat.discoverNatSteps(options as nat.NatOptions, deps as nat.NatDeps);
	await steps.next();
	await steps.return();
};

/** Every public function with right arguments, some of which are then replaced. */
function calls(deps: object): [string, (...args: unknown[]) => unknown, unknown[]][] {
	const observe = async (local: number) => ({ local, remote: local });
	const pick = (min: number): number => min;
	const plan = {
		mappings: [MAPPING],
		peer: [MAPPING],
		observed: [{ local: 5000, remote: 5000 }],
		range: INFO.range,
		useStunPort: 0,
	};
	const single = {
		mode: "remote",
		peer: MAPPING,
		last: { local: 1, remote: 1 },
		preloaded: { local: 1, remote: 1 },
		range: INFO.range,
		nat: INFO,
		pick,
	};
	const all: [string, (...args: never[]) => unknown, unknown[]][] = [
		["discoverNat", nat.discoverNat, [{ servers: [SERVER], timeout: 50 }, deps]],
		["discoverNatSteps", firstStep, [{ servers: [SERVER], timeout: 50 }, deps]],
		["measureNatLifetime", nat.measureNatLifetime, [{ server: SERVER, waits: [10] }, deps]],
		["natInfo", nat.natInfo, [5, { type: 2, value: 0 }, [1, 65_535]]],
		["natTypeFromText", nat.natTypeFromText, ["full cone"]],
		["natInfoOf", nat.natInfoOf, [REPORT]],
		["natDictionary", nat.natDictionary, [REPORT]],
		["assumedNat", nat.assumedNat, ["not tested"]],
		["parseNatReport", nat.parseNatReport, [REPORT]],
		["isNatType", nat.isNatType, [5]],
		["isDeltaType", nat.isDeltaType, [5]],
		["natsCanPredict", nat.natsCanPredict, [INFO, INFO]],
		["natsIntersect", nat.natsIntersect, [INFO, INFO, 2]],
		[
			"predictMappings",
			nat.predictMappings,
			[
				{ our: INFO, their: INFO },
				{ observe, pick },
			],
		],
		["updateMappings", nat.updateMappings, [plan, [MAPPING], { our: INFO }, { pick }]],
		["templateMappings", predict.templateMappings, [0, INFO.range, 2, pick]],
		["singleMapping", predict.singleMapping, [single]],
		["portWrap", predict.portWrap, [1]],
		["fieldWrap", predict.fieldWrap, [1, INFO.range]],
		["nDist", predict.nDist, [1, 2]],
		["fieldDist", predict.fieldDist, [1, 2]],
	];
	return all as [string, (...args: unknown[]) => unknown, unknown[]][];
}

/** Replaces one argument, or one field of one, by something odd. */
function spoil(args: readonly unknown[], random: SeededRandom): unknown[] {
	const odd = ODD[random.int(0, ODD.length - 1)];
	const at = random.int(0, args.length - 1);
	const spoilt = [...args];
	const value = args[at];
	const fields = typeof value === "object" && value !== null ? Object.keys(value) : [];
	if (fields.length === 0 || random.chance(0.3)) spoilt[at] = odd;
	else {
		const field = random.chance(0.1) ? "timeuot" : (fields[random.int(0, fields.length - 1)] ?? "");
		// Without a clock the system's would be used, which the in-memory network does not follow.
		spoilt[at] = { ...(value as object), [field]: field === "clock" ? null : odd };
	}
	return spoilt;
}

/** 100,000 calls with P2PD_LONG=1; a fiftieth of that otherwise. */
const CALLS = process.env["P2PD_LONG"] === "1" ? 100_000 : 2000;

describe("wrong arguments", () => {
	it("are refused with typed errors alone, and nothing is sent or left open", async () => {
		const random = new SeededRandom("arguments");
		const untyped: string[] = [];
		let refused = 0;
		for (let call = 0; call < CALLS; call++) {
			const network = buildScene({ gateway: { kind: "router" }, servers: 1 });
			let sent = 0;
			const unwatch = network.watch(({ what, where }) => {
				if (what === "sent" && where.startsWith("client")) sent++;
			});
			const list = calls({ sockets: network.host("client").sockets(4), clock: network.clock });
			const [name, run, args] = list[random.int(0, list.length - 1)] ?? list[0] ?? ["", () => null, []];
			const spoilt = spoil(args, random);
			try {
				await network.clock.runUntil(once(() => run(...spoilt)));
			} catch (error) {
				refused++;
				if (!(error instanceof nat.NatError)) untyped.push(`${name}: ${String(error)}`);
				else if (error instanceof nat.NatArgumentError && sent > 0) untyped.push(`${name} sent ${sent}`);
			}
			unwatch();
		}
		expect([...new Set(untyped)]).toEqual([]);
		expect(refused).toBeGreaterThan(CALLS / 4);
	});

	it("name the argument, and the option that was probably meant", async () => {
		const network = buildScene({ gateway: { kind: "router" } });
		const deps = { sockets: network.host("client").sockets(4), clock: network.clock };
		const wrong = { servers: [SERVER], timeuot: 5 } as unknown as nat.NatOptions;
		await expect(nat.discoverNat(wrong, deps)).rejects.toMatchObject({
			code: "ERR_NAT_ARGUMENT",
			argument: "timeuot",
			message: expect.stringContaining('"timeout"'),
		});
	});
});
