import { buildLab, LAB_PRESETS, type Lab } from "@p2pd/testnet/lab";
import type { NatReport } from "../../src/index.js";

/** A preset of the laboratory with what is true of it. */
export interface LabCase {
	readonly preset: keyof typeof LAB_PRESETS;
	readonly af?: 6;
	readonly type: number;
	readonly mapping: string;
	/** Null: no server can prove it through this NAT, see the README. */
	readonly filtering: string | null;
	readonly delta: number | "unknown";
}

const EI = "endpoint-independent";
const AD = "address-dependent";
const APD = "address-and-port-dependent";
const HOME = { type: 5, mapping: EI, filtering: APD, delta: 2 } as const;

/** Every kernel NAT and firewall of the laboratory. */
export const LAB_CASES: readonly LabCase[] = [
	{ preset: "homeRouter", ...HOME },
	{ preset: "unfilteredRouter", ...HOME },
	{ preset: "oneToOneCloud", ...HOME },
	{ preset: "doubleNat", ...HOME },
	{ preset: "multiHomed", ...HOME },
	{ preset: "publicBlock", ...HOME },
	{ preset: "symmetricRouter", type: 6, mapping: APD, filtering: null, delta: 6 },
	{ preset: "fullConeRouter", ...HOME, type: 3, filtering: EI },
	{ preset: "addressRestrictedRouter", ...HOME, type: 4, filtering: AD },
	{ preset: "openInternet", type: 1, mapping: "none", filtering: EI, delta: 1 },
	{ preset: "firewalledHost", type: 2, mapping: "none", filtering: APD, delta: 1 },
	{ preset: "udpBlocked", type: 7, mapping: "unknown", filtering: "unknown", delta: "unknown" },
	{ preset: "ipv6Firewall", af: 6, type: 2, mapping: "none", filtering: APD, delta: 1 },
	{ preset: "ipv6Only", af: 6, type: 2, mapping: "none", filtering: APD, delta: 1 },
	{ preset: "prefixTranslation", af: 6, type: 3, mapping: EI, filtering: EI, delta: 2 },
	{ preset: "ipv6Block", af: 6, type: 1, mapping: "none", filtering: EI, delta: 1 },
];

type LabTarget = Pick<LabCase, "preset"> & { readonly af?: 4 | 6 };

/** What a program says, and how long it took, ms. */
interface Said<T> {
	readonly says: T;
	readonly took: number;
}

/** What everybody says of one preset. */
export interface LabResult {
	/** With every server of the preset, and with each alone. */
	readonly ours: { readonly servers: string; readonly report: NatReport }[];
	/** coturn's client, in our words; null: it got no answer. */
	readonly natdiscovery: Said<{ mapping: string | null; filtering: string | null }>;
	/** The classic client as P2PD's type; null: it knows no IPv6. */
	readonly classic: Said<number> | null;
}

const DISCOVER = new URL("../lab/scenarios/discover.ts", import.meta.url);
const WORDS: Readonly<Record<string, string>> = {
	"Endpoint Independent": EI,
	"Address Dependent": AD,
	"Address and Port Dependent": APD,
};
const CLASSIC: readonly [RegExp, number][] = [
	[/^Open/, 1],
	[/^Firewall/, 2],
	[/^Independent Mapping, Independent Filter/, 3],
	[/^Independent Mapping, Address Dependent Filter/, 4],
	[/^Independent Mapping, Port Dependent Filter/, 5],
	[/^Dependent Mapping/, 6],
	[/^Blocked/, 7],
];

/** Build a preset, let everybody look at it, ours first, and take it down. */
export async function judgeLab({ preset, af = 4 }: LabTarget): Promise<LabResult> {
	const lab = await buildLab(LAB_PRESETS[preset]());
	try {
		const all = lab.services.filter((service) => service.af === af && /stun/.test(service.kind));
		const sets = all.length > 1 ? [all, ...all.map((each) => [each])] : [all];
		const ours: LabResult["ours"] = [];
		for (const set of sets) {
			const servers = set.map(({ ip, port }) => ({ ip, port }));
			const report = await lab.run<NatReport>("client", DISCOVER, { servers, af });
			ours.push({
				servers: set.map(({ kind }) => (kind === "stun" ? "coturn" : "stund")).join(" + "),
				report,
			});
		}
		const [coturns, classics] = await Promise.all([natdiscovery(lab, af), af === 6 ? null : classic(lab)]);
		return { ours, natdiscovery: coturns, classic: classics };
	} finally {
		await lab.close();
	}
}

async function natdiscovery(lab: Lab, af: 4 | 6): Promise<LabResult["natdiscovery"]> {
	const started = performance.now();
	const ask = async (flag: string): Promise<string | null> => {
		const { stdout } = await lab.exec("client", "turnutils_natdiscovery", [flag, lab.service("stun", af).ip]);
		return WORDS[/NAT with (.*) (?:Mapping|Filtering)!/.exec(stdout)?.[1] ?? ""] ?? null;
	};
	const [mapping, filtering] = await Promise.all([ask("-m"), ask("-f")]);
	return { says: { mapping, filtering }, took: performance.now() - started };
}

async function classic(lab: Lab): Promise<Said<number>> {
	const started = performance.now();
	const { stdout } = await lab.exec("client", "stun", [lab.service("classic-stun").ip]);
	const primary = /^Primary: (.*?)\s*$/m.exec(stdout)?.[1] ?? "";
	const type = CLASSIC.find(([pattern]) => pattern.test(primary))?.[1];
	if (type === undefined) throw new Error(`the classic client says: ${stdout}`);
	return { says: type, took: performance.now() - started };
}
