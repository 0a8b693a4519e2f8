import { isIp } from "@p2pd/core";
import type { Run } from "../context.js";
import { diagnose, resultOf } from "../doctor/diagnose.js";
import { gather } from "../doctor/gather.js";
import { briefFindings, reportText, summaryText } from "../doctor/report-text.js";
import type { DoctorOptions } from "../doctor/types.js";
import { EXIT, UsageError } from "../errors.js";

/** `p2pd doctor`: what works, what does not, why, and what to do. */
export const run: Run = async (context, _args, own) => {
	const { out } = context;
	const options = own as DoctorOptions;
	for (const ip of [
		...(options.dns ?? []),
		...(options.routerWan === undefined ? [] : [options.routerWan]),
	]) {
		if (!isIp(ip)) throw new UsageError(`"${ip}" is not an IP address`);
	}
	const facts = await gather(context, options);
	const findings = diagnose(facts);
	const result = resultOf(findings);
	if (context.options.json) {
		const { nic, servers, resolvers } = facts;
		out.json({
			schema: "p2pd-doctor",
			version: 1,
			result,
			nic: nic?.name ?? null,
			stunServers: servers,
			dnsServers: resolvers,
			findings,
		});
	} else {
		const shown = own["verbose"] === true ? findings : briefFindings(findings);
		out.result(reportText(shown, out.colours, out.columns));
		out.result(`\n${summaryText(findings)}`);
		if (own["verbose"] !== true) out.message("--verbose shows what each finding rests on.");
	}
	return result === "fault" ? EXIT.failed : EXIT.ok;
};
