import { describeLab } from "@p2pd/testnet/lab";
import { expect, it } from "vitest";
import { judgeLab, LAB_CASES } from "../scenes/lab-judges.js";

describeLab("kernel NATs, against coturn and stund", () => {
	it.concurrent.each(LAB_CASES.map((each) => [each.preset, each] as const))(
		"%s: every set of servers gives the truth, and independent judges agree",
		async (_name, truth) => {
			const { ours, natdiscovery, classic } = await judgeLab(truth);
			for (const { servers, report } of ours) {
				// The silence of a single server is no proof that UDP is blocked.
				const isProved = truth.type !== 7 || report.agreement.asked > 1;
				expect({ servers, type: report.type, mapping: report.mapping, reason: report.reason }).toMatchObject({
					type: isProved ? truth.type : "unknown",
					mapping: truth.mapping,
				});
				expect([servers, report.delta.type]).toEqual([servers, truth.delta]);
				const proved = [truth.filtering ?? "unknown", "unknown"];
				if (truth.filtering === null)
					expect([...proved, "address-and-port-dependent"]).toContain(report.filtering);
				else expect([servers, report.filtering]).toEqual([servers, truth.filtering]);
				expect(report.elapsed).toBeLessThanOrEqual(5000);
				expect(report.datagrams).toBeLessThanOrEqual(120);
			}
			// coturn serves TCP too, stund does not.
			const tcp = ours.find(({ servers }) => servers === "coturn")?.report.tcp.mapping;
			if (truth.type >= 3 && truth.type <= 6)
				expect(tcp).toBe(truth.type === 6 ? "varies" : "endpoint-independent");
			const { mapping, filtering } = natdiscovery.says;
			if (truth.type === 7) expect([mapping, filtering]).toEqual([null, null]);
			else {
				// It has no word for "no NAT", and calls silence a filter without a control.
				expect(mapping).toBe(truth.mapping === "none" ? "endpoint-independent" : truth.mapping);
				expect(filtering).toBe(truth.filtering ?? "address-and-port-dependent");
			}
			if (classic !== null) expect(classic.says).toBe(truth.type);
		},
		120_000,
	);
});
