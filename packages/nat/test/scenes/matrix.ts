import { type GatewaySpec, NAT_CELLS, type NatSpec } from "@p2pd/testnet";
import type { NatReport } from "../../src/index.js";
import { ignoresChange, singleAddress } from "./bad-servers.js";
import { liar, type Run, runScene, type Scene, type Wrap } from "./scene.js";

/** A gateway with what a right verdict on it says. */
export interface Case {
	readonly name: string;
	readonly gateway: GatewaySpec;
	readonly udpBlocked?: boolean;
	readonly type: number;
	readonly mapping: string;
	readonly filtering: string;
	readonly delta: { readonly type: number; readonly value: number } | null;
}

/** What a run was judged to be. A wrong verdict is one that says something untrue; unknown is not wrong. */
export interface Judged {
	readonly type: "right" | "unknown" | "wrong";
	readonly delta: "right" | "unknown" | "wrong";
	/** Mapping and filtering in RFC 4787's terms. */
	readonly behaviour: "right" | "unknown" | "wrong";
}

const DELTAS = { equal: 2, preserving: 3, independent: 4, dependent: 5, random: 6 } as const;
const CONES = { "endpoint-independent": 3, "address-dependent": 4, "address-and-port-dependent": 5 } as const;
const SHORT = {
	"endpoint-independent": "EI",
	"address-dependent": "AD",
	"address-and-port-dependent": "APD",
} as const;

function cellCase(cell: NatSpec): Case {
	const { mapping, filtering, allocation = { kind: "random" } } = cell;
	return {
		name: `${SHORT[mapping]}M ${SHORT[filtering]}F ${allocation.kind}`,
		gateway: cell,
		type: mapping === "endpoint-independent" ? CONES[filtering] : 6,
		mapping,
		filtering,
		delta: { type: DELTAS[allocation.kind], value: "step" in allocation ? allocation.step : 0 },
	};
}

const NONE = { delta: { type: 1, value: 0 }, mapping: "none" } as const;

/** All 45 cells, and what is no NAT. */
export const CASES: readonly Case[] = [
	...NAT_CELLS.map(cellCase),
	{ name: "open", gateway: { kind: "router" }, type: 1, filtering: "endpoint-independent", ...NONE },
	{
		name: "firewall",
		gateway: { kind: "firewall", filtering: "address-and-port-dependent" },
		type: 2,
		filtering: "address-and-port-dependent",
		...NONE,
	},
	{
		name: "blocked",
		gateway: { kind: "router" },
		udpBlocked: true,
		type: 7,
		mapping: "unknown",
		filtering: "unknown",
		delta: null,
	},
];

const UNKNOWN = ["unknown", "not-checked", "varies"];

/** Compare a report with the truth. */
function judge(report: NatReport, truth: Case): Judged {
	const one = (got: unknown, want: unknown): Judged["type"] =>
		got === want ? "right" : UNKNOWN.includes(String(got)) ? "unknown" : "wrong";
	const mapping = one(report.mapping, truth.mapping);
	const filtering = one(report.filtering, truth.filtering);
	const delta =
		truth.delta === null
			? one(report.delta.type, "unknown")
			: report.delta.type === truth.delta.type && report.delta.value === truth.delta.value
				? "right"
				: report.delta.type === "unknown"
					? "unknown"
					: "wrong";
	const worst = [mapping, filtering].includes("wrong")
		? "wrong"
		: [mapping, filtering].includes("unknown")
			? "unknown"
			: "right";
	return {
		type: one(report.type, truth.type),
		delta,
		behaviour: truth.udpBlocked === true ? "right" : worst,
	};
}

/** Run a case. */
export async function runCase(truth: Case, scene: Omit<Scene, "gateway">): Promise<Run & { judged: Judged }> {
	const run = await runScene({
		...scene,
		gateway: truth.gateway,
		scene: { ...scene.scene, udpBlocked: truth.udpBlocked ?? false },
	});
	return { ...run, judged: judge(run.report, truth) };
}

const LIE = { ip: "81.2.69.160", port: 40_404 };

/** Two of five servers that tell the same lie; which two depends on the seed. */
export function twoLiars(seed: number): NonNullable<Scene["bad"]> {
	const first = seed % 5;
	const second = (first + 1 + (Math.floor(seed / 5) % 4)) % 5;
	return { [first]: liar(LIE), [second]: liar(LIE) };
}

/** How many servers a scene of few capable ones has. */
export const MANY_SERVERS = 12;

/** A plain server as most are: one address, and CHANGE-REQUEST is dropped or ignored. */
const plain = (server: number): Wrap =>
	server % 2 === 0
		? singleAddress
		: (honest, place, network) => singleAddress(ignoresChange(honest, place, network), place, network);

/** All of twelve servers but `capable` are plain. Which ones are capable depends on the seed. */
export function fewCapable(capable: number, seed: number): NonNullable<Scene["bad"]> {
	const isCapable = (server: number): boolean => (server * 5 + seed * 7) % MANY_SERVERS < capable;
	return Object.fromEntries(
		Array.from({ length: MANY_SERVERS }, (_, server) => server)
			.filter((server) => !isCapable(server))
			.map((server) => [server, plain(server)]),
	);
}

/** Counts over many runs. */
export interface Tally {
	readonly name: string;
	runs: number;
	readonly type: Record<Judged["type"], number>;
	readonly delta: Record<Judged["type"], number>;
	readonly behaviour: Record<Judged["type"], number>;
	/** Virtual ms of the runs in which UDP came through. */
	readonly took: number[];
	/** ... and of those in which it was blocked. */
	readonly blockedTook: number[];
	readonly datagrams: number[];
	/** What was not right, for a look at it. */
	readonly misses: string[];
}

function newTally(name: string): Tally {
	const zero = (): Record<Judged["type"], number> => ({ right: 0, unknown: 0, wrong: 0 });
	return {
		name,
		runs: 0,
		type: zero(),
		delta: zero(),
		behaviour: zero(),
		took: [],
		blockedTook: [],
		datagrams: [],
		misses: [],
	};
}

/** Run cases over seeds, one after the other. */
export async function runMatrix(
	name: string,
	cases: readonly Case[],
	seeds: readonly number[],
	scene: (seed: number) => Omit<Scene, "gateway">,
): Promise<Tally> {
	const tally = newTally(name);
	for (const seed of seeds) {
		for (const truth of cases) {
			const run = await runCase(truth, { ...scene(seed), seed });
			tally.runs++;
			for (const aspect of ["type", "delta", "behaviour"] as const) tally[aspect][run.judged[aspect]]++;
			(truth.udpBlocked === true ? tally.blockedTook : tally.took).push(run.took);
			tally.datagrams.push(run.datagrams);
			const { type, delta, behaviour } = run.judged;
			if (type !== "right" || delta !== "right" || behaviour !== "right") {
				const { report } = run;
				tally.misses.push(
					`${truth.name} seed ${seed}: ${report.type} ${report.mapping} ${report.filtering} ${report.delta.type} ${report.delta.value}, ${Math.round(run.took)} ms, ${run.datagrams} datagrams; ${report.reason}`,
				);
			}
		}
	}
	return tally;
}
