import { afterAll, beforeAll, expect, it } from "vitest";
import { buildLab, describeLab, LAB_PRESETS, type Lab } from "../../src/lab/index.js";

/*
 * Two programs that know nothing of this project, coturn's `turnutils_natdiscovery` (RFC 5780) and the classic
 * `stun` client (RFC 3489), say what they see from inside of a preset. The README has the table of what each
 * can express.
 */

type Preset = keyof typeof LAB_PRESETS;

interface Verdicts {
	/** What natdiscovery says of mapping and of filtering; null: it gets no answer. */
	readonly mapping: string | null;
	readonly filtering: string | null;
	/** What the classic client says, if it can say anything: it knows no IPv6. */
	readonly classic?: string;
	readonly af?: 6;
}

const INDEPENDENT = "Endpoint Independent";
const ADDRESS = "Address Dependent";
const PORT = "Address and Port Dependent";
const PORT_RESTRICTED: Verdicts = {
	mapping: INDEPENDENT,
	filtering: PORT,
	classic: "Independent Mapping, Port Dependent Filter, preserves ports, no hairpin",
};

const EXPECTED: Readonly<Partial<Record<Preset, Verdicts>>> = {
	homeRouter: PORT_RESTRICTED,
	unfilteredRouter: PORT_RESTRICTED,
	oneToOneCloud: PORT_RESTRICTED,
	doubleNat: PORT_RESTRICTED,
	publicBlock: PORT_RESTRICTED,
	multiHomed: PORT_RESTRICTED,
	symmetricRouter: { mapping: PORT, filtering: PORT, classic: "Dependent Mapping, random port, no hairpin" },
	fullConeRouter: {
		mapping: INDEPENDENT,
		filtering: INDEPENDENT,
		classic: "Independent Mapping, Independent Filter, preserves ports, no hairpin",
	},
	addressRestrictedRouter: {
		mapping: INDEPENDENT,
		filtering: ADDRESS,
		classic: "Independent Mapping, Address Dependent Filter, preserves ports, no hairpin",
	},
	openInternet: { mapping: INDEPENDENT, filtering: INDEPENDENT, classic: "Open" },
	firewalledHost: { mapping: INDEPENDENT, filtering: PORT, classic: "Firewall" },
	udpBlocked: { mapping: null, filtering: null, classic: "Blocked or could not reach STUN server" },
	ipv6Firewall: { mapping: INDEPENDENT, filtering: PORT, af: 6 },
	ipv6Only: { mapping: INDEPENDENT, filtering: PORT, af: 6 },
	prefixTranslation: { mapping: INDEPENDENT, filtering: INDEPENDENT, af: 6 },
	ipv6Block: { mapping: INDEPENDENT, filtering: INDEPENDENT, af: 6 },
};

async function natdiscovery(lab: Lab, flag: "-m" | "-f", af: 4 | 6): Promise<string | null> {
	const { stdout } = await lab.exec("client", "turnutils_natdiscovery", [flag, lab.service("stun", af).ip]);
	return /NAT with (.*) (?:Mapping|Filtering)!/.exec(stdout)?.[1] ?? null;
}

async function classic(lab: Lab): Promise<string> {
	const { stdout } = await lab.exec("client", "stun", [lab.service("classic-stun").ip]);
	return /^Primary: (.*?)\s*$/m.exec(stdout)?.[1] ?? stdout;
}

describeLab("independent judges", () => {
	it.concurrent.each(Object.entries(EXPECTED))("agree with %s", async (name, expected) => {
		const lab = await buildLab(LAB_PRESETS[name as Preset]());
		try {
			const { af = 4 } = expected;
			const [mapping, filtering, said] = await Promise.all([
				natdiscovery(lab, "-m", af),
				natdiscovery(lab, "-f", af),
				...(expected.classic === undefined ? [] : [classic(lab)]),
			]);
			expect({
				mapping,
				filtering,
				...(said === undefined ? {} : { classic: said }),
				...(af === 6 ? { af } : {}),
			}).toEqual(expected);
		} finally {
			await lab.close();
		}
	});
});

/** natdiscovery has no verdict on hairpinning: it says that its own request came back, or nothing. */
async function cameBack(lab: Lab): Promise<boolean> {
	const { stdout } = await lab.exec("client", "turnutils_natdiscovery", ["-H", lab.service("stun").ip]);
	return stdout.includes("Received a request (maybe a successful hairpinning)");
}

describeLab("independent judges of hairpinning", () => {
	const labs: Lab[] = [];
	beforeAll(async () => {
		const home = LAB_PRESETS.fullConeRouter();
		const [router] = home.gateways;
		if (router?.ipv4?.kind !== "nat") throw new TypeError("the preset has a NAT");
		const hairpin = { ...home, gateways: [{ ...router, ipv4: { ...router.ipv4, hairpinning: true } }] };
		labs.push(await buildLab(hairpin), await buildLab(home));
	}, 60_000);
	afterAll(async () => {
		await Promise.all(labs.map((lab) => lab.close()));
	});

	it("see it where it is, and only there", async () => {
		const seen = await Promise.all(labs.map((lab) => classic(lab)));
		expect(seen).toEqual([
			"Independent Mapping, Independent Filter, preserves ports, will hairpin",
			"Independent Mapping, Independent Filter, preserves ports, no hairpin",
		]);
		expect(await Promise.all(labs.map((lab) => cameBack(lab)))).toEqual([true, false]);
	});
});
