import type { Interface, NatReport } from "@p2pd/core";
import type { Context, Run } from "../context.js";
import { EXIT } from "../errors.js";
import { type Fact, factLines, natText } from "../output/interface-text.js";
import { startedInterface, whenNetworkChanges } from "./common.js";

/** `p2pd nat [nic]`: what kind of NAT there is, in P2PD's numbers and RFC 4787's terms, and why. */
export const run: Run = async (context, [name], own) => {
	const nic = await startedInterface(context, { name, nat: true });
	try {
		show(context, nic);
		if (own["watch"] === true) {
			return await whenNetworkChanges(context, nic, { nat: true }, async () => show(context, nic));
		}
		return reportsOf(nic).some(({ type }) => type !== "unknown") ? EXIT.ok : EXIT.failed;
	} finally {
		nic.close();
	}
};

const reportsOf = (nic: Interface): NatReport[] =>
	([4, 6] as const).flatMap((af) => nic.natReports[af] ?? []);

function show({ out, options }: Context, nic: Interface): void {
	const reports = reportsOf(nic);
	if (options.json) {
		out.json({ schema: "p2pd-nat", version: 1, nic: nic.name, reports });
	} else {
		for (const report of reports) {
			out.result(
				`${out.colours.bold(`IPv${report.af}`)}\n${factLines(facts(nic, report), out.colours, out.columns)}`,
			);
		}
		for (const af of [4, 6] as const) {
			if (nic.natReports[af] === null) out.message(`IPv${af}: ${nic.reasons[af] ?? "not tested"}`);
		}
	}
}

function facts(nic: Interface, report: NatReport): Fact[] {
	const nat = nic.toJSON().nat_by_af[report.af];
	const { mapping, filtering, delta, agreement, evidence } = report;
	return [
		["type", nat === null ? "unknown" : natText(nat, report)],
		["mapping", mapping],
		["filtering", filtering],
		["ports", `delta ${delta.type}; preserved: ${report.portPreservation}; seen: ${portsText(report)}`],
		[
			"external",
			report.external === null ? "varies or not known" : `${report.external.ip} port ${report.external.port}`,
		],
		["hairpinning", report.hairpinning],
		["TCP mapping", `${report.tcp.mapping}: ${report.tcp.reason}`],
		["lifetime", `${report.lifetime.status}: ${report.lifetime.reason}`],
		["double NAT", [report.doubleNat.verdict, ...report.doubleNat.reasons].join("; ")],
		["why", report.reason],
		[
			"evidence",
			`${evidence.servers.length} ${evidence.servers.length === 1 ? "server" : "servers"}, ${agreement.agreed} of ${agreement.asked} agreed (${agreement.needed} needed)`,
			`${report.datagrams} datagrams in ${Math.round(report.elapsed)} ms; all of it: p2pd nat --json`,
		],
	];
}

const portsText = ({ observedPorts }: NatReport): string =>
	observedPorts === null ? "none" : `${observedPorts.start} to ${observedPorts.end}`;
