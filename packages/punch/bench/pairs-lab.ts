/**
 * The laboratory's table of the README: `npm run pairs:lab -- [--node PATH]... [--only NAME]... [--write]`.
 *
 * Every pair of the kernel presets in network namespaces, over UDP and TCP, each peer in a process of its own. Run it
 * as root and as an ordinary user.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import {
	addressRestrictedRouter,
	buildLab,
	doubleNat,
	firewalledHost,
	fullConeRouter,
	homeRouter,
	ipv6Block,
	ipv6Firewall,
	type LabTopology,
	labAvailability,
	oneToOneCloud,
	openInternet,
	peersLab,
	prefixTranslation,
	symmetricRouter,
	udpBlocked,
	unfilteredRouter,
} from "@p2pd/testnet/lab";
import { kindName, natKind, type PunchNat, planPunch } from "../src/index.js";
import { LabPeer, punchPair } from "../test/lab/peers.js";
import { table, writeBetween } from "./statistics.js";

const { values } = parseArgs({
	options: {
		node: { type: "string", multiple: true, default: [process.execPath] },
		only: { type: "string", multiple: true },
		write: { type: "boolean", default: false },
	},
});

const PRESETS: Readonly<Record<4 | 6, Readonly<Record<string, () => LabTopology>>>> = {
	4: {
		openInternet,
		firewalledHost,
		oneToOneCloud,
		fullConeRouter,
		addressRestrictedRouter,
		homeRouter,
		doubleNat,
		unfilteredRouter,
		symmetricRouter,
		udpBlocked,
	},
	6: { openInternet, ipv6Block, prefixTranslation, ipv6Firewall },
};

interface Line {
	readonly af: 4 | 6;
	readonly pair: string;
	readonly transport: "udp" | "tcp";
	readonly rule: string;
	readonly outcome: string;
	readonly ok: boolean;
}

async function runFamily(af: 4 | 6, node: string): Promise<Line[]> {
	const names = Object.keys(PRESETS[af]).filter(
		(name) => values.only === undefined || values.only.includes(name),
	);
	const presets: Record<string, LabTopology> = {};
	for (const name of names) {
		const make = PRESETS[af][name];
		if (make !== undefined) for (const side of ["a", "b"]) presets[`${name}-${side}`] = make();
	}
	const lab = await buildLab(peersLab(presets));
	const peers = new Map<string, LabPeer>();
	const nats = new Map<string, PunchNat>();
	const lines: Line[] = [];
	try {
		for (const name of Object.keys(presets)) {
			const peer = await LabPeer.start(lab, name, node);
			peers.set(name, peer);
			nats.set(name, await peer.discover(af));
		}
		for (const [i, first] of names.entries()) {
			for (const second of names.slice(i)) {
				for (const transport of ["udp", "tcp"] as const) {
					const [a, b] = [`${first}-a`, `${second}-b`];
					const [one, two, natA, natB] = [peers.get(a), peers.get(b), nats.get(a), nats.get(b)];
					if (one === undefined || two === undefined || natA === undefined || natB === undefined) continue;
					const plan = planPunch(natKind(natA, transport), natKind(natB, transport), { transport });
					const [x, y] = await punchPair(one, two, [natA, natB], { af, transport });
					const good = x.ok && y.ok && x.heard === `I am ${b}` && y.heard === `I am ${a}`;
					const ms = Math.round(Math.max(x.report.elapsed, y.report.elapsed));
					const sent = x.report.sent + y.report.sent;
					const outcome = good
						? `${ms} ms, ${sent} sent`
						: plan.action === "relay"
							? "relay"
							: [x, y].map((each) => (each.ok ? "ok" : each.reason)).join("/");
					const line = { af, pair: `${first}, ${second}`, transport, rule: plan.rule, outcome, ok: good };
					lines.push(line);
					console.log(`IPv${af} ${transport} ${line.pair}: ${plan.rule}, ${outcome}`);
				}
			}
		}
		for (const [name, nat] of nats)
			console.log(`  ${name}: ${kindName(natKind(nat, "udp"))}, TCP ${kindName(natKind(nat, "tcp"))}`);
		return lines;
	} finally {
		await Promise.all([...peers.values()].map((peer) => peer.stop()));
		await lab.close();
	}
}

const availability = labAvailability();
if (!availability.ok) throw new Error(availability.reason);
const who = availability.privileges === "root" ? "root" : "an ordinary user";
const started = performance.now();
const summary: string[][] = [];
let details: Line[] = [];
for (const node of values.node) {
	const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
	const lines = [...(await runFamily(4, node)), ...(await runFamily(6, node))];
	details = lines;
	for (const transport of ["udp", "tcp"] as const) {
		const own = lines.filter((line) => line.transport === transport);
		const planned = own.filter((line) => line.outcome !== "relay");
		const good = planned.filter(({ ok }) => ok).length;
		const missed = planned.filter(({ ok }) => !ok).map(({ pair }) => pair);
		summary.push([
			version,
			who,
			transport,
			`${own.length}`,
			`${own.length - planned.length}`,
			`${good} of ${planned.length}`,
			missed.join("; "),
		]);
	}
}
const text = [
	table(["Node", "as", "transport", "pairs", "relay by plan", "punched", "not punched"], summary),
	"",
	`${Math.round((performance.now() - started) / 1000)} s.`,
].join("\n");
console.log(text);
if (values.write) {
	const rows = details
		.filter(({ transport }) => transport === "udp")
		.map((udp) => {
			const tcp = details.find(
				(line) => line.transport === "tcp" && line.pair === udp.pair && line.af === udp.af,
			);
			return [`IPv${udp.af}`, udp.pair, `${udp.rule}: ${udp.outcome}`, `${tcp?.rule}: ${tcp?.outcome}`];
		});
	writeBetween("lab", table(["family", "presets", "UDP", "TCP"], rows));
}
